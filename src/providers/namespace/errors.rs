//! Maps Namespace's errors, which have Connect's form `{ code, message, details }` (docs/providers/namespace.md).

mod details;

use serde_json::Value;

use self::details::{Detail, Details};
use crate::error::{ErrorCode, Message, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

/// Maps Namespace's responses to errors.
pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Namespace",
    // No source names a header with a request id. A detail may hold one.
    request_id: None,
    parse,
};

/// Connect's codes, in the order of their gRPC numbers, and what each means to a caller. Details can change the meaning of
/// `failed_precondition` and `resource_exhausted`.
const CODES: [(&str, ErrorCode, Outcome); 17] = [
    // 0 is not the number of an error, so a response that has it cannot be interpreted.
    ("ok", ErrorCode::Protocol, Outcome::Unknown),
    ("canceled", ErrorCode::Unavailable, Outcome::Unknown),
    ("unknown", ErrorCode::Unavailable, Outcome::Unknown),
    ("invalid_argument", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("deadline_exceeded", ErrorCode::Timeout, Outcome::Unknown),
    ("not_found", ErrorCode::NotFound, Outcome::NoEffect),
    ("already_exists", ErrorCode::AlreadyExists, Outcome::NoEffect),
    ("permission_denied", ErrorCode::PermissionDenied, Outcome::NoEffect),
    ("resource_exhausted", ErrorCode::RateLimited, Outcome::NoEffect),
    ("failed_precondition", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("aborted", ErrorCode::Unavailable, Outcome::Unknown),
    ("out_of_range", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("unimplemented", ErrorCode::Protocol, Outcome::NoEffect),
    ("internal", ErrorCode::Unavailable, Outcome::Unknown),
    ("unavailable", ErrorCode::Unavailable, Outcome::Unknown),
    ("data_loss", ErrorCode::Unavailable, Outcome::Unknown),
    ("unauthenticated", ErrorCode::Unauthenticated, Outcome::NoEffect),
];

/// The message of a 404 without a code: the Compute API did not send it.
const WRONG_ADDRESS: &str =
    "HTTP 404: no Compute API of Namespace at this address; check baseUrl, region and NSC_ENDPOINT.";

/// Reads an error. The code decides, not the status: Connect sends one status for several codes.
fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let code = body.and_then(|body| read_code(body.get("code")?));
    let details = Details::read(body.and_then(|body| body.get("details")));
    let api_message = body.and_then(|body| body.get("message")?.as_str());
    let meaning = match (code, &details.decisive) {
        (Some(("not_found" | "failed_precondition", ..)), Some(Detail::InstanceGone)) => {
            Some((ErrorCode::NotFound, Outcome::NoEffect))
        }
        (Some(("resource_exhausted", ..)), Some(Detail::Limit)) => Some((ErrorCode::QuotaExceeded, Outcome::NoEffect)),
        // A shortage of machines, not of requests. Its code is not recorded (docs/providers/namespace.md).
        (Some(("resource_exhausted", ..)), _) if api_message.is_some_and(is_about_regions) => {
            Some((ErrorCode::Unavailable, Outcome::NoEffect))
        }
        (Some((_, code, outcome)), _) => Some((code, outcome)),
        // Namespace always sends a code, so something else responded. A 404 then means a wrong address.
        (None, _) => match status {
            404 => Some((ErrorCode::Protocol, Outcome::NoEffect)),
            400 | 409 => Some((ErrorCode::Protocol, Outcome::Unknown)),
            _ => None,
        },
    };
    let mut message = match (code, status) {
        (None, 404) => Message::from(WRONG_ADDRESS),
        _ => Message::foreign(api_message.unwrap_or_default()),
    };
    for text in details.texts {
        if !message.is_blank() {
            message = message.then("; ");
        }
        message = message.then(text);
    }
    if let (true, Some((code, ..))) = (message.is_blank(), code) {
        message = Message::ours(format!("Namespace answered {code}, without a message."));
    }
    ApiError {
        message: Some(message),
        code: code.map(|(name, ..)| name.to_owned()),
        request_id: details.request_id,
        meaning,
    }
}

/// Returns whether a message says that no region can start the instance.
fn is_about_regions(message: &str) -> bool {
    message.to_lowercase().contains("no available region")
}

/// Reads a code: a name in any case, or a gRPC number. Namespace's own command line accepts both
/// (docs/providers/namespace.md).
fn read_code(code: &Value) -> Option<(&'static str, ErrorCode, Outcome)> {
    let index = match code {
        Value::Number(number) => usize::try_from(number.as_u64()?).ok()?,
        Value::String(name) => {
            let name = name.to_lowercase();
            // gRPC spells it with a double l.
            let name = if name == "cancelled" { "canceled" } else { &name };
            CODES.iter().position(|(known, ..)| *known == name)?
        }
        _ => return None,
    };
    CODES.get(index).copied()
}

#[cfg(test)]
mod tests;
