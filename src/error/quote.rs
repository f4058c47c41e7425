//! Texts from outside, made fit to be shown.

/// The longest message, in characters.
pub(super) const QUOTE_LIMIT: usize = 700;

/// How much of the end of a command's output is shown, in characters.
pub(super) const OUTPUT_LIMIT: usize = 400;

/// Returns the end of an output on one line, without control characters.
pub(super) fn quote_end(output: &str) -> String {
    let words = output.split(|c: char| c.is_whitespace() || c.is_control());
    let line: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let line = line.join(" ");
    let surplus = line.chars().count().saturating_sub(OUTPUT_LIMIT);
    match line.char_indices().nth(surplus) {
        Some((start, _)) if surplus > 0 => format!("…{}", &line[start..]),
        _ => line,
    }
}

/// Returns the beginning of a text on one line, without control characters.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().min(QUOTE_LIMIT));
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if length > 0 {
            quoted.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length == QUOTE_LIMIT {
                quoted.push('…');
                return quoted;
            }
            quoted.push(character);
            length += 1;
        }
    }
    quoted
}
