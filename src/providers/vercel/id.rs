//! The form of sandbox names, which are their ids. A name that `getById` would refuse is not handed out either: an answer
//! with one is unreadable.

use serde::Deserializer;

use crate::protocol::lenient::read_formed;
use crate::protocol::text::Text;

/// Returns whether Vercel accepts the name of a sandbox (docs/providers/vercel.md).
pub(super) fn is_sandbox_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Reads the name in an answer.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Text<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_formed(deserializer, is_sandbox_name)
}

#[cfg(test)]
mod tests {
    use super::is_sandbox_name;

    #[test]
    fn names_keep_to_the_pattern() {
        for name in [
            "a",
            "my-box",
            "My_Box-7",
            "computesdk-0123456789abcdefghjk",
            &"a".repeat(128),
        ] {
            assert!(is_sandbox_name(name), "{name}");
        }
        for name in ["", "a b", "a.b", "../x", "ä", "a/b", &"a".repeat(129)] {
            assert!(!is_sandbox_name(name), "{name}");
        }
    }
}
