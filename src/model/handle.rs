//! The handle of a create: a name that *we* choose before sending, so that a resource whose answer was lost can be found.

use crate::context::random::Random;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::model::scope::Scope;

/// What begins every name of ours.
const PREFIX: &str = "computesdk-";

/// Characters after the prefix: 31 in all, and Railway allows 32 (`reference/railway.md` §8.6).
const LENGTH: usize = 20;

/// 32 symbols, so that a byte maps to one without bias: 20 of them hold 100 bits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The variable that holds a create's mark at providers whose resources have neither labels nor tags.
pub(crate) const MARK_VARIABLE: &str = "COMPUTESDK_CREATE_MARK";

/// The name by which one create is known at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    name: String,
    origin: Origin,
    mark: Option<String>,
}

/// Where a handle comes from, which decides what a resource that bears it already is to a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Drawn for this create: what bears it was made by this create.
    Random,
    /// Derived from the caller's idempotency key: what bears it was made by a create with this key.
    Key,
    /// The caller's own name: what bears it may be anybody's.
    Caller,
}

impl Handle {
    /// A fresh name that no other create has.
    pub(crate) fn random(random: &dyn Random) -> Result<Self> {
        let mut bytes = [0_u8; LENGTH];
        random
            .fill(&mut bytes)
            .map_err(|error| Error::internal(format!("No name could be chosen: {error}.")))?;
        Ok(Self::from_bytes(&bytes, Origin::Random))
    }

    /// The name that belongs to an idempotency key in a scope: the same in every process, and with every credential.
    pub(crate) fn derived(scope: &Scope, key: &str, random: &dyn Random) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(b"computesdk idempotency key\0");
        hash.update(scope.place());
        hash.update(key.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0_u8; LENGTH];
        bytes.copy_from_slice(&digest[..LENGTH]);
        Ok(Self {
            mark: Some(Self::random(random)?.name),
            ..Self::from_bytes(&bytes, Origin::Key)
        })
    }

    /// The caller's own name, which says nothing of who made what bears it: a mark tells that.
    pub(crate) fn named(name: String, random: &dyn Random) -> Result<Self> {
        let mark = Self::random(random)?.name;
        Ok(Self {
            name,
            origin: Origin::Caller,
            mark: Some(mark),
        })
    }

    fn from_bytes(bytes: &[u8; LENGTH], origin: Origin) -> Self {
        let mut name = String::with_capacity(PREFIX.len() + LENGTH);
        name.push_str(PREFIX);
        name.extend(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])));
        Self {
            name,
            origin,
            mark: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a create leaves on its resource besides the name, so that two creates under one name can be told apart.
    pub(crate) fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }
}

/// Whether a resource of this name was made by this package.
///
/// The whole form counts, not the prefix: an operator may well call the gateway itself `computesdk-gateway`, and what
/// is taken for ours gets reaped.
pub(crate) fn is_managed_name(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|byte| ALPHABET.contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::random::SystemRandom;

    #[test]
    fn a_random_handle_is_managed_short_enough_and_unique() {
        let names: std::collections::HashSet<String> = (0..1_000)
            .map(|_| Handle::random(&SystemRandom).map(|handle| handle.name().to_owned()))
            .collect::<Result<_>>()
            .unwrap_or_default();
        assert_eq!(names.len(), 1_000);
        assert!(names.iter().all(|name| name.len() == 31 && is_managed_name(name)));
    }

    #[test]
    fn a_derived_handle_depends_on_key_and_place_only() {
        let identity = crate::model::scope::Identity {
            name: "railway",
            title: "Railway",
        };
        let scope = |origin: &str, credential: &str, project: &str| {
            Scope::new(
                identity,
                origin,
                &crate::secret::Secret::new(credential.to_owned()),
                &[project],
            )
        };
        let name = |scope: Scope, key: &str| Handle::derived(&scope, key, &SystemRandom).unwrap().name().to_owned();
        let handle = name(scope("https://a", "k", "p"), "key");
        assert!(is_managed_name(&handle));
        assert_eq!(handle, name(scope("https://a", "rotated", "p"), "key"));
        assert_eq!(handle, name(scope("https://proxy", "k", "p"), "key"));
        assert_ne!(handle, name(scope("https://a", "k", "p"), "other"));
        assert_ne!(handle, name(scope("https://a", "k", "q"), "key"));
    }

    #[test]
    fn names_that_only_look_like_ours_are_not_managed() {
        for name in [
            "computesdk-gateway",
            "computesdk-",
            "computesdk-0123456789abcdefghj",
            "computesdk-0123456789abcdefghjkm",
            "computesdk-0123456789ABCDEFGHJK",
            "xcomputesdk-0123456789abcdefghjk",
        ] {
            assert!(!is_managed_name(name), "{name}");
        }
        assert!(is_managed_name("computesdk-0123456789abcdefghjk"));
    }
}
