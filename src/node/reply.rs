//! Replies as `bridge.js` takes them: a kind and a value. The worker thread writes JSON and V8 parses it. That is faster than
//! building objects property by property through Node-API, the more so the longer a list is. `bridge.js` makes the objects of
//! a list from its rows.

use std::io;

use serde::Serialize;

use super::constants::ReplyKind;
use crate::error::{Error, ErrorContext, Operation, Result};
use crate::model::instance::Provisioned;
use crate::model::instance_rows::{RESULT_LIMIT, too_long, unwritable};
use crate::operations::CallOutput;

/// The approximate length of an instance's text.
const INSTANCE_LENGTH: usize = 512;

/// A reply that is ready to cross.
pub(super) struct Reply {
    pub(super) kind: ReplyKind,
    /// JSON.
    pub(super) value: String,
}

impl Reply {
    /// Makes the reply of a call, on a worker thread.
    pub(super) fn new(result: Result<CallOutput>, context: &ErrorContext) -> Self {
        result.and_then(Self::success).unwrap_or_else(|error| Self {
            kind: ReplyKind::Failure,
            value: error_to_json(error, context),
        })
    }

    /// Makes a reply that is a text, which holds nothing that JSON would escape.
    #[cfg(feature = "test-hooks")]
    pub(super) fn with_text(text: &str, context: &ErrorContext) -> Self {
        let write = |json: &mut Bounded| {
            [r#"""#, text, r#"""#]
                .iter()
                .try_for_each(|piece| io::Write::write_all(json, piece.as_bytes()))
                .map_err(serde_json::Error::io)
        };
        match write_bounded(text.len() + 2, write) {
            Ok(value) => Self {
                kind: ReplyKind::Value,
                value,
            },
            Err(error) => Self {
                kind: ReplyKind::Failure,
                value: error_to_json(error, context),
            },
        }
    }

    fn success(output: CallOutput) -> Result<Self> {
        let (kind, value) = match output {
            CallOutput::Instance(instance) | CallOutput::Found(Some(instance)) => {
                let value = write_json(&Provisioned::from(&instance), INSTANCE_LENGTH)?;
                (ReplyKind::Value, value)
            }
            CallOutput::Instances(rows) => (ReplyKind::Instances, rows.into_json()),
            CallOutput::Found(None) => (ReplyKind::Value, "null".to_owned()),
            CallOutput::Nothing => (ReplyKind::Nothing, "0".to_owned()),
        };
        Ok(Self { kind, value })
    }
}

fn write_json(value: &impl Serialize, capacity: usize) -> Result<String> {
    write_bounded(capacity, |text| serde_json::to_writer(text, value))
}

fn write_bounded(capacity: usize, write: impl FnOnce(&mut Bounded) -> serde_json::Result<()>) -> Result<String> {
    let mut text = Bounded {
        bytes: Vec::with_capacity(capacity.min(RESULT_LIMIT)),
        limit: RESULT_LIMIT,
    };
    match write(&mut text) {
        Err(error) if error.is_io() => Err(too_long()),
        Err(_) => Err(unwritable()),
        Ok(()) => String::from_utf8(text.bytes).map_err(|_| unwritable()),
    }
}

/// A text that refuses to grow longer than its limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.write_all(piece).map(|()| piece.len())
    }

    fn write_all(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.bytes.len() + piece.len() > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The properties of an error, in the order in which JavaScript sees them. Unknown ones are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorProperties<'a> {
    message: &'a str,
    code: &'static str,
    provider: Option<&'static str>,
    operation: Option<&'static str>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
}

/// Writes an error as JSON. Every error that reaches a caller passes here, and gets its context here.
pub(super) fn error_to_json(error: Error, context: &ErrorContext) -> String {
    let error = error.in_context(context);
    let details = error.details();
    let properties = ErrorProperties {
        message: &error.to_string(),
        code: details.code.as_str(),
        provider: details.provider,
        operation: details.operation.map(Operation::as_str),
        retryable: error.is_retryable(),
        http_status: details.http_status,
        provider_code: details.provider_code.as_deref(),
        request_id: details.request_id.as_deref(),
        // Rounded up: a caller that comes back a moment too early is refused again.
        retry_after_ms: details.retry_after.map(|delay| delay.as_nanos().div_ceil(1_000_000)),
        instance_id: details.instance_id.as_deref(),
        resource_name: details.resource_name.as_deref(),
    };
    serde_json::to_string(&properties)
        .unwrap_or_else(|_| r#"{"message":"An error could not be written.","code":"INTERNAL"}"#.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_its_limit() {
        let mut text = Bounded {
            bytes: Vec::new(),
            limit: 10,
        };
        serde_json::to_writer(&mut text, "12345678").unwrap();
        assert_eq!(text.bytes, b"\"12345678\"");
        let mut text = Bounded {
            bytes: Vec::new(),
            limit: 9,
        };
        assert!(serde_json::to_writer(&mut text, "12345678").unwrap_err().is_io());
    }
}
