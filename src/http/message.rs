//! A request and a response.

use std::fmt;
use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use url::Url;

use super::headers::RateLimitHeaders;
use super::route::Route;

/// A request. It is cheap to clone: each attempt sends a copy.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The bucket in which the provider counts this request for its rate limit; empty if it has only one.
    pub(crate) bucket: &'static str,
    /// The path below the base URL with names in the place of ids, such as `/services/{serviceId}`, for events.
    pub(crate) template: &'static str,
    /// The operation, where several have one path.
    pub(crate) operation_name: Option<&'static str>,
    /// How long the request may take with all its retries, where that differs from the settings.
    pub(crate) timeout: Option<Duration>,
    /// How much of the end of the response is kept, in bytes; `None`: all of it, or an error if it is too long.
    pub(crate) kept_end: Option<usize>,
    /// The client sets it.
    pub(super) route: Route,
}

impl Request {
    /// Makes a request without headers and body.
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            bucket: "",
            template: "",
            operation_name: None,
            timeout: None,
            kept_end: None,
            route: Route::default(),
        }
    }

    /// Sets the template of the path.
    #[must_use]
    pub(crate) fn template(self, template: &'static str) -> Self {
        Self { template, ..self }
    }

    /// Sets the name of the operation.
    #[must_use]
    pub(crate) fn operation(self, name: &'static str) -> Self {
        Self {
            operation_name: Some(name),
            ..self
        }
    }

    /// Sets a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body, which is JSON already.
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
    /// Writes neither headers nor body: both hold secrets.
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
    /// How long the server asks to wait: its `Retry-After`, or what is left of an exhausted rate window. The client sets it.
    pub(crate) retry_delay: Option<Duration>,
}

impl Response {
    /// Makes a response as the transport received it.
    pub(crate) fn new(status: u16, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
            retry_delay: None,
        }
    }

    /// Reads the rate-limit headers, and sets [`Response::retry_delay`] by them. `date` is today's.
    pub(crate) fn read_rate_limit(&mut self, date: SystemTime) -> RateLimitHeaders {
        let limits = RateLimitHeaders::read(&self.headers, date);
        self.retry_delay = limits.retry_delay();
        limits
    }

    /// Returns a header as text, if it is there and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns whether the body is a page for people, which edges and proxies send in place of the API's answer.
    pub(crate) fn is_html(&self) -> bool {
        let declared = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        declared || self.body.trim_ascii_start().starts_with(b"<")
    }
}

impl fmt::Debug for Response {
    /// Leaves out the body: it may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP {} ({} bytes)", self.status, self.body.len())
    }
}
