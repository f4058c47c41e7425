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
