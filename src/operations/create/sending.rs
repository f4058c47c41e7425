//! Sends one create request. While it hangs, looks up its handle, and sends a second request beside it.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::creation::Creation;
use crate::context::events::ReconcileStep;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::instance::Instance;
use crate::operations::handle_lookup::find;

/// How long a request may hang before its handle is looked up.
const FIRST_LOOKUP: Duration = Duration::from_secs(8);

/// The wait between two lookups while requests hang.
const LOOKUP_INTERVAL: Duration = Duration::from_secs(4);

/// How long a request may hang before a second one is sent beside it.
const SECOND_REQUEST: Duration = Duration::from_secs(20);

/// The requests that a create has sent.
#[derive(Default)]
pub(super) struct Requests {
    count: AtomicU32,
    was_given_up: AtomicBool,
    was_lost: AtomicBool,
}

impl Requests {
    /// Returns how many were sent.
    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns whether one of them was given up before its response came.
    pub(super) fn was_given_up(&self) -> bool {
        self.was_given_up.load(Ordering::Relaxed)
    }

    /// Returns whether one of them may have had an effect that no response has told of.
    pub(super) fn was_lost(&self) -> bool {
        self.was_lost.load(Ordering::Relaxed) || self.was_given_up()
    }

    /// Notes that one of them may have had such an effect.
    pub(super) fn lose(&self) {
        self.was_lost.store(true, Ordering::Relaxed);
    }

    fn add(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn give_up(&self) {
        self.was_given_up.store(true, Ordering::Relaxed);
    }
}

/// How a request ended.
pub(super) enum Sent {
    /// The response holds the instance.
    Created(Instance),
    /// A lookup showed the instance while the request hung. The request is given up with this error.
    Seen(Instance, Error),
    Failed(Error),
}

impl Creation<'_> {
    /// Sends a request until it has ended, and counts what it sends.
    pub(super) async fn send_request(&self, requests: &Requests) -> Sent {
        let context = self.operation.context;
        let provider = self.operation.provider;
        requests.add();
        let before = requests.count();
        let mut first = pin!(provider.create(context, self.request, self.handle));
        let mut second = pin!(async {
            context.sleep_uncancelled(SECOND_REQUEST).await;
            if before > self.max_retries || context.is_cancelled() || mutated!(WaitsForHang) {
                return std::future::pending().await;
            }
            requests.add();
            self.observe(ReconcileStep::Resent, None);
            provider.create(context, self.request, self.handle).await
        });
        let mut lookup = pin!(self.look_up_while_it_hangs());
        let mut failures: [Option<Error>; 2] = [None, None];
        loop {
            let (which, result) = tokio::select! {
                biased;
                result = &mut first, if failures[0].is_none() => (0, result),
                result = &mut second, if failures[1].is_none() => (1, result),
                instance = &mut lookup => {
                    requests.give_up();
                    return Sent::Seen(instance, seen_while_it_hung());
                }
            };
            let was_repeated = requests.count() > before;
            let is_final = match &result {
                Ok(_) => true,
                // The other request has made the resource. Where there is none, nothing is left to wait for.
                Err(error) => !was_repeated || is_taken(error),
            };
            if is_final {
                if was_repeated && failures[1 - which].is_none() {
                    requests.give_up();
                }
                return result.map_or_else(Sent::Failed, Sent::Created);
            }
            failures[which] = result.err();
            if let [Some(first), Some(second)] = &failures {
                // A refusal says more than a loss, and that a request was lost is known.
                let is_lost = second.outcome() == Outcome::Unknown;
                return Sent::Failed(if is_lost { first.clone() } else { second.clone() });
            }
        }
    }

    /// Looks up the handle until it shows, from when a request counts as hanging.
    async fn look_up_while_it_hangs(&self) -> Instance {
        let context = self.operation.context;
        let mut wait = FIRST_LOOKUP;
        loop {
            context.sleep_uncancelled(wait).await;
            let detached = context.detached(LOOKUP_LIMIT);
            self.observe(ReconcileStep::Lookup, None);
            if let Ok(Some(instance)) = find(self.operation.under(&detached), self.handle).await {
                return instance;
            }
            wait = LOOKUP_INTERVAL;
        }
    }

    /// Looks up the handle once, within a few seconds.
    pub(super) async fn look_up_once(&self) -> Result<Option<Instance>> {
        let detached = self.operation.context.detached(LOOKUP_LIMIT);
        self.observe(ReconcileStep::Lookup, None);
        find(self.operation.under(&detached), self.handle).await
    }
}

/// How long one lookup may take.
pub(super) const LOOKUP_LIMIT: Duration = Duration::from_secs(5);

/// Returns whether a response says that the name is taken.
fn is_taken(error: &Error) -> bool {
    error.code() == ErrorCode::AlreadyExists && error.outcome() != Outcome::Unknown
}

/// Makes the error of a request that hung while its resource showed.
fn seen_while_it_hung() -> Error {
    Error::ambiguous(ErrorCode::Timeout, "No answer came while the resource was seen.")
}
