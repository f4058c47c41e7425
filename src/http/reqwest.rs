//! The transport on reqwest: connections, TLS, proxies. This is the only file that names the crate.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;

use super::endpoint::{LOCALHOST, LOOPBACK_ADDRESSES};
use super::headers;
use super::message::{Request, Response};
use super::proxy::{self, Proxy, ReachedHosts};
use super::transport::{BODY_LIMIT, Transport, TransportError};
use crate::error::Message;

/// How long connecting may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept. Servers keep theirs longer: a request that is sent just as the server closes the
/// connection is lost without a trace, and a lost create has to be looked up.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How soon TCP notices that the other side is gone while a response is awaited.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// The most memory that is reserved for a body because of its announced length, which may be wrong.
const ROOM_LIMIT: usize = 1024 * 1024;

/// One client for the whole process, made at the first request.
///
/// One serves any number of origins and tenants: it pools connections by origin, and credentials travel with each request.
/// Making a client loads the certificate store, which takes milliseconds and memory, so a client per tenant would grow
/// without bound.
#[derive(Default)]
pub(crate) struct ReqwestTransport {
    client: OnceLock<Result<reqwest::Client, TransportError>>,
    reached: ReachedHosts,
}

impl ReqwestTransport {
    fn client(&self) -> Result<&reqwest::Client, TransportError> {
        self.client.get_or_init(build).as_ref().map_err(Clone::clone)
    }
}

/// Makes the client.
fn build() -> Result<reqwest::Client, TransportError> {
    // An error only says that an earlier call has installed a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxy = proxy::from_environment()?;
    let system_roots = builder(proxy.as_ref())?.build();
    // The platform's verifier fails on machines without any certificate store, such as slim and distroless images.
    // Mozilla's roots replace it there, and only there: company roots keep working.
    match system_roots {
        Ok(client) => Ok(client),
        Err(_) => builder(proxy.as_ref())?
            .tls_certs_only(mozilla_roots())
            .build()
            .map_err(|error| TransportError::Unsent(describe(&error))),
    }
}

fn builder(proxy: Option<&Proxy>) -> Result<reqwest::ClientBuilder, TransportError> {
    let builder = reqwest::Client::builder()
        // The proxy is set below, by the same variables.
        .no_proxy()
        .user_agent(headers::USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        // The client above counts attempts.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_keepalive(TCP_KEEPALIVE)
        .tcp_nodelay(true)
        // Plain HTTP is allowed to this name, so no resolver may send it elsewhere. Port 0: the URL's.
        .resolve_to_addrs(
            LOCALHOST,
            &LOOPBACK_ADDRESSES.map(|address| SocketAddr::new(address, 0)),
        );
    let Some(proxy) = proxy else {
        return Ok(builder);
    };
    let unusable = |_| TransportError::Misconfigured(format!("{} names no proxy.", proxy.variable));
    // Plain HTTP goes to loopback addresses only, so only https needs a proxy.
    let https = reqwest::Proxy::https(proxy.url.clone()).map_err(unusable)?;
    Ok(builder.proxy(https.no_proxy(reqwest::NoProxy::from_string(&proxy.exceptions))))
}

fn mozilla_roots() -> Vec<reqwest::Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| reqwest::Certificate::from_der(root).ok())
        .collect()
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let mut response = self
            .client()?
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(|error| match explain_refusal(&error, self.reached.contains(&host)) {
                Some(text) => TransportError::Refused(text),
                None => classify(&error),
            })?;
        self.reached.add(&host);
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let announced = response.content_length().unwrap_or(0);
        if announced > BODY_LIMIT as u64 {
            return Err(TransportError::TooLong);
        }
        let first = response.chunk().await.map_err(|error| classify(&error))?;
        let mut body = first.unwrap_or_default();
        // Most bodies are one chunk, which is passed on without a copy.
        if let Some(second) = response.chunk().await.map_err(|error| classify(&error))? {
            let mut rest = BytesMut::from(body);
            // Reserves all of it at once: growing by doubling copies a page of a listing several times.
            let announced = usize::try_from(announced).unwrap_or(0).min(ROOM_LIMIT);
            rest.reserve(announced.saturating_sub(rest.len()));
            rest.extend_from_slice(&second);
            while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
                if rest.len() + chunk.len() > BODY_LIMIT {
                    return Err(TransportError::TooLong);
                }
                rest.extend_from_slice(&chunk);
            }
            body = rest.freeze();
        }
        Ok(Response::new(status, headers, body))
    }
}

