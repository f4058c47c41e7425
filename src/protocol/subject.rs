//! Whether an answer is about what the request was about. One that is not counts as unreadable: what it names is neither
//! handed out nor deleted.

use crate::error::{Error, ErrorCode, Message, Result};

/// Checks that a create was answered with the resource that it asked for: with its handle, in its place.
///
/// Errors: `PROTOCOL`, with an unknown outcome, so that the handle is looked up.
pub(crate) fn expect_own(is_own: bool, title: &str) -> Result<()> {
    if is_own || mutated!(BelievesAnyAnswer) {
        return Ok(());
    }
    let text = Message::ours(format!(
        "{title}'s answer to the create does not name the resource that was asked for."
    ));
    Err(Error::ambiguous(ErrorCode::Protocol, text))
}

/// Checks that the answer to a read tells of the instance with this id.
///
/// Errors: `PROTOCOL`, with an unknown outcome.
pub(crate) fn expect_id(asked: &str, answered: &str, title: &str) -> Result<()> {
    if asked == answered {
        return Ok(());
    }
    let text = Message::ours(format!(
        "{title} answered with another instance than the one that was asked for."
    ));
    Err(Error::ambiguous(ErrorCode::Protocol, text))
}
