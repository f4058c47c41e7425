//! Searches for the resource of a handle until it is found or surely absent.

use std::time::Duration;

use tokio::time::Instant;

use super::creation::Creation;
use crate::context::CallContext;
use crate::context::events::ReconcileStep;
use crate::error::{Error, ErrorCode};
use crate::model::handle::Origin;
use crate::model::instance::Instance;
use crate::operations::handle_lookup::find;
use crate::operations::operation_context::OperationContext;

/// A resource is absent only after this many lookups, besides the absence window.
const MINIMUM_PROBES: u32 = 5;

/// The first wait between two lookups, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait between two lookups.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How much longer than the absence window a search may take, for lookups that are slow or fail.
const SLACK: Duration = Duration::from_secs(120);

/// The same for a create that the caller has cancelled: no caller waits, and only this search knows what may exist.
pub(super) const CANCELLED_SLACK: Duration = Duration::from_secs(900);

impl Creation<'_> {
    /// Looks up the handle until it is found or surely absent.
    pub(super) async fn look_up(&self) -> LookupResult {
        let context = self.operation.context;
        let search = Search::new(context, self.search_window());
        let mut wait = FIRST_WAIT;
        let mut absences = 0;
        let mut failure = None;
        loop {
            let Some(remaining) = search.remaining() else {
                return LookupResult::Inconclusive(failure.unwrap_or_else(timed_out));
            };
            // A lookup counts from the moment at which it began: a slow response may tell of a state that is long past.
            let window_is_over = search.elapsed() >= search.window;
            let detached = context.detached(remaining);
            self.observe(ReconcileStep::Lookup, None);
            match find(self.operation.under(&detached), self.handle).await {
                Ok(Some(instance)) => return LookupResult::Found(instance),
                Ok(None) => {
                    absences += 1;
                    if (window_is_over && absences >= MINIMUM_PROBES) || mutated!(BelievesFirstAbsence) {
                        self.observe(ReconcileStep::Absent, None);
                        return LookupResult::Absent;
                    }
                    failure = None;
                }
                Err(_) if mutated!(TakesFailedLookupForAbsence) => return LookupResult::Absent,
                Err(error) if !search.may_continue_after(&error) => return LookupResult::Inconclusive(error),
                Err(error) => failure = Some(error),
            }
            context.sleep_uncancelled(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    /// Returns how long a resource that is not seen may still appear. Where nobody deletes afterwards what shows late, that
    /// is until reads no longer lag behind the last effect.
    fn search_window(&self) -> Duration {
        let OperationContext { context, semantics, .. } = self.operation;
        if mutated!(SearchesTooShortly) {
            return Duration::ZERO;
        }
        let is_final = self.handle.origin() == Origin::Key || context.is_cancelled();
        semantics.absence_window
            + if is_final && !mutated!(SearchForgetsLag) {
                semantics.visibility_lag
            } else {
                Duration::ZERO
            }
    }
}

/// How a search for a handle ended.
pub(super) enum LookupResult {
    Found(Instance),
    /// Not seen, often enough and over long enough a time.
    Absent,
    /// The lookups themselves failed.
    Inconclusive(Error),
}

/// How long a search for a lost create has taken, and how long it may take.
pub(super) struct Search<'a> {
    /// The create's. Its cancellation does not end the search: what is found has to be deleted.
    context: &'a CallContext,
    began: Instant,
    window: Duration,
}

impl<'a> Search<'a> {
    pub(super) fn new(context: &'a CallContext, window: Duration) -> Self {
        Self {
            context,
            began: context.now(),
            window,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.context.now() - self.began
    }

    /// Returns how long the next lookup may take; `None` if the search is over.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let slack = if self.context.is_cancelled() {
            CANCELLED_SLACK
        } else {
            SLACK
        };
        let left = (self.window + slack).saturating_sub(self.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// Returns whether the search goes on after an error. A permanent error ends it, unless the caller has cancelled: then
    /// no caller can be told, and the error page of a proxy must not leave a resource behind.
    pub(super) fn may_continue_after(&self, error: &Error) -> bool {
        (error.is_transient() || self.context.is_cancelled()) && self.remaining().is_some()
    }
}

/// Makes the error of a search that has run out of time.
pub(super) fn timed_out() -> Error {
    Error::new(ErrorCode::Timeout, "The search took too long.")
}
