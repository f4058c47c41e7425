//! The transport on reqwest: connections, TLS, proxies. This is the only file that names the crate.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;

use super::headers;
use super::message::{Request, Response};
use super::transport::{BODY_LIMIT, Transport, TransportError};

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
    let system_roots = builder().build();
    // The platform's verifier fails on machines without any certificate store, such as slim and distroless images.
    // Mozilla's roots replace it there, and only there: company roots keep working.
    system_roots
        .or_else(|_| builder().tls_certs_only(mozilla_roots()).build())
        .map_err(|error| TransportError::Unsent(describe(&error)))
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(headers::USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        // The client above counts attempts.
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .tcp_keepalive(TCP_KEEPALIVE)
        .tcp_nodelay(true)
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
        let mut response = self
            .client()?
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(|error| classify(&error))?;
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
