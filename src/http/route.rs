//! How a request reaches its server where the URL alone does not say it: by a local socket, or with a client's certificate.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// The route of a request. The default one is that of the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    /// The path of a Unix socket, or on Windows of a named pipe.
    pub(super) socket: Option<Arc<str>>,
    pub(super) certificates: Option<Arc<Certificates>>,
}

impl Route {
    /// Returns whether the URL alone says how the server is reached.
    pub(super) fn is_direct(&self) -> bool {
        self.socket.is_none() && self.certificates.is_none()
    }
}

/// The certificates of a client: whom it trusts, and by what it proves who it is. All are PEM.
pub(crate) struct Certificates {
    /// The authority of the server's certificate. No other is trusted.
    pub(super) authority: String,
    /// The client's certificate, followed by its private key.
    pub(super) identity: Secret,
    fingerprint: [u8; 32],
}

impl Certificates {
    /// Takes the texts. They are read when the first request is sent.
    pub(crate) fn new(authority: String, certificate: &str, key: &Secret) -> Self {
        let identity = Secret::new(format!("{certificate}\n{}", key.expose()));
        let mut hash = Sha256::new();
        hash.update((authority.len() as u64).to_le_bytes());
        hash.update(authority.as_bytes());
        hash.update(identity.expose().as_bytes());
        Self {
            fingerprint: hash.finalize().into(),
            authority,
            identity,
        }
    }
}

impl fmt::Debug for Certificates {
    /// Writes nothing of the texts: one is a private key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Certificates")
    }
}

impl PartialEq for Certificates {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Certificates {}

impl std::hash::Hash for Certificates {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}
