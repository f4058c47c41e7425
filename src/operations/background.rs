//! What a call leaves to be watched after it has settled.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::late_cleanups::LateCleanups;
use super::observe::Cleanup;
use crate::model::handle::Handle;
use crate::provider::Ownership;

/// Collects what a call leaves to be watched. The call's owner starts the watches when the call has settled.
#[derive(Default)]
pub(super) struct Background(Mutex<Vec<Watch>>);

/// Something that may still appear at the provider.
pub(super) enum Watch {
    /// Requests of a create of which more than one was sent, or whose effect is unclear. What they make besides `kept` is
    /// deleted.
    Create {
        handle: Handle,
        /// The id of the instance that the caller holds, or that is another create's.
        kept: Option<String>,
        until: Instant,
        pace: Pace,
        /// The clean-ups of a create that failed; `None` for one whose caller holds `kept`.
        cleanups: Option<LateCleanups>,
    },
    /// An instance whose deletion was confirmed by reads that may lag. If it shows again, it is deleted again.
    Deletion {
        id: String,
        ownership: Ownership,
        until: Instant,
        /// How long the provider asked to wait.
        wait: Duration,
        /// The clean-up of a failed create that this deletion ends.
        cleanup: Option<Cleanup>,
    },
}

/// How often a watch looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Soon, then ever more seldom, and at the end.
    Repeatedly,
    /// At the end alone. An account may have no more than 100 requests an hour (docs/providers/railway.md).
    Once,
}

impl Background {
    /// Adds a watch.
    pub(super) fn add(&self, watch: Watch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(watch);
    }

    /// Returns the watches, and forgets them.
    pub(super) fn take(&self) -> Vec<Watch> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
