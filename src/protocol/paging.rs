//! The cursors of a listing: a cursor that repeats, or pages without end, would be read for ever.

use std::collections::HashSet;

use crate::error::{Error, ErrorCode, Message, Result};

/// The most pages that are read. With 100 entries each, no account has as many.
const PAGES: usize = 10_000;

/// The cursors of one listing.
#[derive(Default)]
pub(crate) struct Cursors {
    current: Option<String>,
    followed: HashSet<String>,
}

impl Cursors {
    /// Returns where the next page to be read begins; `None` for the first.
    pub(crate) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Goes on to the page at `next`. Returns `false` if there is none.
    ///
    /// Errors: `PROTOCOL` for a cursor that came before, and for too many pages.
    pub(crate) fn follow(&mut self, next: Option<String>) -> Result<bool> {
        let Some(next) = next else {
            return Ok(false);
        };
        if !self.followed.insert(next.clone()) || self.followed.len() == PAGES {
            let text = "The provider sent the same page cursor twice, or pages without end.";
            return Err(Error::new(ErrorCode::Protocol, text));
        }
        self.current = Some(next);
        Ok(true)
    }
}

/// Returns the result of a lookup that has read all pages and found nothing. An entry that could not be read may be the one
/// that was looked for, so such a lookup proves no absence.
///
/// Errors: `PROTOCOL`, with an unknown outcome.
pub(crate) fn absent_if<T>(all_were_readable: bool, title: &str) -> Result<Option<T>> {
    if all_were_readable {
        return Ok(None);
    }
    let text = Message::ours(format!("{title} listed an entry that cannot be read."));
    Err(Error::ambiguous(ErrorCode::Protocol, text))
}

/// Returns what a lookup by a handle has found on all pages. An entry that could not be read matters only if none was found.
///
/// Errors: those of [`absent_if`].
pub(crate) fn found_or_absent<T>(found: Vec<T>, all_were_readable: bool, title: &str) -> Result<Vec<T>> {
    if found.is_empty() {
        absent_if::<T>(all_were_readable, title)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_followed_once() {
        let mut cursors = Cursors::default();
        assert_eq!(cursors.current(), None);
        assert!(cursors.follow(Some("a".to_owned())).unwrap());
        assert!(cursors.follow(Some("b".to_owned())).unwrap());
        assert_eq!(cursors.current(), Some("b"));
        let error = cursors.follow(Some("a".to_owned())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Protocol);
        assert!(!cursors.follow(None).unwrap());
    }

    #[test]
    fn pages_come_to_an_end() {
        let mut cursors = Cursors::default();
        let end = (0..2 * PAGES).find(|page| cursors.follow(Some(page.to_string())).is_err());
        assert_eq!(end, Some(PAGES - 1));
    }
}
