//! The cursors of a listing: a cursor that repeats, or pages without end, would be read for ever.

use std::collections::HashSet;

use crate::error::{Error, ErrorCode, Message, Result};

/// The most pages that are read. With 100 entries each, no account has as many.
const PAGES: usize = 10_000;

/// The most that the pages of a listing may have in all, in bytes. A result has to fit into one text of JavaScript.
const BYTES: u64 = 256 * 1024 * 1024;

/// The longest cursor, in bytes: it may become part of a URL.
const CURSOR: usize = 8 * 1024;

/// The cursors of one listing.
pub(crate) struct Cursors {
    current: Option<String>,
    followed: HashSet<String>,
    received_before: u64,
}

impl Cursors {
    /// Begins a listing. `received`: the bytes that its call has received until now.
    pub(crate) fn new(received: u64) -> Self {
        Self {
            current: None,
            followed: HashSet::new(),
            received_before: received,
        }
    }

    /// Returns where the next page to be read begins; `None` for the first.
    pub(crate) fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Goes on to the page at `next`. Returns `false` if there is none. `received`: as for [`Cursors::new`].
    ///
    /// Errors: `PROTOCOL` for a cursor that came before or is too long, and for too many pages or bytes.
    pub(crate) fn follow(&mut self, next: Option<String>, received: u64) -> Result<bool> {
        if received.saturating_sub(self.received_before) > BYTES {
            let text = "The provider sent more than 256 MiB in one listing.";
            return Err(Error::new(ErrorCode::Protocol, text));
        }
        let Some(next) = next else {
            return Ok(false);
        };
        if next.len() > CURSOR {
            let text = "The provider sent a page cursor of more than 8 KiB.";
            return Err(Error::new(ErrorCode::Protocol, text));
        }
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
        let mut cursors = Cursors::new(0);
        assert_eq!(cursors.current(), None);
        assert!(cursors.follow(Some("a".to_owned()), 1).unwrap());
        assert!(cursors.follow(Some("b".to_owned()), 2).unwrap());
        assert_eq!(cursors.current(), Some("b"));
        let error = cursors.follow(Some("a".to_owned()), 3).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Protocol);
        assert!(!cursors.follow(None, 4).unwrap());
    }

    #[test]
    fn pages_come_to_an_end() {
        let mut cursors = Cursors::new(0);
        let end = (0..2 * PAGES).find(|page| cursors.follow(Some(page.to_string()), 0).is_err());
        assert_eq!(end, Some(PAGES - 1));
    }

    #[test]
    fn so_do_bytes_whichever_page_is_the_last() {
        let before = 1_000 * BYTES;
        let mut cursors = Cursors::new(before);
        assert!(cursors.follow(Some("a".to_owned()), before + BYTES).unwrap());
        for next in [Some("b".to_owned()), None] {
            let error = cursors.follow(next, before + BYTES + 1).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Protocol);
            assert!(error.to_string().contains("256 MiB"));
        }
    }

    #[test]
    fn a_cursor_fits_into_a_url() {
        let mut cursors = Cursors::new(0);
        assert!(cursors.follow(Some("x".repeat(CURSOR)), 0).unwrap());
        let error = cursors.follow(Some("x".repeat(CURSOR + 1)), 0).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Protocol);
    }
}
