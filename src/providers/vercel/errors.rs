//! Maps Vercel's errors, which have the form `{ error: { code, message } }` (docs/providers/vercel.md).

use serde_json::Value;

use crate::error::{Error, ErrorCode, Message, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

/// Maps Vercel's responses to errors.
pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Vercel",
    request_id: Some("x-vercel-id"),
    parse,
};

/// Codes whose meaning differs from that of their status.
const CODES: [(&str, ErrorCode, Outcome); 5] = [
    // The session is changing its state. Afterwards it takes commands again, or has ended.
    ("sandbox_stopping", ErrorCode::Unavailable, Outcome::NoEffect),
    ("sandbox_snapshotting", ErrorCode::Unavailable, Outcome::NoEffect),
    ("sandbox_pending", ErrorCode::Unavailable, Outcome::NoEffect),
    // The registry has not prepared a pushed image yet. The HTTP status is not known (docs/providers/vercel.md).
    ("image_not_ready", ErrorCode::Unavailable, Outcome::NoEffect),
    ("executable_not_found", ErrorCode::ProvisionFailed, Outcome::NoEffect),
];

/// Reads an error from its status and its body.
fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let error = body.and_then(|body| body.get("error"));
    let text = |name: &str| error?.get(name)?.as_str().map(str::to_owned);
    let (message, code) = (text("message"), text("code"));
    let known_code = CODES.iter().find(|(known, ..)| code.as_deref() == Some(*known));
    let meaning = match (status, known_code) {
        (_, Some((_, code, outcome))) => Some((*code, *outcome)),
        // A taken name gives 400. What 409 means for a create is not documented (docs/providers/vercel.md).
        (400 | 409, _) if is_name_taken(message.as_deref()) => Some((ErrorCode::AlreadyExists, Outcome::NoEffect)),
        (402, _) if is_used_up(message.as_deref()) => Some((ErrorCode::QuotaExceeded, Outcome::NoEffect)),
        (403, _) if is_invalid_token(error) => Some((ErrorCode::Unauthenticated, Outcome::NoEffect)),
        (409, _) => Some((ErrorCode::Unavailable, Outcome::Unknown)),
        // The session has ended, a snapshot has expired, or a stream was closed. A sandbox that does not exist gives 404
        // (docs/providers/vercel.md).
        (410, _) if error.is_some_and(Value::is_object) => Some((ErrorCode::Unavailable, Outcome::NoEffect)),
        // Vercel always sends an error object, so something else sent a 404 or 410 without one.
        (404 | 410, _) if error.is_none_or(|error| !error.is_object()) => {
            Some((ErrorCode::Protocol, Outcome::NoEffect))
        }
        _ => None,
    };
    let message = message.map(Message::from).or_else(|| {
        let is_wrong_address = meaning == Some((ErrorCode::Protocol, Outcome::NoEffect));
        is_wrong_address.then(|| Message::ours(format!("HTTP {status}: no Vercel API at this address; check baseUrl.")))
    });
    ApiError {
        message,
        code,
        request_id: None,
        meaning,
    }
}

/// Returns whether the message says that the name is taken. The words cannot come from a name, which has no spaces.
fn is_name_taken(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains(" already exists"))
}

/// Returns whether the message of a 402 says that the plan's usage is used up. Otherwise a payment is missing.
fn is_used_up(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.to_lowercase().contains("usage limit exceeded"))
}

/// Returns whether an error says that a sandbox's snapshot does not exist any more. The sandbox itself may.
pub(super) fn is_snapshot_gone(error: &Error) -> bool {
    let details = error.details();
    details.http_status == Some(410) && details.provider_code.as_deref() == Some("snapshot_not_found")
}

/// Returns whether the token is invalid. Vercel sends 403 for a missing permission too, but without this field
/// (docs/providers/vercel.md).
fn is_invalid_token(error: Option<&Value>) -> bool {
    error
        .and_then(|error| error.get("invalidToken"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests;
