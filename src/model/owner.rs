//! The owner of what a gateway creates: who runs it, such as `prod-eu`. It tells the resources of two gateways apart that
//! share a location.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::input::environment::Environment;
use crate::input::reader::Reader;

/// The field of `config` that holds the owner.
pub(crate) const OWNER_FIELD: &str = "owner";

/// The variable that holds the owner where `config` has none.
pub(crate) const OWNER_VARIABLE: &str = "COMPUTESDK_OWNER";

/// The longest owner, in characters.
const LIMIT: usize = 64;

/// The rule that an owner keeps to. Every provider takes such a text as the value of a label or tag.
const RULE: &str = "must be 1 to 64 visible ASCII characters without spaces, such as prod-eu";

/// An owner that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner(Arc<str>);

impl Owner {
    /// Reads the owner of a configuration.
    pub(crate) fn read(config: &Reader<'_>) -> Result<Option<Self>> {
        match config.text(OWNER_FIELD)? {
            None => Ok(None),
            Some(text) => match Self::parse(&text) {
                Some(owner) => Ok(Some(owner)),
                None => Err(config.invalid(OWNER_FIELD, RULE)),
            },
        }
    }

    /// Reads the owner of the environment.
    pub(crate) fn from_environment(environment: &dyn Environment) -> Result<Option<Self>> {
        match environment.variable(OWNER_VARIABLE) {
            None => Ok(None),
            Some(text) => match Self::parse(text.trim()) {
                Some(owner) => Ok(Some(owner)),
                None => Err(Error::config(format!("{OWNER_VARIABLE} {RULE}."))),
            },
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let is_fit = (1..=LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then(|| Self(text.into()))
    }

    /// Returns the owner as a label or tag holds it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the hash of the owner, of which a resource's name holds the beginning.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"computesdk owner\0");
        hash.update(self.0.as_bytes());
        hash.finalize().into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an owner for tests.
    pub(crate) fn owner(text: &str) -> Owner {
        Owner::parse(text).unwrap()
    }

    #[test]
    fn has_1_to_64_visible_characters() {
        for text in ["a", "prod-eu", "team/prod:eu_1.2", &"x".repeat(64)] {
            assert!(Owner::parse(text).is_some(), "{text}");
        }
        for text in ["", " ", "prod eu", "prod\n", "ünit", &"x".repeat(65)] {
            assert!(Owner::parse(text).is_none(), "{text}");
        }
    }
}
