//! How Render refuses: a JSON object with a `message`, seldom a `code` (`reference/render.md` §3, §4.4).

use serde_json::Value;

use crate::error::{ErrorCode, Outcome};
use crate::rest::{Dialect, Said};

pub(super) const DIALECT: Dialect = Dialect {
    title: "Render",
    // On every recorded answer, whatever its status (§1).
    request_id: "render-request-id",
    said,
    judge,
};

fn said(body: &Value) -> Said {
    let text = |name: &str| body.get(name)?.as_str().map(str::to_owned);
    Said {
        message: text("message"),
        code: text("code"),
    }
}

/// What the last words of a message say where a name is taken. The status that comes with them is not on record: 400 and
/// 409 are both plausible (§4.4).
const TAKEN: [&str; 2] = ["already in use", "already exists"];

fn judge(status: u16, said: &Said) -> Option<(ErrorCode, Outcome)> {
    if said.code.as_deref() == Some("too_many_resources") {
        return Some((ErrorCode::QuotaExceeded, Outcome::NoEffect));
    }
    // The name itself stands in the message, so only its end counts.
    let message = said.message.as_deref().unwrap_or_default().to_lowercase();
    let message = message.trim_end_matches(['.', '!', ' ']);
    let taken = matches!(status, 400 | 409) && TAKEN.iter().any(|words| message.ends_with(words));
    taken.then_some((ErrorCode::AlreadyExists, Outcome::NoEffect))
}

#[cfg(test)]
mod tests;
