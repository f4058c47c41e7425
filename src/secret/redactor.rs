//! Masks the secrets of one call in texts from outside: a provider may echo its input.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::characters::{fold, holds_ascii, is_space};
use super::copies::decode_all;
use super::copy::Copy;
use super::decode::may_hold_digits_of;
use super::excerpt::{Excerpt, SHOWN};
use super::search::{Index, PIECE, extend, pieces};
use super::text::Secret;

/// Replaces a secret in a text.
const MASK: &str = "[redacted]";

/// Values of fewer characters are masked only where they stand as a value: `DEBUG=1` must not mask every digit.
const SHORT: usize = 6;

/// The secrets of one call.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    credentials: Vec<Secret>,
    values: Vec<Secret>,
    late: LateSecrets,
}

/// Credentials that a call learns while it goes on, because they were renewed. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct LateSecrets(Arc<Mutex<Vec<Secret>>>);

impl LateSecrets {
    /// Adds a credential.
    pub(crate) fn add(&self, secret: &Secret) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(secret.clone());
    }

    fn get(&self) -> Vec<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is masked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Credentials everywhere, long values everywhere, short ones where they stand as a value.
    Text,
    /// Credentials and long values.
    Identifier,
    /// Credentials; a short one only where it is a word. A name that the caller chose may be the value of a variable, too.
    Field,
}

/// A secret, as it is compared.
type Folded = Zeroizing<Vec<char>>;

impl Redactor {
    /// Makes this the redactor of one call, and returns the list by which the call adds what it learns later.
    pub(crate) fn begin_call(&mut self) -> LateSecrets {
        self.late = LateSecrets::default();
        self.late.clone()
    }

    /// Adds a key, token or password. It is masked everywhere, at any length.
    pub(crate) fn add_credential(&mut self, secret: &Secret) {
        self.credentials.push(secret.clone());
    }

    /// Adds the value of a variable. One of fewer than six characters is masked only where it stands as a value.
    pub(crate) fn add_value(&mut self, secret: &Secret) {
        self.values.push(secret.clone());
    }

    /// Masks a text for a message.
    pub(crate) fn mask(&self, excerpt: &Excerpt) -> String {
        self.mask_extent(excerpt, Extent::Text)
    }

    /// Masks the provider's name of an error or a request.
    pub(crate) fn mask_identifier(&self, text: &str) -> String {
        self.mask_extent(&Excerpt::beginning(text), Extent::Identifier)
    }

    /// Returns what masks the fields of instances.
    pub(crate) fn fields(&self) -> FieldMask<'_> {
        let late = self.late.get();
        let credentials = self.credentials.iter().chain(&late);
        let credentials: Vec<Folded> = credentials
            .map(|secret| Folded::new(fold(secret.expose())))
            .filter(|secret| !secret.is_empty())
            .collect();
        let pieces = credentials.iter().flat_map(|secret| pieces(secret));
        FieldMask {
            redactor: self,
            late: late.len(),
            shortest: credentials.iter().map(|secret| secret.len().min(PIECE)).min(),
            pieces: pieces
                .map(|(_, piece)| Zeroizing::new(piece.iter().collect()))
                .collect(),
        }
    }

    fn mask_extent(&self, excerpt: &Excerpt, extent: Extent) -> String {
        let late = self.late.get();
        let (copy, ends) = decode_all(excerpt.text());
        let mut finder = Finder::new(&copy);
        for secret in self.credentials.iter().chain(&late) {
            let secret = Folded::new(fold(secret.expose()));
            if extent == Extent::Field && secret.len() < SHORT {
                finder.hide_words(&secret);
            } else {
                finder.hide(&secret);
            }
        }
        let mut short_values: Vec<Folded> = Vec::new();
        let values = if extent == Extent::Field { &[][..] } else { &self.values };
        for value in values {
            let value = Folded::new(fold(value.expose()));
            if value.len() >= SHORT {
                finder.hide(&value);
            } else if !value.is_empty() && extent == Extent::Text {
                short_values.push(value);
            }
        }
        if !short_values.is_empty() {
            short_values.sort_unstable_by(|one, other| one[..].cmp(&other[..]));
            finder.hide_short_values(&short_values, &ends);
        }
        excerpt.mark_cut(write_masked(excerpt, &finder.into_hidden(excerpt.text().len())))
    }
}

