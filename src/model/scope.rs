//! Where resources live, and which credential reaches them.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// How many renewed credentials a call remembers besides its first. A call or a watch lasts no longer than a few tokens.
const RENEWALS: usize = 8;

/// The names of a provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    /// In JavaScript: `provider.name`, `error.provider`.
    pub(crate) name: &'static str,
    /// In messages.
    pub(crate) title: &'static str,
}

/// The key of everything that this process remembers or serialises: provider, location, endpoint and credential. It holds
/// hashes only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Hash of provider and location: the same for every credential and endpoint.
    location: [u8; 32],
    /// Hash of location and endpoint: the same for every credential.
    place: [u8; 32],
    /// Hash of location, endpoint and credential: equal for two calls exactly if all three are.
    tenant: [u8; 32],
}

// The hash of the tenant is one of the whole.
impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.tenant);
    }
}

impl Scope {
    /// Makes the scope of a location: project and environment, owner, team.
    pub(crate) fn new(provider: Identity, endpoint: &str, credential: &Secret, location: &[&str]) -> Self {
        let location = digest([provider.name].iter().chain(location));
        let mut hash = Sha256::new();
        hash.update(location);
        hash.update(digest([endpoint].iter()));
        Self::with_place(location, hash.finalize().into(), credential)
    }

    /// Returns the scope of another credential for the same location at the same endpoint.
    fn with_credential(&self, credential: &Secret) -> Self {
        Self::with_place(self.location, self.place, credential)
    }

    fn with_place(location: [u8; 32], place: [u8; 32], credential: &Secret) -> Self {
        let mut hash = Sha256::new();
        hash.update(place);
        hash.update(digest([credential.expose()].iter()));
        Self {
            location,
            place,
            tenant: hash.finalize().into(),
        }
    }

    /// Returns the hash of provider and location.
    pub(crate) fn location(&self) -> &[u8; 32] {
        &self.location
    }
}

/// The scopes of one call: that of its first credential, and those of the credentials by which it was renewed. A call notes
/// what it does under all of them, so that later calls with the renewed credential know of it.
#[derive(Debug)]
pub(crate) struct CallScopes {
    first: Scope,
    renewed: Mutex<Vec<Scope>>,
}

impl CallScopes {
    /// Starts with the scope of the first credential.
    pub(crate) fn new(first: Scope) -> Self {
        Self {
            first,
            renewed: Mutex::default(),
        }
    }

    /// Returns the scope of the first credential. It stays the same as long as the call lasts.
    pub(crate) fn first(&self) -> &Scope {
        &self.first
    }

    /// Adds the scope of a renewed credential. Beyond [`RENEWALS`] the oldest is forgotten.
    pub(crate) fn renew(&self, credential: &Secret) {
        let scope = self.first.with_credential(credential);
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        if scope == self.first || renewed.contains(&scope) {
            return;
        }
        if renewed.len() == RENEWALS {
            renewed.remove(0);
        }
        renewed.push(scope);
    }

    /// Returns all of them, the first one first.
    pub(crate) fn all(&self) -> Vec<Scope> {
        let renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(self.first).chain(renewed.iter().copied()).collect()
    }
}

fn digest<'a>(parts: impl Iterator<Item = &'a &'a str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        name: "acme",
        title: "Acme",
    };

    fn scope(endpoint: &str, credential: &str, location: &str) -> Scope {
        Scope::new(IDENTITY, endpoint, &Secret::new(credential.to_owned()), &[location])
    }

    #[test]
    fn a_scope_is_a_location_an_endpoint_and_a_credential() {
        let one = scope("https://a.example/x", "key", "project");
        assert_eq!(one, scope("https://a.example/x", "key", "project"));
        assert_ne!(one, scope("https://a.example/y", "key", "project"));
        assert_ne!(one, scope("https://a.example/x", "other", "project"));
        assert_ne!(one, scope("https://a.example/x", "key", "other"));
    }

    #[test]
    fn a_renewed_credential_adds_the_scope_that_a_call_with_it_has() {
        let scopes = CallScopes::new(scope("https://a.example", "old", "project"));
        for credential in ["old", "new", "new"] {
            scopes.renew(&Secret::new(credential.to_owned()));
        }
        let expected = ["old", "new"].map(|credential| scope("https://a.example", credential, "project"));
        assert_eq!(scopes.all(), expected);
        for number in 0..2 * RENEWALS {
            scopes.renew(&Secret::new(number.to_string()));
        }
        assert_eq!(scopes.all().len(), 1 + RENEWALS);
        assert_eq!(scopes.all()[0], *scopes.first());
    }
}
