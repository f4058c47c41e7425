//! Where resources live, and by what right they are reached.

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// How a provider is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    /// In JavaScript: `provider.name`, `error.provider`.
    pub(crate) name: &'static str,
    /// In messages.
    pub(crate) title: &'static str,
}

/// Where a provider's resources live, and by what right they are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    /// Hash of provider and place: the same for every credential and address.
    place: [u8; 32],
    /// Hash of the place, the address and the credential: equal for two calls exactly if all of them are.
    access: [u8; 32],
    /// Whether tenants have places of their own.
    is_tenants_own: bool,
}

impl Scope {
    /// `place` says where: project and environment, owner, team.
    pub(crate) fn new(provider: Identity, origin: &str, credential: &Secret, place: &[&str]) -> Self {
        let place = digest([provider.name].iter().chain(place));
        let mut hash = Sha256::new();
        hash.update(place);
        hash.update(digest([origin, credential.expose()].iter()));
        Self {
            place,
            access: hash.finalize().into(),
            is_tenants_own: true,
        }
    }

    /// For a place that does not tell tenants apart: who they are is known by their credentials only.
    pub(crate) fn shared_by_tenants(self) -> Self {
        Self {
            is_tenants_own: false,
            ..self
        }
    }

    /// What creates under one name must have in common to follow each other: tenants never wait for each other.
    pub(crate) fn turn(&self) -> &[u8; 32] {
        if self.is_tenants_own { &self.place } else { &self.access }
    }

    pub(crate) fn place(&self) -> &[u8; 32] {
        &self.place
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
