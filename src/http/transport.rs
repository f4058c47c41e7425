//! Sends one request: what the layers above need of an HTTP library.

use async_trait::async_trait;

use super::message::{Request, Response};

/// The most that is read of a response body. Beyond it the answer counts as unreadable.
pub(crate) const BODY_LIMIT: usize = 16 * 1024 * 1024;

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
