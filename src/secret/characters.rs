//! Which characters count as space, and which are not seen.

/// Returns whether a character is shown as a space: white space, a line's end, a control character.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Returns whether a character takes no room of its own: marks of direction, joiners, selectors, tags. A text that holds
/// them looks like another one. These are Unicode's `Default_Ignorable_Code_Point` and the interlinear marks.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Returns a text as it is compared: without invisible characters, every run of spaces as one, none at the ends.
pub(super) fn fold(text: &str) -> Vec<char> {
    // A token as a rule: it stays as it is.
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.bytes().map(char::from).collect();
    }
    let mut folded = Vec::with_capacity(text.len());
    for character in text.chars().filter(|character| !is_invisible(*character)) {
        if !is_space(character) {
            folded.push(character);
        } else if folded.last().is_some_and(|last| *last != ' ') {
            folded.push(' ');
        }
    }
    if folded.last() == Some(&' ') {
        folded.pop();
    }
    folded
}

/// Returns whether a text holds one of these ASCII characters, or one below `limit`. It looks at eight bytes at a time: most
/// texts of a listing hold none.
pub(crate) fn holds_ascii<const COUNT: usize>(text: &str, characters: [u8; COUNT], limit: u8) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    // Returns bytes of which one has its highest bit set if a byte of `word` is below `limit`, and none if not.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let holds = |bytes: &[u8; 8]| {
        let word = u64::from_ne_bytes(*bytes);
        let equal = |found, character| found | below(word ^ (ONES * u64::from(character)), 1);
        characters.into_iter().fold(below(word, limit), equal) & HIGHEST != 0
    };
    let (words, rest) = text.as_bytes().as_chunks();
    let mut last = [0x7F; 8];
    last[..rest.len()].copy_from_slice(rest);
    words.iter().any(holds) || holds(&last)
}

#[cfg(test)]
mod tests {
    use super::holds_ascii;

    proptest::proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(text in "([a-z%+ä\u{7F}\u{80}]|\\PC|[\u{0}-\u{21}]){0,20}") {
            let holds = |character: u8| text.bytes().any(|byte| byte == character);
            proptest::prop_assert_eq!(holds_ascii(&text, *b"%+", 0), holds(b'%') || holds(b'+'));
            let has_control = text.bytes().any(|byte| byte < 0x20);
            proptest::prop_assert_eq!(holds_ascii(&text, [], 0x20), has_control);
            proptest::prop_assert_eq!(holds_ascii(&text, *b"a", 0x20), has_control || holds(b'a'));
        }
    }
}
