//! All decoded copies of a text from outside.

use super::copy::Copy;
use super::decode::DECODERS;
use super::excerpt::LIMIT;

/// How many encodings around each other are undone: percent-encoded JSON within JSON is three.
const DEPTH: usize = 6;

/// The most characters of all copies together.
pub(super) const BUDGET: usize = 12 * LIMIT;

/// The most copies. A short text that holds every sign of an encoding could make more.
const COPIES: usize = 128;

/// Returns all decoded copies of a text behind each other, as they are compared, and where each of them ends.
pub(super) fn decode_all(text: &str) -> (Copy, Vec<usize>) {
    let mut copies = vec![Copy::verbatim(text)];
    let mut total = text.len();
    let mut undone = 0;
    for _ in 0..DEPTH {
        let known = copies.len();
        for from in undone..known {
            for decoder in DECODERS {
                let Some(copy) = copies.get(from).and_then(decoder) else {
                    continue;
                };
                let fits = total + copy.len() <= BUDGET && copies.len() < COPIES;
                if fits && copies.iter().all(|other| other.characters() != copy.characters()) {
                    total += copy.len();
                    copies.push(copy);
                }
            }
        }
        undone = known;
    }
    let mut folded = Copy::default();
    let ends = copies
        .iter()
        .map(|copy| {
            folded.append_folded(copy);
            folded.len() - 1
        })
        .collect();
    (folded, ends)
}
