//! HTTP as the core sees it: a request, a whole response, and a transport with one method.

pub(crate) mod client;
pub(crate) mod deadline;
pub(crate) mod headers;
mod rate_limit;
pub(crate) mod reqwest;
mod retry;
pub(crate) mod tenancy;

use std::fmt;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

/// The most that is read of a response body. Beyond it the answer counts as unreadable.
pub(crate) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A request, cheap to clone, so that each attempt sends a fresh copy.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The bucket in which the provider counts this request; empty where it has but one.
    pub(crate) bucket: &'static str,
}

impl Request {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            bucket: "",
        }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body, JSON already.
    #[must_use]
    pub(crate) fn json(self, body: Vec<u8>) -> Self {
        let mut request = self.header(
            ::http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        request.body = Bytes::from(body);
        request
    }
}

impl fmt::Debug for Request {
    /// Neither headers nor body: both hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} ({} bytes)",
            self.method,
            self.url.path(),
            self.body.len()
        )
    }
}

/// A response, read to its end.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    /// A header as text, if it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the body is a page for people, as edges and proxies send instead of the API's answer.
    pub(crate) fn is_html(&self) -> bool {
        let declared = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        declared || self.body.trim_ascii_start().starts_with(b"<")
    }
}

impl fmt::Debug for Response {
    /// Not the body: it may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP {} ({} bytes)", self.status, self.body.len())
    }
}

/// Why no whole response came, sorted by whether the request may have reached the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportError {
    /// No connection was made (address, refusal, TLS): nothing was sent.
    #[error("could not connect: {0}")]
    Connect(String),
    /// The request could not be built or no client could be set up: nothing was sent.
    #[error("could not send: {0}")]
    Unsent(String),
    /// The connection ended before the answer did. The request may have arrived; hyper's "closed before message
    /// completed" is of this kind, whatever others make of it.
    #[error("the connection was lost: {0}")]
    Interrupted(String),
    /// The answer is longer than [`BODY_LIMIT`].
    #[error("the answer is longer than {} MiB", BODY_LIMIT / (1024 * 1024))]
    TooLong,
}

/// Sends one request, once. Implementations do not retry, do not follow redirects and read the body to its end.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}
