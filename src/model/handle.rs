//! The handle of a create: the name that *we* choose before sending, so that a resource whose response was lost can be
//! found.

use crate::context::random::Random;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::model::owner::Owner;
use crate::model::scope::Scope;

/// Prefix of every name of ours.
const PREFIX: &str = "computesdk-";

/// Characters after the prefix: 31 in all. Railway allows 32 (docs/providers/railway.md).
const LENGTH: usize = 20;

/// How many of these characters come from the owner's hash, where there is an owner. The other 15 hold 75 bits.
const OWNER_LENGTH: usize = 5;

/// 32 symbols, so that a byte maps to one without bias: 20 of them hold 100 bits.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Whether a byte is one of them. A listing asks for each byte of each name.
const IS_SYMBOL: [bool; 256] = {
    let mut is_symbol = [false; 256];
    let mut index = 0;
    while index < ALPHABET.len() {
        is_symbol[ALPHABET[index] as usize] = true;
        index += 1;
    }
    is_symbol
};

/// The variable that holds a create's ownership token at providers whose resources have neither labels nor tags.
pub(crate) const OWNERSHIP_VARIABLE: &str = "COMPUTESDK_CREATE_MARK";

/// The name by which the provider knows the resource of one create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    name: String,
    origin: Origin,
    ownership_token: Option<String>,
    owner: Option<Owner>,
}

/// Where a handle comes from. It decides what a resource that already has this name is to a create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Drawn for this create: a resource of this name was made by this create.
    Random,
    /// Derived from the caller's idempotency key: a resource of this name was made by a create with this key.
    Key,
    /// Chosen by the caller: another client may have made a resource of this name.
    Caller,
}

impl Handle {
    /// Draws a name that no other create has.
    pub(crate) fn random(random: &dyn Random, owner: Option<&Owner>) -> Result<Self> {
        let name = make_name(random_bytes(random)?, owner);
        Ok(Self {
            name,
            origin: Origin::Random,
            ownership_token: None,
            owner: owner.cloned(),
        })
    }

    /// Derives the name that belongs to an idempotency key in a location: the same in every process, and with every
    /// credential. A key belongs to its owner.
    pub(crate) fn derived(scope: &Scope, key: &str, random: &dyn Random, owner: Option<&Owner>) -> Result<Self> {
        let mut hash = Sha256::new();
        match owner {
            None => hash.update(b"computesdk idempotency key\0"),
            Some(owner) => {
                hash.update(b"computesdk owner's idempotency key\0");
                hash.update(owner.hash());
            }
        }
        hash.update(scope.location());
        hash.update(key.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0_u8; LENGTH];
        bytes.copy_from_slice(&digest[..LENGTH]);
        Ok(Self {
            name: make_name(bytes, owner),
            origin: Origin::Key,
            ownership_token: Some(draw_token(random)?),
            owner: owner.cloned(),
        })
    }

    /// Takes the caller's name. An ownership token tells whether this create made a resource of that name.
    pub(crate) fn named(name: String, random: &dyn Random, owner: Option<&Owner>) -> Result<Self> {
        Ok(Self {
            name,
            origin: Origin::Caller,
            ownership_token: Some(draw_token(random)?),
            owner: owner.cloned(),
        })
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the ownership token that the create writes on its resource, so that two creates under one name can be told
    /// apart. `None` for a random handle, whose name is enough.
    pub(crate) fn ownership_token(&self) -> Option<&str> {
        self.ownership_token.as_deref()
    }

    /// Returns the owner of what the create makes, for a label or tag.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.owner.as_ref().map(Owner::as_str)
    }

    /// Returns where the handle comes from.
    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }
}

/// Draws an ownership token.
fn draw_token(random: &dyn Random) -> Result<String> {
    Ok(make_name(random_bytes(random)?, None))
}

fn random_bytes(random: &dyn Random) -> Result<[u8; LENGTH]> {
    let mut bytes = [0_u8; LENGTH];
    random
        .fill(&mut bytes)
        .map_err(|error| Error::internal(format!("No name could be chosen: {error}.")))?;
    Ok(bytes)
}

/// Makes a name of ours. With an owner it begins with characters of the owner's hash.
fn make_name(mut bytes: [u8; LENGTH], owner: Option<&Owner>) -> String {
    if let Some(owner) = owner {
        bytes[..OWNER_LENGTH].copy_from_slice(&owner.hash()[..OWNER_LENGTH]);
    }
    let mut name = String::with_capacity(PREFIX.len() + LENGTH);
    name.push_str(PREFIX);
    name.extend(bytes.iter().copied().map(symbol));
    name
}

fn symbol(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte & 31)])
}

/// Returns whether a gateway of this owner made the resource of this name. Of two owners one in 33 million pairs has the
/// same beginning of the hash.
pub(crate) fn is_owned_name(name: &str, owner: &Owner) -> bool {
    let beginning = owner.hash().into_iter().take(OWNER_LENGTH).map(symbol);
    is_managed_name(name) && name.chars().skip(PREFIX.len()).take(OWNER_LENGTH).eq(beginning)
}

/// Returns whether a resource of this name was made by this package.
///
/// The whole form counts, not the prefix: an operator may call the gateway itself `computesdk-gateway`, and reapers delete
/// what is managed.
pub(crate) fn is_managed_name(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == LENGTH && rest.bytes().all(|byte| IS_SYMBOL[usize::from(byte)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::random::SystemRandom;
    use crate::model::owner::tests::owner;

    #[test]
    fn a_random_handle_is_managed_short_enough_and_unique() {
        let names: std::collections::HashSet<String> = (0..1_000)
            .map(|_| Handle::random(&SystemRandom, None).map(|handle| handle.name().to_owned()))
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
        let name = |scope: Scope, key: &str| {
            Handle::derived(&scope, key, &SystemRandom, None)
                .unwrap()
                .name()
                .to_owned()
        };
        let handle = name(scope("https://a", "k", "p"), "key");
        assert!(is_managed_name(&handle));
        assert_eq!(handle, name(scope("https://a", "rotated", "p"), "key"));
        assert_eq!(handle, name(scope("https://proxy", "k", "p"), "key"));
        assert_ne!(handle, name(scope("https://a", "k", "p"), "other"));
        assert_ne!(handle, name(scope("https://a", "k", "q"), "key"));
    }

    #[test]
    fn a_name_bears_its_owner() {
        let [prod, staging] = ["prod-eu", "staging"].map(owner);
        let identity = crate::model::scope::Identity {
            name: "railway",
            title: "Railway",
        };
        let credential = crate::secret::Secret::new("key".to_owned());
        let scope = Scope::new(identity, "https://a", &credential, &["p"]);
        let derive = |owner: Option<&Owner>| Handle::derived(&scope, "key", &SystemRandom, owner).unwrap();
        let draw = |owner: Option<&Owner>| Handle::random(&SystemRandom, owner).unwrap();
        for make in [&derive as &dyn Fn(Option<&Owner>) -> Handle, &draw] {
            let handle = make(Some(&prod));
            assert!(is_managed_name(handle.name()));
            assert!(is_owned_name(handle.name(), &prod));
            assert!(!is_owned_name(handle.name(), &staging));
            assert!(!is_owned_name(make(None).name(), &prod));
            assert_eq!(handle.owner(), Some("prod-eu"));
        }
        assert_eq!(derive(Some(&prod)).name(), derive(Some(&prod)).name());
        assert_ne!(derive(Some(&prod)).name()[16..], derive(Some(&staging)).name()[16..]);
        assert_ne!(derive(Some(&prod)).name()[16..], derive(None).name()[16..]);
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
