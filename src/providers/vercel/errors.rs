//! How Vercel refuses: `{ error: { code, message } }` (`reference/vercel.md` §11).

use serde_json::Value;

use crate::error::{ErrorCode, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Vercel",
    request_id: Some("x-vercel-id"),
    parse,
};

/// Codes that say more than their status.
const CODES: [(&str, ErrorCode, Outcome); 5] = [
    // In transition: it takes commands again, or none, in a moment.
    ("sandbox_stopping", ErrorCode::Unavailable, Outcome::NoEffect),
    ("sandbox_snapshotting", ErrorCode::Unavailable, Outcome::NoEffect),
    ("sandbox_pending", ErrorCode::Unavailable, Outcome::NoEffect),
    // A pushed image that the registry has not prepared yet; its status is not on record (§8).
    ("image_not_ready", ErrorCode::Unavailable, Outcome::NoEffect),
    ("executable_not_found", ErrorCode::ProvisionFailed, Outcome::NoEffect),
];

fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let error = body.and_then(|body| body.get("error"));
    let text = |name: &str| error?.get(name)?.as_str().map(str::to_owned);
    let (message, code) = (text("message"), text("code"));
    let by_code = CODES.iter().find(|(known, ..)| code.as_deref() == Some(*known));
    let meaning = match (status, by_code) {
        (_, Some((_, code, outcome))) => Some((*code, *outcome)),
        // A taken name comes as 400; 409 is listed for creates without a word on when.
        (400 | 409, _) if says_taken(message.as_deref()) => Some((ErrorCode::AlreadyExists, Outcome::NoEffect)),
        (403, _) if is_invalid_token(error) => Some((ErrorCode::Unauthenticated, Outcome::NoEffect)),
        (409, _) => Some((ErrorCode::Unavailable, Outcome::Unknown)),
        // A session that is over, or a snapshot that has expired; never a record that is gone, which is 404 (§6).
        (410, _) if error.is_some_and(Value::is_object) => Some((ErrorCode::Unavailable, Outcome::NoEffect)),
        // The API always says what it refuses: a bare 404 or 410 is somebody else's.
        (404 | 410, _) if error.is_none_or(|error| !error.is_object()) => {
            Some((ErrorCode::Protocol, Outcome::NoEffect))
        }
        _ => None,
    };
    let message = message.or_else(|| {
        let somebody_else = meaning == Some((ErrorCode::Protocol, Outcome::NoEffect));
        somebody_else.then(|| format!("HTTP {status}: no Vercel API at this address; check baseUrl."))
    });
    ApiError {
        message,
        code,
        request_id: None,
        meaning,
    }
}

/// A name holds no spaces, so these words are the server's.
fn says_taken(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains(" already exists"))
}

/// 403 stands for a bad token as well as for a missing permission; an extra field tells them apart.
fn is_invalid_token(error: Option<&Value>) -> bool {
    error
        .and_then(|error| error.get("invalidToken"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests;
