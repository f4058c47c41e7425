//! Where resources live, and which credential reaches them.

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The names of a provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    /// In JavaScript: `provider.name`, `error.provider`.
    pub(crate) name: &'static str,
    /// In messages.
    pub(crate) title: &'static str,
}

/// The key of everything that this process remembers or serialises: provider, location, endpoint and credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    /// Hash of provider and location: the same for every credential and endpoint.
    location: [u8; 32],
    /// Hash of location, endpoint and credential: equal for two calls exactly if all three are.
    tenant: [u8; 32],
    /// Whether each tenant has a location of its own.
    location_is_tenants_own: bool,
}

impl Scope {
    /// Makes the scope of a location: project and environment, owner, team.
    pub(crate) fn new(provider: Identity, origin: &str, credential: &Secret, location: &[&str]) -> Self {
        let location = digest([provider.name].iter().chain(location));
        let mut hash = Sha256::new();
        hash.update(location);
        hash.update(digest([origin, credential.expose()].iter()));
        Self {
            location,
            tenant: hash.finalize().into(),
            location_is_tenants_own: true,
        }
    }

    /// Returns the same scope, for a location that tenants share: only the credential tells them apart.
    pub(crate) fn shared_by_tenants(self) -> Self {
        Self {
            location_is_tenants_own: false,
            ..self
        }
    }

    /// Returns what two creates under one name must have in common to run one after the other. Tenants never wait for
    /// each other.
    pub(crate) fn lock_key(&self) -> &[u8; 32] {
        if self.location_is_tenants_own {
            &self.location
        } else {
            &self.tenant
        }
    }

    /// Returns the hash of provider and location.
    pub(crate) fn location(&self) -> &[u8; 32] {
        &self.location
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
