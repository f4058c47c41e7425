//! Reads Render's errors: JSON objects with a `message` or an `error`, and seldom a `code` (docs/providers/render.md).

use serde_json::Value;

use crate::error::{ErrorCode, Message, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

/// How Render reports errors.
pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Render",
    // Every recorded response has it, with any status (docs/providers/render.md).
    request_id: Some("render-request-id"),
    parse,
};

/// Reads an error by its status and body.
fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let text = |name: &str| body?.get(name)?.as_str().map(str::to_owned);
    // A 429 has its text in `error` (docs/providers/render.md).
    let is_in_error = status == 429 && body.is_some_and(|body| body.get("message").is_none());
    let (message, code) = (text(if is_in_error { "error" } else { "message" }), text("code"));
    let meaning = if matches!(status, 400 | 409) && reports_taken_name(message.as_deref().unwrap_or_default()) {
        Some((ErrorCode::AlreadyExists, Outcome::NoEffect))
    } else {
        None
    };
    ApiError {
        message: message.map(Message::from),
        code,
        request_id: None,
        meaning,
    }
}

/// The last words of a message about a taken name. Only the end counts, because the name precedes these words. The status is
/// not known, so 400 and 409 are both accepted (docs/providers/render.md).
const NAME_TAKEN: [&str; 2] = ["already in use", "already exists"];

/// Returns whether a message says that the name is taken.
fn reports_taken_name(message: &str) -> bool {
    let lowered = message.to_lowercase();
    let lowered = lowered.trim_end_matches(['.', '!', ' ']);
    NAME_TAKEN.iter().any(|words| lowered.ends_with(words))
}

#[cfg(test)]
mod tests;