/// Masks credentials in the fields of instances: ids, names, URLs. There are many fields and hardly ever a secret in one, so
/// most are only looked through.
pub(crate) struct FieldMask<'a> {
    redactor: &'a Redactor,
    /// How many credentials the call had learned while it went on.
    late: usize,
    /// The length of the shortest credential or piece of one, in characters.
    shortest: Option<usize>,
    pieces: Vec<Zeroizing<String>>,
}

impl FieldMask<'_> {
    /// Masks a field, and cuts one that is longer than any name or URL.
    pub(crate) fn mask(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.masked(text) {
            *text = masked;
        }
    }

    /// Returns a field as [`FieldMask::mask`] leaves it.
    pub(crate) fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(shortest) = self.shortest else {
            return Cow::Borrowed(text);
        };
        if may_be_encoded(text, shortest) || self.pieces.iter().any(|piece| text.contains(piece.as_str())) {
            self.mask_thoroughly(text)
        } else {
            Cow::Borrowed(text)
        }
    }

    fn mask_thoroughly<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let masked = self.redactor.mask_extent(&Excerpt::beginning(text), Extent::Field);
        if masked == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(masked)
        }
    }

    /// Returns whether credentials were added since this was made.
    pub(crate) fn is_outdated(&self) -> bool {
        self.late != self.redactor.late.get().len()
    }
}

/// Returns whether a piece of at least `shortest` characters may stand in a text in another form than as it is.
fn may_be_encoded(text: &str, shortest: usize) -> bool {
    if !text.is_ascii() || holds_ascii(text, *b"%\\&+", 0) {
        return true;
    }
    // A shorter text holds too few digits, and is not cut.
    let is_long = text.len() * 3 >= shortest * 4;
    is_long && (text.len() > SHOWN || text.contains(is_space) || may_hold_digits_of(text, shortest))
}

/// Notes which characters of the copies are secret.
struct Finder<'a> {
    copy: &'a Copy,
    index: Index<'a>,
    /// The length of the longest secret that begins at each character.
    lengths: Vec<usize>,
    /// The pieces that were found and noted.
    done: HashSet<(usize, usize)>,
}

impl<'a> Finder<'a> {
    fn new(copy: &'a Copy) -> Self {
        Self {
            copy,
            index: Index::new(copy.characters()),
            lengths: vec![0; copy.len()],
            done: HashSet::new(),
        }
    }

    /// Hides a secret wherever it or a piece of it occurs.
    fn hide(&mut self, secret: &[char]) {
        for (start, piece) in pieces(secret) {
            let found = self.index.find(piece);
            // The same value under 100 000 names is noted once.
            if found.is_empty() || !self.done.insert((found.start, piece.len())) {
                continue;
            }
            for &at in self.index.positions(found) {
                let range = start..start + piece.len();
                let (left, right) = extend(self.copy.characters(), at, secret, range);
                let length = &mut self.lengths[at - left];
                *length = (*length).max(left + piece.len() + right);
            }
        }
    }

    /// Hides a secret where it is a word of its own.
    fn hide_words(&mut self, secret: &[char]) {
        let text = self.copy.characters();
        if secret.is_empty() {
            return;
        }
        for &at in self.index.positions(self.index.find(secret)) {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            let after = text.get(at + secret.len());
            if ![before, after].into_iter().flatten().any(|next| is_word(*next)) {
                self.lengths[at] = self.lengths[at].max(secret.len());
            }
        }
    }

    /// Hides short values, which are sorted, where they stand alone after `=` or `:`, in quotes, or as the whole text.
    fn hide_short_values(&mut self, values: &[Folded], ends: &[usize]) {
        let text = self.copy.characters();
        let mut start = 0;
        for &end in ends {
            for at in start..end {
                let Some(place) = place_of(&text[start..end], at - start) else {
                    continue;
                };
                for length in (1..SHORT).take_while(|length| at + length <= end) {
                    let is_value = values
                        .binary_search_by(|value| value[..].cmp(&text[at..at + length]))
                        .is_ok();
                    if is_value && place.allows(&text[at + length..end]) {
                        self.lengths[at] = self.lengths[at].max(length);
                    }
                }
            }
            start = end + 1;
        }
    }

