//! Deletes what a failed or cancelled create has made.

use std::time::Duration;

use tokio::time::Instant;

use super::creation::Creation;
use super::search::CANCELLED_SLACK;
use crate::context::CallContext;
use crate::error::{Error, Message};
use crate::model::handle::Origin;
use crate::model::instance::Instance;
use crate::operations::background::{Pace, Watch};
use crate::operations::destroy::{DeletionEnding, delete_late_creates, delete_one, end_deletion, is_left_to_search};
use crate::operations::late_cleanups::LateCleanups;
use crate::operations::observe::Cleanup;
use crate::operations::polling::Polling;
use crate::provider::Ownership;

/// How long the deletion may take while the caller waits for it.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(300);

/// The longest closed rate window that a waiting caller waits for. After a longer one the deletion goes on in the background.
const LONGEST_RATE_WAIT: Duration = Duration::from_secs(30);

impl Creation<'_> {
    /// Deletes the instance of a failed create, and what its requests make late, also when the caller has cancelled, and says
    /// so in the error.
    ///
    /// A permanent error ends it only while a caller waits for the error.
    pub(super) async fn roll_back(&self, instance: &Instance, error: Error, cleanups: &mut LateCleanups) -> Error {
        let error = error
            .with_instance_id(&instance.id)
            .with_resource_name(self.handle.name());
        let caller = self.operation.context;
        let instances = || self.operation.instances();
        instances().mark_deleting(&instance.id);
        cleanups.exclude(self.operation.semantics, instance);
        let context = caller.detached(CANCELLED_SLACK);
        let operation = self.operation.under(&context);
        let mut rollback = Rollback::new(caller, &context);
        let mut cleanup = Cleanup::start(caller, self.handle.name(), Some(&instance.id));
        let ownership = Ownership::CreatedHere;
        let deletion = loop {
            let handle = Some(self.handle);
            let failure = match delete_one(operation, &instance.id, ownership, handle, &mut cleanup.attempts).await {
                Ok(deletion) => break deletion,
                Err(failure) => failure,
            };
            if rollback.continues_after(&failure).await {
                continue;
            }
            instances().unmark_deleting(&instance.id);
            // Under a key a repeated call may adopt it.
            if is_limited(&failure) && self.handle.origin() != Origin::Key {
                // Where an id is a name, what this process creates from now on is another's.
                instances().forget(&instance.id, caller.now());
                let wait = failure.details().retry_after.unwrap_or_default();
                let until = caller.now() + self.operation.semantics.visibility_lag;
                self.leave_to_watch(instance, until, wait, cleanup);
            } else if mutated!(TellsCleanupWrongly) {
                cleanup.succeed();
            } else {
                cleanup.fail(Some(&failure));
            }
            return self.left_over(error, &failure);
        };
        let mut pending_create = instances().pending_create(&instance.id);
        let mut goes_on = false;
        let searched = if is_left_to_search(operation, deletion, pending_create.as_mut()) {
            Some(cleanup)
        } else if let DeletionEnding::Unconfirmed { until } = deletion.ending
            && !mutated!(ForgetsUnconfirmedDeletion)
        {
            self.leave_to_watch(instance, until, Duration::ZERO, cleanup);
            goes_on = true;
            None
        } else {
            end_deletion(self.operation, &instance.id, ownership, deletion, Some(cleanup));
            None
        };
        if !self.operation.semantics.ids_are_never_reused {
            instances().unmark_deleting(&instance.id);
        }
        if let Some(pending_create) = pending_create {
            while let Err(failure) = delete_late_creates(operation, &pending_create, Some(&mut *cleanups)).await {
                if !rollback.continues_after(&failure).await {
                    if let Some(cleanup) = searched {
                        cleanup.fail(Some(&failure));
                    }
                    return self.left_over(error, &failure);
                }
            }
        }
        if let Some(cleanup) = searched {
            cleanup.succeed();
        }
        instances().forget(&instance.id, deletion.gone_at);
        error.with_note(if goes_on {
            "The instance was made, and is being removed in the background"
        } else {
            "The instance was made and removed again"
        })
    }

    /// Has a watch go on with the deletion, after a wait.
    fn leave_to_watch(&self, instance: &Instance, until: Instant, wait: Duration, cleanup: Cleanup) {
        let semantics = self.operation.semantics;
        let watch = if semantics.ids_are_never_reused || mutated!(RepeatsDeletionByName) {
            Watch::Deletion {
                id: instance.id.clone(),
                ownership: Ownership::CreatedHere,
                until,
                wait,
                cleanup: Some(cleanup),
            }
        } else {
            // The id is a name, which another create may have by then: the handle tells whose it is.
            let mut cleanups = LateCleanups::default();
            cleanups.put_back(semantics, instance, cleanup);
            Watch::Create {
                handle: self.handle.clone(),
                kept: None,
                until: until + wait,
                pace: Pace::Repeatedly,
                cleanups: Some(cleanups),
            }
        };
        self.operation.background.add(watch);
    }

    /// Makes the error of a create that could not delete what it has made.
    fn left_over(&self, error: Error, failure: &Error) -> Error {
        if mutated!(HidesRemains) {
            return error;
        }
        let note = Message::from("The instance was made and could not be removed again (")
            .then(failure.message())
            .then(")");
        error
            .with_leftover()
            .with_repeatable(self.handle.origin() == Origin::Key)
            .with_note(note)
    }
}

/// Decides how long a rollback goes on.
struct Rollback<'a> {
    caller: &'a CallContext,
    context: &'a CallContext,
    began: Instant,
    polling: Polling,
}

impl<'a> Rollback<'a> {
    fn new(caller: &'a CallContext, context: &'a CallContext) -> Self {
        Self {
            caller,
            context,
            began: context.now(),
            polling: Polling::new(),
        }
    }

    /// Waits after a failure. Returns whether the rollback goes on.
    async fn continues_after(&mut self, failure: &Error) -> bool {
        let is_hopeless =
            !failure.is_transient() || is_limited(failure) || self.context.now() - self.began >= ROLLBACK_LIMIT;
        let caller_waits = !self.caller.is_cancelled();
        if caller_waits && is_hopeless || mutated!(RollsBackOnce) {
            return false;
        }
        let wait = self.polling.next_wait_after(failure);
        // A wait that does not fit in is the watch's.
        self.context.remaining(wait) == wait && self.context.sleep(wait).await.is_ok()
    }
}

/// Returns whether the rate window is closed for longer than any caller waits.
fn is_limited(failure: &Error) -> bool {
    let retry_after = failure.details().retry_after;
    retry_after.is_some_and(|delay| delay > LONGEST_RATE_WAIT)
}
