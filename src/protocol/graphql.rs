//! GraphQL over HTTP: documents and variables are sent, `data` or `errors[]` come back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json;
use crate::error::Result;

/// A document with one root field and one operation.
pub(crate) struct Document {
    /// The name of the operation, sent as `operationName`.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

impl Document {
    /// Returns the body of a request.
    pub(crate) fn body(&self, variables: impl Serialize) -> Result<Vec<u8>> {
        // JSON would escape nothing in a document, which is most of a body: a test of each provider's sees to it.
        let mut body = json::room();
        for piece in [
            r#"{"query":""#,
            self.text,
            r#"","operationName":""#,
            self.name,
            r#"","variables":"#,
        ] {
            body.extend_from_slice(piece.as_bytes());
        }
        json::append(&mut body, &variables)?;
        body.push(b'}');
        Ok(body)
    }

    /// Returns whether JSON would escape nothing in the document.
    #[cfg(test)]
    pub(crate) fn is_plain(&self) -> bool {
        [self.name, self.text].iter().all(|text| {
            let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            text.bytes().all(is_plain)
        })
    }
}

/// One entry of `errors[]`. In practice every field is optional and may have any type.
#[derive(Clone, Debug, Default)]
pub(crate) struct GraphqlError {
    pub(crate) message: String,
    /// `extensions.code`, or `errorCode` if that is missing.
    pub(crate) code: Option<String>,
    /// The server's name for the request, beside `message`: a string, sometimes a number.
    pub(crate) trace_id: Option<String>,
}

impl From<Value> for GraphqlError {
    fn from(entry: Value) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Self {
            message: entry.get("message").and_then(text).unwrap_or_default(),
            code: entry
                .pointer("/extensions/code")
                .or_else(|| entry.get("errorCode"))
                .and_then(text),
            trace_id: entry.get("traceId").and_then(text),
        }
    }
}

/// The response to a document, before the provider maps it.
pub(crate) enum Answer<T> {
    Data(T),
    /// At least one error, and readable data beside it.
    DataWithErrors(T, Vec<GraphqlError>),
    /// At least one error, without readable data.
    Errors(Vec<GraphqlError>),
    /// Neither data nor errors.
    Nothing,
    /// No GraphQL response, or data of another shape. The text says where, and quotes nothing.
    Unreadable(String),
}

#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default = "none")]
    data: Option<T>,
    #[serde(default)]
    errors: Option<Vec<Value>>,
}

fn none<T>() -> Option<T> {
    None
}

/// Reads a body. An empty `errors` array counts as no error.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Answer<T> {
    let problem = match json::read::<Envelope<T>>(body) {
        Ok(Envelope {
            data,
            errors: Some(errors),
        }) if !errors.is_empty() => {
            let errors = to_errors(errors);
            return match data {
                Some(data) => Answer::DataWithErrors(data, errors),
                None => Answer::Errors(errors),
            };
        }
        Ok(Envelope { data: Some(data), .. }) => return Answer::Data(data),
        Ok(_) => return Answer::Nothing,
        Err(problem) => problem,
    };
    // A null where none is allowed makes typed data unreadable; the errors beside it still say why.
    match json::read::<Envelope<Value>>(body) {
        Ok(Envelope {
            errors: Some(errors), ..
        }) if !errors.is_empty() => Answer::Errors(to_errors(errors)),
        _ => Answer::Unreadable(json::describe_problem::<Envelope<T>>(body, &problem)),
    }
}

/// Reads the data of a body that holds no error; `None` for any other body, which [`read`] sorts.
pub(crate) fn read_data<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let Envelope { data, errors } = json::read::<Envelope<T>>(body).ok()?;
    data.filter(|_| errors.is_none_or(|errors| errors.is_empty()))
}

fn to_errors(errors: Vec<Value>) -> Vec<GraphqlError> {
    errors.into_iter().map(GraphqlError::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Data {
        id: String,
    }

    #[test]
    fn sorts_answers() {
        assert!(matches!(read::<Data>(br#"{"data":{"id":"x"}}"#), Answer::Data(data) if data.id == "x"));
        assert!(matches!(
            read::<Data>(br#"{"data":{"id":"x"},"errors":[]}"#),
            Answer::Data(_)
        ));
        assert!(matches!(read::<Data>(br#"{"data":null}"#), Answer::Nothing));
        assert!(matches!(read::<Data>(br"{}"), Answer::Nothing));
        for unreadable in ["", "{", "<html>", "null", r#"{"data":{"id":7}}"#, r#"{"data":"#] {
            assert!(
                matches!(read::<Data>(unreadable.as_bytes()), Answer::Unreadable(_)),
                "{unreadable}"
            );
        }
    }

    #[test]
    fn errors_win_over_data_and_over_its_shape() {
        for body in [
            r#"{"data":{"id":"x"},"errors":[{"message":"m"}]}"#,
            r#"{"data":{"id":null},"errors":[{"message":"m"}]}"#,
            r#"{"errors":[{"message":"m","traceId":5527782523421805956,"extensions":{"code":"C"}}]}"#,
            r#"{"errors":[{"message":"m","traceId":null,"extensions":null}]}"#,
        ] {
            let (Answer::Errors(errors) | Answer::DataWithErrors(_, errors)) = read::<Data>(body.as_bytes()) else {
                panic!("{body}");
            };
            assert_eq!(errors[0].message, "m");
        }
    }

    #[test]
    fn data_without_errors_can_be_read_at_once() {
        for (body, id) in [
            (r#"{"data":{"id":"x"}}"#, Some("x")),
            (r#"{"data":{"id":"x"},"errors":[]}"#, Some("x")),
            (r#"{"data":{"id":"x"},"errors":null}"#, Some("x")),
            (r#"{"data":{"id":"x"},"errors":[{"message":"m"}]}"#, None),
            (r#"{"data":null}"#, None),
            (r#"{"data":{"id":7}}"#, None),
            ("", None),
        ] {
            let data = read_data::<Data>(body.as_bytes());
            assert_eq!(data.map(|data| data.id).as_deref(), id, "{body}");
        }
    }

    #[test]
    fn a_shape_error_quotes_no_value() {
        let Answer::Unreadable(text) = read::<Data>(br#"{"data":{"id":{"secret":"hunter2"}}}"#) else {
            panic!("readable");
        };
        assert!(!text.contains("hunter2"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read::<Data>(&body);
        }
    }
}
