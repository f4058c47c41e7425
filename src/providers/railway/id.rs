//! The form and spelling of Railway's ids. An id that `getById` would refuse is not handed out either: an answer with one is
//! unreadable.

use serde::Deserializer;

use crate::protocol::lenient::read_formed;
use crate::protocol::text::Text;

/// Returns an id in Railway's own spelling, so that ids can be compared.
pub(super) fn normalize_id(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

/// Returns whether an id is a UUID, as all of Railway's ids are (docs/providers/railway.md).
pub(super) fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Reads the id of a service in an answer.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Text<'de>>(deserializer: D) -> Result<T, D::Error> {
    let id: T = read_formed(deserializer, is_uuid)?;
    let is_normal = !id.bytes().any(|byte| byte.is_ascii_uppercase());
    Ok(if is_normal { id } else { normalize_id(&id).into() })
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
        for id in [
            "",
            "7f9a4b1e",
            "7f9a4b1e-1234-4abc-9def-0123456789ag",
            "7f9a4b1e-1234-4abc-9def-0123456789ab ",
            "7f9a4b1e11234-4abc-9def-0123456789ab",
            "../../../../../../../../../../../etc",
        ] {
            assert!(!is_uuid(id), "{id}");
        }
    }
}
