//! TLS by a certificate authority that lives as long as the process.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Failure;

#[expect(missing_debug_implementations, reason = "an acceptor has none")]
/// What a TLS server needs, and what its clients have to trust.
pub struct Identity {
    pub acceptor: TlsAcceptor,
    /// The authority's certificate, in PEM.
    pub authority: String,
}

/// Makes an authority and a server of it.
///
/// Clients may choose HTTP/2, as at Railway's edge. Sessions can be resumed, which is what rustls does by default.
///
/// # Errors
///
/// If a key or a certificate cannot be made.
pub fn identity() -> Result<Identity, Failure> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Of its own: by rcgen's default all have one name, and then the server's seems to be signed with itself.
    authority
        .distinguished_name
        .push(DnType::CommonName, "gateway bench authority");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Identity {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        authority: authority.pem(),
    })
}