    /// Returns which bytes of the text are secret.
    fn into_hidden(self, length: usize) -> Vec<bool> {
        let mut hidden = vec![false; length];
        for (at, length) in self.lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let source = self.copy.source(at..at + length);
            if let Some(bytes) = hidden.get_mut(source) {
                bytes.fill(true);
            }
        }
        hidden
    }
}

/// What precedes a value.
#[derive(Clone, Copy)]
enum Place {
    /// The text begins here.
    Beginning,
    /// `=` or `:`, perhaps with a space.
    Assignment,
    /// An opening quotation mark.
    Quote(char),
}

/// Returns what precedes a position of a text.
fn place_of(text: &[char], at: usize) -> Option<Place> {
    let Some(last) = at.checked_sub(1).and_then(|last| text.get(last)) else {
        return Some(Place::Beginning);
    };
    match last {
        '=' | ':' => Some(Place::Assignment),
        '"' | '\'' | '`' => Some(Place::Quote(*last)),
        '“' => Some(Place::Quote('”')),
        '‘' => Some(Place::Quote('’')),
        '«' => Some(Place::Quote('»')),
        ' ' => match at.checked_sub(2).and_then(|last| text.get(last)) {
            Some('=' | ':') => Some(Place::Assignment),
            _ => None,
        },
        _ => None,
    }
}

impl Place {
    /// Returns whether a value in this place may end where `rest` follows.
    fn allows(self, rest: &[char]) -> bool {
        match (self, rest) {
            (_, []) => true,
            (Self::Beginning, _) => false,
            (Self::Quote(quote), [next, ..]) => *next == quote,
            // `1.5` and `a-b` are other values than `1` and `a`.
            (Self::Assignment, ['.' | '-' | '+' | '%', next, ..]) => !is_word(*next),
            (Self::Assignment, [next, ..]) => !is_word(*next),
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Returns the part of an excerpt that may be shown, with a mask in the place of each run of secret bytes.
fn write_masked(excerpt: &Excerpt, hidden: &[bool]) -> String {
    let shown = excerpt.shown();
    let text = excerpt.text();
    let mut masked = String::with_capacity(shown.len());
    let mut was_hidden = false;
    for (at, character) in text.char_indices().filter(|(at, _)| shown.contains(at)) {
        let is_hidden = hidden.get(at).copied().unwrap_or(true);
        if !is_hidden {
            masked.push(character);
        } else if !was_hidden {
            masked.push_str(MASK);
        }
        was_hidden = is_hidden;
    }
    masked
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn encode(secret: &str, form: usize) -> String {
        let bytes = |escape: fn(u8) -> String| secret.bytes().map(escape).collect::<Vec<_>>().concat();
        match form {
            0 => secret.to_owned(),
            1 => STANDARD.encode(secret),
            2 => URL_SAFE_NO_PAD.encode(secret),
            3 => URL_SAFE_NO_PAD.encode(format!("ab{secret}")),
            4 => bytes(|byte| format!("{byte:02x}")),
            5 => bytes(|byte| format!("%{byte:02X}")),
            6 => bytes(|byte| format!("\\u{byte:04x}")),
            7 => STANDARD.encode(bytes(|byte| format!("{byte:02x}"))),
            8 => secret.replace('-', " -\n"),
            9 => STANDARD.encode(secret).replace('A', "A\r\n"),
            _ => secret.replace('-', "\u{200b}-"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn a_field_that_is_only_looked_through_holds_nothing(
            secret in "[a-z0-9_-]{1,20}|[A-Za-z0-9]{20,44}",
            form in 0_usize..11,
            before in "[a-z:/. -]{0,30}",
            after in "[a-z0-9.-]{0,30}",
        ) {
            let mut redactor = Redactor::default();
            redactor.add_credential(&Secret::new(secret.clone()));
            let mask = redactor.fields();
            for text in [format!("{before}{}{after}", encode(&secret, form)), format!("{before}{after}")] {
                if text.len() * 3 >= mask.shortest.unwrap_or_default() * 4 {
                    prop_assert_eq!(mask.masked(&text), mask.mask_thoroughly(&text));
                }
            }
        }
    }

    #[test]
    fn ids_and_urls_are_only_looked_through() {
        for text in [
            "7f9a4b1e-5d2c-4abc-9def-000000000001",
            "https://computesdk-0123456789abcdefghjk-production.up.railway.app",
            "2026-11-20T10:11:12.345Z",
        ] {
            assert!(!may_be_encoded(text, PIECE), "{text}");
        }
    }
}
