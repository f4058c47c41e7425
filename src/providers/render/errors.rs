//! How Render refuses: a JSON object with a `message`, seldom a `code` (`reference/render.md` §3, §4.4).

use serde_json::Value;

use crate::error::{ErrorCode, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Render",
    // On every recorded answer, whatever its status (§1).
    request_id: Some("render-request-id"),
    parse,
};

fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let text = |name: &str| body?.get(name)?.as_str().map(str::to_owned);
    let (message, code) = (text("message"), text("code"));
    let meaning = if code.as_deref() == Some("too_many_resources") {
        Some((ErrorCode::QuotaExceeded, Outcome::NoEffect))
    } else if matches!(status, 400 | 409) && says_taken(message.as_deref().unwrap_or_default()) {
        Some((ErrorCode::AlreadyExists, Outcome::NoEffect))
    } else {
        None
    };
    ApiError {
        message,
        code,
        request_id: None,
        meaning,
    }
}

/// How a message ends where a name is taken. The status that comes with it is not on record: 400 and 409 are both
/// plausible (§4.4). The name itself stands before these words, so only the end counts.
const TAKEN: [&str; 2] = ["already in use", "already exists"];

fn says_taken(message: &str) -> bool {
    let lowered = message.to_lowercase();
    let lowered = lowered.trim_end_matches(['.', '!', ' ']);
    TAKEN.iter().any(|words| lowered.ends_with(words))
}

#[cfg(test)]
mod tests;
