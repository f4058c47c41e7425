//! The transport on reqwest, for what a URL alone does not say: proxies, local sockets, certificates of a client. This is the
//! only file that names the crate.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;

use super::body;
use super::connect_error::{causes, describe, explain_certificate};
use super::endpoint::{LOCALHOST, LOOPBACK_ADDRESSES};
use super::headers;
use super::limits::{CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT, TCP_KEEPALIVE, TCP_KEEPALIVE_INTERVAL, TCP_KEEPALIVE_RETRIES};
use super::message::{Request, Response};
use super::proxy::{self, EnvironmentProxy, Proxy, ReachedHosts};
use super::route::Route;
use super::transport::{Transport, TransportError};
use crate::error::Message;

/// How many clients of routes are kept. A process has a few: one for each socket.
const ROUTES_LIMIT: usize = 100;

/// One client for the proxy of the environment, made at its first request, and one for each route that is not direct.
///
/// One serves any number of origins and tenants: it pools connections by origin, and credentials travel with each request.
/// Making a client loads the certificate store, which takes milliseconds and memory, so a client per tenant would grow
/// without bound.
pub(super) struct ReqwestTransport {
    proxy: Arc<EnvironmentProxy>,
    client: OnceLock<Result<reqwest::Client, TransportError>>,
    routed: Mutex<HashMap<Route, reqwest::Client>>,
    reached: ReachedHosts,
}

impl ReqwestTransport {
    /// Makes the transport, without a client yet.
    pub(super) fn new(proxy: Arc<EnvironmentProxy>) -> Self {
        Self {
            proxy,
            client: OnceLock::new(),
            routed: Mutex::default(),
            reached: ReachedHosts::default(),
        }
    }

    fn client(&self, route: &Route) -> Result<reqwest::Client, TransportError> {
        if route.is_direct() {
            return self.client.get_or_init(|| build(self.proxy.get()?)).clone();
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
    client.map_err(|error| TransportError::Unsent(describe(error.source())))
}

/// Makes the client of a proxy.
fn build(proxy: Option<&Proxy>) -> Result<reqwest::Client, TransportError> {
    install_ring();
    let system_roots = builder(proxy)?.build();
    // The platform's verifier fails on machines without any certificate store, such as slim and distroless images.
    // Mozilla's roots replace it there, and only there: company roots keep working.
    match system_roots {
        Ok(client) => Ok(client),
        Err(_) => builder(proxy)?
            .tls_certs_only(mozilla_roots())
            .build()
            .map_err(|error| TransportError::Unsent(describe(error.source()))),
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
        .tcp_keepalive_interval(TCP_KEEPALIVE_INTERVAL)
        .tcp_keepalive_retries(TCP_KEEPALIVE_RETRIES)
        .tcp_nodelay(true)
        // Plain HTTP is allowed to this name, so no resolver may send it elsewhere. Port 0: the URL's.
        .resolve_to_addrs(
            LOCALHOST,
            &LOOPBACK_ADDRESSES.map(|address| SocketAddr::new(address, 0)),
        );
    #[cfg(target_os = "linux")]
    let builder = builder.tcp_user_timeout(super::limits::TCP_USER_TIMEOUT);
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
        let response = self
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
        let (head, body) = ::http::Response::from(response).into_parts();
        let body = body::read(body, kept_end).await?;
        Ok(Response::new(head.status.as_u16(), head.headers, body))
    }
}

/// Sorts an error by whether the request may have been sent.
fn classify(error: &reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect(describe(error.source()))
    } else if error.is_builder() {
        TransportError::Unsent(describe(error.source()))
    } else {
        TransportError::Interrupted(describe(error.source()))
    }
}

/// Returns why no connection will be made before someone has changed a setting, and what to change; `None` if a connection
/// was made, or if the next attempt may succeed.
fn explain_refusal(error: &reqwest::Error, was_reached: bool) -> Option<Message> {
    if !error.is_connect() {
        return None;
    }
    causes(error.source()).find_map(|cause| {
        let of_proxy = || proxy::explain_refusal(&cause.to_string(), was_reached).map(Message::ours);
        explain_certificate(cause).or_else(of_proxy)
    })
}

/// Returns why no connection to a local socket will be made before someone has changed something, and what to change; `None`
/// if the next attempt may succeed. A server that is being restarted takes its socket away for a moment.
fn explain_socket(error: &reqwest::Error, path: &str, was_reached: bool) -> Option<String> {
    let kind = causes(error.source()).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()))?;
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
