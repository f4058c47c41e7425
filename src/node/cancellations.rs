//! The calls that their signals may cancel.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The calls of one environment that their signals may cancel, by slot.
#[derive(Default)]
pub(super) struct Cancellations(Mutex<HashMap<i32, CancellationToken>>);

impl Cancellations {
    /// Adds a call that was submitted.
    pub(super) fn add(&self, slot: i32) {
        self.tokens().insert(slot, CancellationToken::new());
    }

    /// Cancels a call, unless it has ended.
    pub(super) fn cancel(&self, slot: i32) {
        if let Some(token) = self.tokens().get(&slot) {
            token.cancel();
        }
    }

    /// Returns what fires when a call is cancelled; `None` if no signal may cancel it.
    pub(super) fn get(&self, slot: i32) -> Option<CancellationToken> {
        self.tokens().get(&slot).cloned()
    }

    /// Forgets a call, before it is replied to: then its slot may be that of another.
    pub(super) fn remove(&self, slot: i32) {
        self.tokens().remove(&slot);
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<i32, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
