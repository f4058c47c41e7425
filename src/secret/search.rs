//! Finds many secrets in one short text.
//!
//! The usual way (Aho-Corasick) builds an automaton of all secrets, whose size follows from theirs: a call may hold 100 000
//! variables. The text, or the copy of one, is at most a few hundred KB. So the text is indexed: its positions are
//! sorted by what begins there, and each secret is looked up by bisection.

use std::ops::Range;

/// How many characters of a secret are compared. A longer secret is looked up in pieces of this length, so that a part of it
/// is found too.
pub(super) const PIECE: usize = 32;

/// The positions of a text, sorted by what begins there.
pub(super) struct Index<'a> {
    text: &'a [char],
    positions: Vec<usize>,
}

impl<'a> Index<'a> {
    /// Sorts the positions.
    pub(super) fn new(text: &'a [char]) -> Self {
        let mut positions: Vec<usize> = (0..text.len()).collect();
        positions.sort_unstable_by_key(|position| piece_at(text, *position));
        Self { text, positions }
    }

    /// Returns where a piece of at most [`PIECE`] characters begins, as a range of the sorted positions.
    pub(super) fn find(&self, piece: &[char]) -> Range<usize> {
        let first = self
            .positions
            .partition_point(|position| piece_at(self.text, *position) < piece);
        let rest = &self.positions[first..];
        let count = rest.partition_point(|position| piece_at(self.text, *position).starts_with(piece));
        first..first + count
    }

    /// Returns the positions of a range that [`Index::find`] has returned.
    pub(super) fn positions(&self, range: Range<usize>) -> &[usize] {
        self.positions.get(range).unwrap_or_default()
    }
}

fn piece_at(text: &[char], position: usize) -> &[char] {
    &text[position..text.len().min(position + PIECE)]
}

/// Returns the pieces by which a secret is looked up, each with where it begins. The last two may overlap.
pub(super) fn pieces(secret: &[char]) -> impl Iterator<Item = (usize, &[char])> {
    let last = secret.len().saturating_sub(PIECE);
    let is_whole = secret.len().is_multiple_of(PIECE);
    let whole = secret.chunks_exact(PIECE).enumerate();
    whole
        .map(|(number, piece)| (number * PIECE, piece))
        .chain((!is_whole).then_some((last, &secret[last..])))
}

/// Returns by how many characters a piece that was found goes on to the left and to the right. More than a piece's length is
/// another piece's matter.
pub(super) fn extend(text: &[char], at: usize, secret: &[char], piece: Range<usize>) -> (usize, usize) {
    let before = text[..at].iter().rev().zip(secret[..piece.start].iter().rev());
    let after = text[at + piece.len()..].iter().zip(&secret[piece.end..]);
    (
        before.take(PIECE).take_while(|(one, other)| one == other).count(),
        after.take(PIECE).take_while(|(one, other)| one == other).count(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(text in "[ab]{0,60}", piece in "[ab]{1,5}") {
            let text: Vec<char> = text.chars().collect();
            let piece: Vec<char> = piece.chars().collect();
            let mut found = {
                let index = Index::new(&text);
                index.positions(index.find(&piece)).to_vec()
            };
            found.sort_unstable();
            let expected: Vec<usize> = (0..text.len()).filter(|at| text[*at..].starts_with(&piece)).collect();
            proptest::prop_assert_eq!(found, expected);
        }

        #[test]
        fn pieces_cover_a_secret(secret in "[a-z]{1,100}") {
            let secret: Vec<char> = secret.chars().collect();
            let mut covered = 0;
            for (start, piece) in pieces(&secret) {
                proptest::prop_assert!(start <= covered);
                proptest::prop_assert_eq!(&secret[start..start + piece.len()], piece);
                covered = start + piece.len();
            }
            proptest::prop_assert_eq!(covered, secret.len());
        }
    }
}
