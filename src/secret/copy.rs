//! A copy of a text from outside, decoded or not. Each character knows which bytes of the text it comes from.

use std::ops::Range;

use super::characters::{is_invisible, is_space};

/// Stands between two copies. No text holds it.
const END: char = '\u{10FFFF}';

/// A text, decoded or not.
#[derive(Clone, Default)]
pub(super) struct Copy {
    characters: Vec<char>,
    /// The bytes of the text from outside that each character comes from.
    sources: Vec<Range<usize>>,
}

impl Copy {
    /// Makes a copy without decoding.
    pub(super) fn verbatim(text: &str) -> Self {
        let mut copy = Self::default();
        for (start, character) in text.char_indices() {
            copy.push(character, start..start + character.len_utf8());
        }
        copy
    }

    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    pub(super) fn character(&self, at: usize) -> Option<char> {
        self.characters.get(at).copied()
    }

    /// Returns the bytes of the text that `range` comes from.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = self.sources.get(range.start).map_or(0, |source| source.start);
        let last = range.end.checked_sub(1).and_then(|last| self.sources.get(last));
        start..last.map_or(start, |source| source.end)
    }

    pub(super) fn characters(&self) -> &[char] {
        &self.characters
    }

    /// Appends a character, unless it is invisible: it may stand within an escape.
    fn push(&mut self, character: char, source: Range<usize>) {
        if !is_invisible(character) {
            self.characters.push(character);
            self.sources.push(source);
        }
    }

    /// Replaces the escapes that begin with `sign`: `read` gets what begins there, and returns the character that it stands
    /// for and its length. Returns `None` if there is none.
    pub(super) fn replace(&self, sign: char, read: impl Fn(&[char]) -> Option<(char, usize)>) -> Option<Self> {
        let first = self.characters.iter().position(|character| *character == sign)?;
        let mut copy = Self {
            characters: self.characters[..first].to_vec(),
            sources: self.sources[..first].to_vec(),
        };
        let mut at = first;
        let mut is_changed = false;
        while let Some(&character) = self.characters.get(at) {
            let escape = (character == sign).then(|| read(&self.characters[at..])).flatten();
            is_changed |= escape.is_some();
            let (character, length) = escape.unwrap_or((character, 1));
            copy.push(character, self.source(at..at + length));
            at += length;
        }
        is_changed.then_some(copy)
    }

    /// Appends what is text among bytes, where it is at least `shortest` characters long. Each byte comes with the positions in
    /// `from` of the first and the last character that it is made of.
    pub(super) fn append_text(&mut self, from: &Self, bytes: &[(u8, usize, usize)], shortest: usize, gap: char) {
        let encoded: Vec<u8> = bytes.iter().map(|(byte, ..)| *byte).collect();
        let mut at = 0;
        for chunk in encoded.utf8_chunks() {
            let mut text = Self::default();
            for character in chunk.valid().chars() {
                let end = at + character.len_utf8();
                if character.is_control() && !character.is_whitespace() {
                    self.append(&mut text, shortest, gap);
                } else if let (Some((_, first, _)), Some((.., last))) = (bytes.get(at), bytes.get(end - 1)) {
                    text.push(character, from.source(*first..*last + 1));
                }
                at = end;
            }
            self.append(&mut text, shortest, gap);
            at += chunk.invalid().len();
        }
    }

    fn append(&mut self, text: &mut Self, shortest: usize, gap: char) {
        if text.len() >= shortest {
            self.characters.append(&mut text.characters);
            self.sources.append(&mut text.sources);
            self.push(gap, 0..0);
        }
        *text = Self::default();
    }

    /// Appends a copy as it is compared: every run of spaces as one.
    pub(super) fn append_folded(&mut self, copy: &Self) {
        for (&character, source) in copy.characters.iter().zip(&copy.sources) {
            match self.sources.last_mut() {
                Some(last) if is_space(character) && self.characters.last() == Some(&' ') => last.end = source.end,
                _ if is_space(character) => self.push(' ', source.clone()),
                _ => self.push(character, source.clone()),
            }
        }
        self.push(END, 0..0);
    }
}
