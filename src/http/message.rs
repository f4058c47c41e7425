//! A request and a response.

use std::fmt;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use url::Url;

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
