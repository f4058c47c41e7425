//! The one thing that the layers need of an HTTP library: to send a request.

use async_trait::async_trait;

use super::message::{Request, Response};
use crate::error::Message;

/// The most that is read of a response body. A longer response counts as unreadable.
pub(crate) const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Sends one request, once. Implementations do not retry, do not follow redirects, and read the body to its end.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// Returns the whole response.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// Why no whole response came. The variants differ in whether the request may have reached the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportError {
    /// No connection was made (address, refusal, TLS): nothing was sent.
    #[error("could not connect: {0}")]
    Connect(String),
    /// No connection was made, and none will be before someone has changed a setting (certificate, proxy): nothing was
    /// sent.
    #[error("could not connect: {0}")]
    Refused(Message),
    /// A proxy variable is malformed: nothing was sent. The text names the variable and never its value.
    #[error("{0}")]
    Misconfigured(String),
    /// The request could not be built, or no client could be set up: nothing was sent.
    #[error("could not send: {0}")]
    Unsent(String),
    /// The connection ended before the response did. The request may have arrived. hyper's "closed before message
    /// completed" is of this kind, although some clients take it for unsent.
    #[error("the connection was lost: {0}")]
    Interrupted(String),
    /// The response is longer than [`BODY_LIMIT`].
    #[error("the answer is longer than {} MiB", BODY_LIMIT / (1024 * 1024))]
    TooLong,
}

#[cfg(test)]
mod tests;
