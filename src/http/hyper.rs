//! The transport on hyper's own client, for requests that go straight to the host of their URL.
//!
//! It is the client that reqwest rests on, with the same settings. What reqwest puts above it (redirects, retries, proxies) does
//! nothing for such a request, and takes as long as the client itself.

use std::future::{Future, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::vec::IntoIter;

use ::http::header::{ACCEPT, USER_AGENT};
use ::http::{HeaderValue, Uri};
use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tower_service::Service;

use super::body;
use super::connect_error::{causes, describe, explain_certificate};
use super::endpoint::{LOCALHOST, LOOPBACK_ADDRESSES};
use super::headers;
use super::limits::{CONNECT_TIMEOUT, POOL_IDLE_TIMEOUT, TCP_KEEPALIVE, TCP_KEEPALIVE_INTERVAL, TCP_KEEPALIVE_RETRIES};
use super::message::{Request, Response};
use super::transport::{Transport, TransportError};

/// What a connection may speak, as TLS offers it to the server.
const PROTOCOLS: &[&[u8]] = if cfg!(feature = "http2") {
    &[b"h2", b"http/1.1"]
} else {
    &[b"http/1.1"]
};

/// A future of the traits below.
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One client for the whole process, made at the first request. It pools connections by origin.
#[derive(Default)]
pub(super) struct HyperTransport(OnceLock<Result<Client<Connector, Full<Bytes>>, TransportError>>);

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let client = self.0.get_or_init(build).as_ref().map_err(Clone::clone)?;
        let kept_end = request.kept_end;
        let response = client.request(translate(request)?).await;
        let (head, body) = response.map_err(|error| classify(&error))?.into_parts();
        let body = body::read(body, kept_end).await?;
        Ok(Response::new(head.status.as_u16(), head.headers, body))
    }
}

/// Makes hyper's form of a request.
///
/// Errors: a URL that HTTP does not take.
fn translate(request: Request) -> Result<::http::Request<Full<Bytes>>, TransportError> {
    let url = Bytes::from(String::from(request.url));
    let uri = Uri::from_maybe_shared(url).map_err(|error| TransportError::Unsent(error.to_string()))?;
    let mut translated = ::http::Request::new(Full::new(request.body));
    *translated.method_mut() = request.method;
    *translated.uri_mut() = uri;
    *translated.headers_mut() = request.headers;
    let headers = translated.headers_mut();
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(headers::USER_AGENT));
    Ok(translated)
}

/// Makes the client.
///
/// Errors: TLS that cannot be set up.
fn build() -> Result<Client<Connector, Full<Bytes>>, TransportError> {
    let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
    // TLS is laid over it.
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_keepalive(Some(TCP_KEEPALIVE));
    http.set_keepalive_interval(Some(TCP_KEEPALIVE_INTERVAL));
    http.set_keepalive_retries(Some(TCP_KEEPALIVE_RETRIES));
    #[cfg(target_os = "linux")]
    http.set_tcp_user_timeout(Some(super::limits::TCP_USER_TIMEOUT));
    let tls = configure_tls().map_err(|error| TransportError::Unsent(error.to_string()))?;
    // A request that was not begun on a pooled connection, because the server has just closed it, goes to another connection:
    // hyper does that by default, under reqwest too. A request of which a byte may have been sent fails.
    Ok(Client::builder(TokioExecutor::new())
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(Connector(HttpsConnector::from((http, tls)))))
}

/// Makes the settings of TLS: the system's certificates are trusted.
fn configure_tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match Verifier::new(provider) {
        Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)),
        // The platform's verifier fails on machines without any certificate store, such as slim and distroless images.
        // Mozilla's roots replace it there, and only there: company roots keep working.
        Err(_) => builder.with_root_certificates(mozilla_roots()),
    };
    let mut tls = builder.with_no_client_auth();
    tls.alpn_protocols = PROTOCOLS.iter().map(|name| name.to_vec()).collect();
    Ok(tls)
}

fn mozilla_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
    roots
}

/// Connects, TLS included, within the time that connecting may take.
#[derive(Clone)]
struct Connector(HttpsConnector<HttpConnector<Resolver>>);

impl Service<Uri> for Connector {
    type Response = <HttpsConnector<HttpConnector<Resolver>> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "connections belong to no call, and may outlive the one that needs them"
    )]
    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move {
            let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
            connected.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "operation timed out").into()))
        })
    }
}

/// Looks up host names by the system's resolver, but for `localhost`.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<Self::Response, io::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        // Plain HTTP is allowed to this name, so no resolver may send it elsewhere. Port 0: the URL's.
        if name.as_str() == LOCALHOST {
            let addresses = LOOPBACK_ADDRESSES.map(|address| SocketAddr::new(address, 0));
            return Box::pin(ready(Ok(Vec::from(addresses).into_iter())));
        }
        let lookup = self.0.call(name);
        Box::pin(async move { Ok(lookup.await?.collect::<Vec<_>>().into_iter()) })
    }
}

/// Sorts an error by whether the request may have been sent, and whether another attempt may succeed.
fn classify(error: &legacy::Error) -> TransportError {
    if !error.is_connect() {
        return TransportError::Interrupted(describe(Some(error)));
    }
    match causes(Some(error)).find_map(explain_certificate) {
        Some(text) => TransportError::Refused(text),
        None => TransportError::Connect(describe(Some(error))),
    }
}

#[cfg(test)]
mod tests;