/// Sorts an error by whether the request may have been sent.
fn classify(error: &reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect(describe(error))
    } else if error.is_builder() {
        TransportError::Unsent(describe(error))
    } else {
        TransportError::Interrupted(describe(error))
    }
}

/// Returns the errors that led to this one, the innermost last.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        // An I/O error hides the error that it wraps: `source` gives the cause of that.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn std::error::Error + 'static)),
            None => cause.source(),
        }
    })
}

/// Returns why no connection will be made before someone has changed a setting, and what to change; `None` if a connection
/// was made, or if the next attempt may succeed.
fn explain_refusal(error: &reqwest::Error, was_reached: bool) -> Option<Message> {
    if !error.is_connect() {
        return None;
    }
    causes(error).find_map(|cause| match cause.downcast_ref::<rustls::Error>() {
        // It names what the certificate is for.
        Some(tls) => explain_certificate(tls).map(|advice| Message::from(tls.to_string()).then(". ").then(advice)),
        None => proxy::explain_refusal(&cause.to_string(), was_reached).map(Message::ours),
    })
}

/// Returns what to do about a certificate that was refused; `None` if another attempt may meet another one.
fn explain_certificate(error: &rustls::Error) -> Option<&'static str> {
    use rustls::CertificateError as Refusal;
    let rustls::Error::InvalidCertificate(refusal) = error else {
        return None;
    };
    match refusal {
        // A list of revoked certificates that is missing or old is fetched anew.
        Refusal::UnknownRevocationStatus
        | Refusal::ExpiredRevocationList
        | Refusal::ExpiredRevocationListContext { .. } => None,
        Refusal::NotValidForName | Refusal::NotValidForNameContext { .. } => Some(
            "The server's certificate is for another host: check baseUrl, and whether a proxy answers in its place",
        ),
        Refusal::Expired | Refusal::ExpiredContext { .. } => {
            Some("The server's certificate has expired: check this machine's clock; else its operator has to renew it")
        }
        Refusal::NotValidYet | Refusal::NotValidYetContext { .. } => {
            Some("The server's certificate is not valid yet: check this machine's clock")
        }
        _ => Some(
            "This machine does not trust the server's certificate: if your company's authority issued it, add the authority to the system's certificates, or on Linux name a file of certificates that holds it in SSL_CERT_FILE",
        ),
    }
}

/// Returns the innermost cause, such as "Connection refused" or "invalid peer certificate: …". reqwest's own text repeats
/// the URL, so it is left out.
fn describe(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    text.unwrap_or_else(|| "no cause was given".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    use reqwest::dns::{Name, Resolve, Resolving};

    use super::*;

    /// Sends every name elsewhere.
    struct Elsewhere;

    impl Resolve for Elsewhere {
        fn resolve(&self, name: Name) -> Resolving {
            Box::pin(std::future::ready(Err(name.as_str().into())))
        }
    }

    #[tokio::test]
    async fn localhost_is_loopback_whatever_the_resolver_says() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let _ = socket.read(&mut [0; 1_024]).unwrap();
            socket
                .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                .unwrap();
        });
        let client = builder(None)
            .unwrap()
            .dns_resolver(Arc::new(Elsewhere))
            .build()
            .unwrap();
        let fetch = |host: &str| client.get(format!("http://{host}:{port}/")).send();
        assert!(fetch("x.localhost").await.is_err());
        assert_eq!(fetch("localhost").await.unwrap().status(), 204);
        server.join().unwrap();
    }
}
