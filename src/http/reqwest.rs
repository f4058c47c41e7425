//! The transport on reqwest: connections, TLS, proxies. This is the only file that names the crate.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};

use super::endpoint::{LOCALHOST, LOOPBACK_ADDRESSES};
use super::headers;
use super::message::{Request, Response};
use super::proxy::{self, Proxy, ReachedHosts};
use super::route::Route;
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

/// How many clients of routes are kept. A process has a few: one for each socket.
const ROUTES_LIMIT: usize = 100;

/// One client for the whole process, made at the first request, and one for each route that is not direct.
///
/// One serves any number of origins and tenants: it pools connections by origin, and credentials travel with each request.
/// Making a client loads the certificate store, which takes milliseconds and memory, so a client per tenant would grow
/// without bound.
#[derive(Default)]
pub(crate) struct ReqwestTransport {
    client: OnceLock<Result<reqwest::Client, TransportError>>,
    routed: Mutex<HashMap<Route, reqwest::Client>>,
    reached: ReachedHosts,
}

impl ReqwestTransport {
    fn client(&self, route: &Route) -> Result<reqwest::Client, TransportError> {
        if route.is_direct() {
            return self.client.get_or_init(build).clone();
        }
        let mut routed = self.routed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = routed.get(route) {
            return Ok(client.clone());
        }
        let client = build_routed(route)?;
        if routed.len() >= ROUTES_LIMIT {
            routed.clear();
        }
        routed.insert(route.clone(), client.clone());
        Ok(client)
    }
}

/// Installs the cryptography of TLS.
fn install_ring() {
    // An error only says that an earlier call has installed a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes the client of a route. It never uses a proxy.
///
/// Errors: certificates that cannot be read. The text does not show them.
fn build_routed(route: &Route) -> Result<reqwest::Client, TransportError> {
    install_ring();
    let mut builder = builder(None)?;
    #[cfg(unix)]
    if let Some(path) = &route.socket {
        builder = builder.unix_socket(&**path);
    }
    #[cfg(windows)]
    if let Some(path) = &route.socket {
        builder = builder.windows_named_pipe(&**path);
    }
    let mut authorities = Vec::new();
    if let Some(certificates) = &route.certificates {
        let unreadable = |what: &str| TransportError::Misconfigured(format!("{what} is no PEM that can be read."));
        authorities = reqwest::Certificate::from_pem_bundle(certificates.authority.as_bytes())
            .map_err(|_| unreadable("The certificate of the authority"))?;
        let identity = reqwest::Identity::from_pem(certificates.identity.expose().as_bytes())
            .map_err(|_| unreadable("The client's certificate or key"))?;
        builder = builder.identity(identity);
    }
    // A socket needs no certificates: loading the system's would cost milliseconds, and fail where there are none.
    let client = builder.tls_certs_only(authorities).build();
    client.map_err(|error| TransportError::Unsent(describe(&error)))
}

/// Makes the client.
fn build() -> Result<reqwest::Client, TransportError> {
    install_ring();
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
        let socket = request.route.socket.clone();
        let host = socket
            .as_deref()
            .or(request.url.host_str())
            .unwrap_or_default()
            .to_owned();
        let kept_end = request.kept_end;
        let mut response = self
            .client(&request.route)?
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(|error| {
                let was_reached = self.reached.contains(&host);
                let refusal = match &socket {
                    Some(path) => explain_socket(&error, path, was_reached).map(Message::ours),
                    None => explain_refusal(&error, was_reached),
                };
                match (refusal, classify(&error), &socket) {
                    (Some(text), ..) => TransportError::Refused(text),
                    (None, TransportError::Connect(text), Some(path)) => {
                        TransportError::Connect(format!("{text}, at {path}"))
                    }
                    (None, other, _) => other,
                }
            })?;
        self.reached.add(&host);
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        if let Some(limit) = kept_end {
            let body = read_end(&mut response, limit).await?;
            return Ok(Response::new(status, headers, body));
        }
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

/// Reads a body of any length, and returns its last `limit` bytes.
async fn read_end(response: &mut reqwest::Response, limit: usize) -> Result<Bytes, TransportError> {
    let mut end = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        end.extend_from_slice(&chunk);
        if end.len() > 2 * limit {
            end.advance(end.len() - limit);
        }
    }
    end.advance(end.len().saturating_sub(limit));
    Ok(end.freeze())
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

/// Returns why no connection to a local socket will be made before someone has changed something, and what to change; `None`
/// if the next attempt may succeed. A server that is being restarted takes its socket away for a moment.
fn explain_socket(error: &reqwest::Error, path: &str, was_reached: bool) -> Option<String> {
    let kind = causes(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()))?;
    match kind {
        io::ErrorKind::NotFound if !was_reached => Some(format!(
            "there is no socket at {path}: start the service that makes it, such as docker.service or podman.socket, or configure the address of another"
        )),
        io::ErrorKind::PermissionDenied => Some(format!(
            "this user may not use the socket at {path}: join the group that owns it, such as docker, or configure the address of another, such as that of a rootless engine"
        )),
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => Some(format!(
            "{path} cannot be the path of a socket: configure another address"
        )),
        _ => None,
    }
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
