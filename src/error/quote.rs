//! Texts made fit to be shown: one line, bounded, without characters that are not seen.

use crate::secret::is_invisible;

/// The longest message, in characters.
pub(super) const QUOTE_LIMIT: usize = 700;

/// How much of the end of a command's output is shown, in characters.
pub(super) const OUTPUT_LIMIT: usize = 400;

/// How much of a name that a caller gave is shown, in characters.
const NAME_LIMIT: usize = 100;

/// The longest code and request id of a provider, in characters.
const IDENTIFIER_LIMIT: usize = 128;

/// Returns the words of a text: what stands between spaces and control characters, without what is not seen.
fn words(text: &str) -> impl Iterator<Item = impl Iterator<Item = char>> {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .map(|word| word.chars().filter(|c| !is_invisible(*c)).peekable())
        .filter_map(|mut word| word.peek().is_some().then_some(word))
}

/// Returns the end of an output on one line.
pub(super) fn quote_end(output: &str) -> String {
    let mut line = String::with_capacity(output.len());
    for word in words(output) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word);
    }
    let surplus = line.chars().count().saturating_sub(OUTPUT_LIMIT);
    match line.char_indices().nth(surplus) {
        Some((start, _)) if surplus > 0 => format!("…{}", &line[start..]),
        _ => line,
    }
}

/// Returns the beginning of a text on one line.
pub(super) fn quote(text: &str) -> String {
    quote_within(text, QUOTE_LIMIT)
}

/// Returns a name that a caller gave, as a refusal may quote it.
pub(crate) fn quote_name(name: &str) -> String {
    quote_within(name, NAME_LIMIT)
}

fn quote_within(text: &str, limit: usize) -> String {
    let mut quoted = String::with_capacity(text.len().min(limit));
    let mut length = 0;
    for word in words(text) {
        if length > 0 {
            quoted.push(' ');
            length += 1;
        }
        for character in word {
            if length >= limit {
                quoted.push('…');
                return quoted;
            }
            quoted.push(character);
            length += 1;
        }
    }
    quoted
}

/// Returns a provider's name of an error or a request: visible ASCII, bounded.
pub(super) fn quote_identifier(text: &str) -> String {
    visible_ascii(text).take(IDENTIFIER_LIMIT).collect()
}

/// Returns the characters of a text that are visible ASCII.
pub(super) fn visible_ascii(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_one_bounded_line() {
        assert_eq!(quote("  two\n\twords\u{7} here "), "two words here");
        let long = quote(&"x".repeat(2_000));
        assert_eq!(long.chars().count(), QUOTE_LIMIT + 1);
        assert!(long.ends_with('…'));
        assert_eq!(quote_end("one\n two\u{7}"), "one two");
    }

    #[test]
    fn what_is_not_seen_is_taken_out() {
        let text = "a\u{202E}b\u{2066}c\u{200B}\u{FEFF} \u{200D} d\u{E0041}\u{AD}e\u{2028}f";
        assert_eq!(quote(text), "abc de f");
        assert_eq!(quote_end(text), "abc de f");
        assert_eq!(quote_name(&"n\u{200F}\n".repeat(1_000)).chars().count(), NAME_LIMIT + 1);
    }

    #[test]
    fn an_identifier_is_visible_ascii() {
        assert_eq!(quote_identifier("a\u{1b}[31m b\r\nc\u{202E}ä"), "a[31mbc");
        assert_eq!(quote_identifier(&"x".repeat(1_000_000)).len(), IDENTIFIER_LIMIT);
    }
}
