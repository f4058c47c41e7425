//! The form of instance ids. An id that `getById` would refuse is not handed out either: an answer with one is unreadable.

use serde::Deserializer;

use crate::protocol::lenient::read_formed;
use crate::protocol::text::Text;

/// Returns whether a text can be an instance id. All known ids have 13 lower-case letters and digits, but ids are opaque,
/// so this accepts other lengths, hyphens and underscores (docs/providers/namespace.md).
pub(super) fn is_instance_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

/// Reads the id in an answer.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Text<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_formed(deserializer, is_instance_id)
}

#[cfg(test)]
mod tests {
    use super::is_instance_id;

    #[test]
    fn ids_are_of_one_alphabet() {
        assert!(is_instance_id("ui3e3e3g7cfrg"));
        for id in ["", "UI3E", "a b", "../x", "a/b", "é", &"a".repeat(65)] {
            assert!(!is_instance_id(id), "{id}");
        }
    }
}
