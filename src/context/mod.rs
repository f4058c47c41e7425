//! What every operation carries along: time, chance, connections, memory; and its own deadline and cancellation.

pub(crate) mod clock;
pub(crate) mod random;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, ErrorCode, Operation, Result};
use crate::operations::Claim;
use crate::process::Core;

/// One operation of one caller.
#[derive(Clone)]
pub(crate) struct Cx {
    pub(crate) core: Arc<Core>,
    pub(crate) operation: Operation,
    /// Taken by a create that is about to hand over its instance, or by the border that rejects in its place.
    pub(crate) claim: Arc<Claim>,
    cancellation: CancellationToken,
    deadline: Option<Instant>,
}

impl Cx {
    /// An operation that ends when `cancellation` fires. Its requests are bounded one by one; see [`Cx::within`] for
    /// a bound on the whole.
    pub(crate) fn new(core: Arc<Core>, operation: Operation, cancellation: CancellationToken) -> Self {
        Self {
            core,
            operation,
            claim: Arc::default(),
            cancellation,
            deadline: None,
        }
    }

    /// The same operation with an end: the earlier of its present deadline and `limit` from now.
    #[must_use]
    pub(crate) fn within(&self, limit: Duration) -> Self {
        let end = self.now() + limit;
        Self {
            deadline: Some(self.deadline.map_or(end, |deadline| deadline.min(end))),
            ..self.clone()
        }
    }

    /// The same operation, no longer the caller's to cancel: for clean-up that must outlive the call.
    #[must_use]
    pub(crate) fn detached(&self, limit: Duration) -> Self {
        Self {
            cancellation: CancellationToken::new(),
            deadline: Some(self.now() + limit),
            ..self.clone()
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.core.clock.now()
    }

    /// How much of `limit` the deadline leaves.
    pub(crate) fn remaining(&self, limit: Duration) -> Duration {
        self.deadline.map_or(limit, |deadline| {
            limit.min(deadline.saturating_duration_since(self.now()))
        })
    }

    /// Waits; ends early with `ABORTED` or, at the deadline, with `TIMEOUT`.
    pub(crate) async fn sleep(&self, duration: Duration) -> Result<()> {
        let allowed = self.remaining(duration);
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(Error::aborted()),
            () = self.core.clock.sleep(allowed) => {
                if allowed < duration { Err(Error::new(ErrorCode::Timeout, "The deadline of the operation has passed.")) } else { Ok(()) }
            }
        }
    }

    /// Resolves at the deadline; never, if there is none.
    pub(crate) async fn expired(&self) {
        match self.deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(self.now());
                self.core.clock.sleep(left).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Resolves when the caller's signal fires.
    pub(crate) async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }
}
