//! The form and spelling of Railway's ids. An id that `getById` would refuse is not handed out either: an answer with one is
//! unreadable.

use serde::Deserializer;
use serde::de::Error as _;

use crate::protocol::text::Text;

/// Returns an id in Railway's own spelling, so that ids can be compared.
pub(super) fn normalize_id(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

/// Returns whether an id is a UUID, as all of Railway's ids are (docs/providers/railway.md).
pub(super) fn is_uuid(id: &str) -> bool {
    kinds_of(id) & OTHER == 0
}

/// A digit in Railway's own spelling.
const LOWERCASE: u8 = 0;
const UPPERCASE: u8 = 1;
const OTHER: u8 = 2;

/// The kind of each byte in a UUID.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte: u8 = 0;
    while byte < 0x80 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' | b'a'..=b'f' => LOWERCASE,
            b'A'..=b'F' => UPPERCASE,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// Returns the kinds of an id's digits, with [`OTHER`] if it is no UUID. Every row of a listing comes here.
fn kinds_of(id: &str) -> u8 {
    let kinds = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(LOWERCASE, |kinds, byte| kinds | KINDS[usize::from(*byte)])
    };
    let id = id.as_bytes();
    let is_hyphenated = id.len() == 36 && [8, 13, 18, 23].iter().all(|index| id[*index] == b'-');
    if !is_hyphenated {
        return OTHER;
    }
    let digits = [&id[..8], &id[9..13], &id[14..18], &id[19..23], &id[24..]];
    digits
        .into_iter()
        .fold(LOWERCASE, |found, digits| found | kinds(digits))
}

/// Reads the id of a service in an answer.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Text<'de>>(deserializer: D) -> Result<T, D::Error> {
    let id: T = T::deserialize(deserializer)?;
    match kinds_of(&id) {
        LOWERCASE => Ok(id),
        UPPERCASE => Ok(normalize_id(&id).into()),
        _ => Err(D::Error::custom("an id of another form")),
    }
}

/// Reads the id of a service that an answer may leave out, but not set to null.
pub(super) fn deserialize_some<'de, D: Deserializer<'de>, T: Text<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::is_uuid;

    #[test]
    fn ids_are_uuids() {
        assert!(is_uuid("7f9a4b1e-1234-4abc-9def-0123456789ab"));
        assert!(is_uuid("7F9A4B1E-1234-4abc-9def-0123456789aB"));
        for id in [
            "",
            "7f9a4b1e",
            "7f9a4b1e-1234-4abc-9def-0123456789ag",
            "7f9a4b1e-1234-4abc-9def-0123456789ab ",
            "7f9a4b1e11234-4abc-9def-0123456789ab",
            "7f9a4b1e-1234-4abc-9def-01234567-9ab",
            "7f9a4b1e-1234-4abc-9def-01234567ä9ab",
            "7f9a4b1e-1234-4abc-9def-0123456789\u{e4}",
            "../../../../../../../../../../../etc",
        ] {
            assert!(!is_uuid(id), "{id}");
        }
    }
}
