//! A bounded part of a text from outside.

/// The most that is kept of a text to be shown, in bytes: a message shows 700 characters of at most 4.
pub(super) const SHOWN: usize = 3 * 1024;

/// What is kept beyond that, so that a secret which lies across the cut is recognised, or a piece of it, however it is encoded.
/// It is never shown.
const ROOM: usize = 2 * 1024;

/// The most of a text from outside that is looked at.
pub(super) const LIMIT: usize = SHOWN + ROOM;

/// The beginning or the end of a text from outside. It is bounded when it is taken: masking costs the same for 10 KB and for
/// 15 MB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    text: String,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    None,
    /// The text begins elsewhere.
    Front,
    /// The text goes on.
    Back,
}

impl Excerpt {
    /// Takes the beginning of a text.
    pub(crate) fn beginning(text: &str) -> Self {
        let text = text.trim_start();
        let end = boundary_before(text, LIMIT);
        Self {
            text: text[..end].to_owned(),
            cut: if end < text.len() { Cut::Back } else { Cut::None },
        }
    }

    /// Takes the end of a text.
    pub(crate) fn end(text: &str) -> Self {
        let text = text.trim_end();
        let start = boundary_after(text, text.len().saturating_sub(LIMIT));
        Self {
            text: text[start..].to_owned(),
            cut: if start > 0 { Cut::Front } else { Cut::None },
        }
    }

    /// Returns the text that is searched for secrets.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the part of the text that may be shown.
    pub(super) fn shown(&self) -> std::ops::Range<usize> {
        let length = self.text.len();
        match self.cut {
            Cut::None => 0..length,
            Cut::Front => boundary_after(&self.text, length.saturating_sub(SHOWN))..length,
            Cut::Back => 0..boundary_before(&self.text, SHOWN),
        }
    }

    /// Puts the sign of a cut where the text was cut.
    pub(super) fn mark_cut(&self, shown: String) -> String {
        match self.cut {
            Cut::None => shown,
            Cut::Front => format!("…{shown}"),
            Cut::Back => shown + "…",
        }
    }
}

/// Returns where the last character begins that does not begin after `at`, or the text's end.
fn boundary_before(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Returns where the first character begins that does not begin before `at`, or the text's end.
fn boundary_after(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded_whatever_the_text() {
        for text in ["x".repeat(15_000_000), "ä€😀".repeat(1_000_000)] {
            for excerpt in [Excerpt::beginning(&text), Excerpt::end(&text)] {
                assert!(excerpt.text().len() <= LIMIT && excerpt.text().len() > LIMIT - 4);
                assert!(excerpt.shown().len() <= SHOWN);
            }
        }
        let blank = " ".repeat(15_000_000);
        assert_eq!(Excerpt::beginning(&format!("{blank}words")).text(), "words");
        assert_eq!(Excerpt::end(&format!("words{blank}")).text(), "words");
        assert_eq!(Excerpt::beginning("short").shown(), 0..5);
    }
}
