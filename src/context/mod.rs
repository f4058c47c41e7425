//! The context of one call: its clock, its deadline and its cancellation.

pub(crate) mod clock;
pub(crate) mod events;
pub(crate) mod random;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::context::clock::SharedClock;
use crate::context::events::Events;
use crate::error::{Error, ErrorCode, Result};

/// What one call of one caller carries through all layers.
#[derive(Clone)]
pub(crate) struct CallContext {
    clock: SharedClock,
    cancellation: CancellationToken,
    deadline: Option<Instant>,
    received_bytes: Arc<AtomicU64>,
    events: Events,
}

impl CallContext {
    /// Makes the context of a call that ends when `cancellation` fires. It has no deadline; see [`CallContext::within`].
    pub(crate) fn new(clock: SharedClock, cancellation: CancellationToken) -> Self {
        Self {
            clock,
            cancellation,
            deadline: None,
            received_bytes: Arc::default(),
            events: Events::default(),
        }
    }

    /// Returns the same call, whose events go to a sink.
    #[must_use]
    pub(crate) fn with_events(self, events: Events) -> Self {
        Self { events, ..self }
    }

    /// Returns the same call with a deadline: the earlier of its present one and `limit` from now.
    #[must_use]
    pub(crate) fn within(&self, limit: Duration) -> Self {
        let end = self.now() + limit;
        Self {
            deadline: Some(self.deadline.map_or(end, |deadline| deadline.min(end))),
            ..self.clone()
        }
    }

    /// Returns a context that the caller cannot cancel, with a deadline `limit` from now: for clean-up that outlives the
    /// call.
    #[must_use]
    pub(crate) fn detached(&self, limit: Duration) -> Self {
        Self {
            cancellation: CancellationToken::new(),
            deadline: Some(self.now() + limit),
            clock: self.clock.clone(),
            received_bytes: Arc::default(),
            events: self.events.clone(),
        }
    }

    /// Returns where the call's events go.
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// Notes that the body of a response was received.
    pub(crate) fn note_received(&self, bytes: usize) {
        self.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns how many bytes the bodies of this call's responses had until now.
    pub(crate) fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }

    /// Returns the present moment on the monotonic axis.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Returns the date.
    pub(crate) fn date(&self) -> SystemTime {
        self.clock.date()
    }

    /// Returns how much of `limit` the deadline leaves.
    pub(crate) fn remaining(&self, limit: Duration) -> Duration {
        self.deadline.map_or(limit, |deadline| {
            limit.min(deadline.saturating_duration_since(self.now()))
        })
    }

    /// Waits.
    ///
    /// Errors: `ABORTED` when the caller cancels, `TIMEOUT` at the deadline.
    pub(crate) async fn sleep(&self, duration: Duration) -> Result<()> {
        let allowed = self.remaining(duration);
        tokio::select! {
            biased;
            () = self.cancellation.cancelled() => Err(Error::aborted()),
            () = self.clock.sleep(allowed) => {
                if allowed < duration { Err(Error::new(ErrorCode::Timeout, "The deadline of the operation has passed.")) } else { Ok(()) }
            }
        }
    }

    /// Waits, also after a cancellation and after the deadline.
    pub(crate) async fn sleep_uncancelled(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// Resolves at the deadline; never, if there is none.
    pub(crate) async fn expired(&self) {
        match self.deadline {
            Some(deadline) => {
                let left = deadline.saturating_duration_since(self.now());
                self.clock.sleep(left).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Resolves when the caller cancels.
    pub(crate) async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    /// Returns whether the caller has cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }
}
