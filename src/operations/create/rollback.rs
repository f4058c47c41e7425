//! Deletes what a failed or cancelled create has made.

use std::time::Duration;

use super::creation::Creation;
use super::search::CANCELLED_SLACK;
use crate::error::{Error, Message};
use crate::model::handle::Origin;
use crate::model::instance::Instance;
use crate::operations::background::Watch;
use crate::operations::destroy::delete;
use crate::operations::observe::Cleanup;
use crate::operations::polling::Polling;
use crate::provider::Ownership;

/// How long the deletion may take while the caller waits for it.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(300);

/// The longest closed rate window that a waiting caller waits for. After a longer one the deletion goes on in the background.
const LONGEST_RATE_WAIT: Duration = Duration::from_secs(30);

impl Creation<'_> {
    /// Deletes the instance of a failed create, also when the caller has cancelled, and says so in the error.
    ///
    /// A permanent error ends it only while there is a caller who is told of it.
    pub(super) async fn roll_back(&self, instance: &Instance, error: Error) -> Error {
        let error = error
            .with_instance_id(&instance.id)
            .with_resource_name(self.handle.name());
        let caller = self.operation.context;
        let instances = || self.operation.instances();
        instances().mark_deleting(&instance.id);
        let began = caller.now();
        let context = caller.detached(CANCELLED_SLACK);
        let cleanup = Cleanup::start(caller, self.handle.name(), Some(&instance.id));
        let mut attempts = 0;
        let mut polling = Polling::new();
        loop {
            let deleted = delete(self.operation.under(&context), &instance.id, Ownership::CreatedHere).await;
            attempts += 1;
            let failure = match deleted {
                Ok(()) => {
                    cleanup.succeed(attempts);
                    if !self.operation.semantics.ids_are_never_reused {
                        instances().unmark_deleting(&instance.id);
                    }
                    return error.with_note("The instance was made and removed again");
                }
                Err(failure) => failure,
            };
            let caller_waits = !caller.is_cancelled();
            // The rate window is closed for longer than any caller waits.
            let is_limited = failure
                .details()
                .retry_after
                .is_some_and(|delay| delay > LONGEST_RATE_WAIT);
            let is_hopeless = !failure.is_transient() || is_limited || context.now() - began >= ROLLBACK_LIMIT;
            if (caller_waits && is_hopeless) || context.sleep(polling.next_wait()).await.is_err() {
                instances().unmark_deleting(&instance.id);
                // Under a key a repeated call may adopt it.
                if is_limited && self.handle.origin() != Origin::Key {
                    self.operation.background.add(Watch::Deletion {
                        id: instance.id.clone(),
                        ownership: Ownership::CreatedHere,
                        until: caller.now() + self.operation.semantics.visibility_lag,
                        cleans_up: Some(self.handle.name().to_owned()),
                    });
                } else {
                    cleanup.fail(attempts, Some(&failure));
                }
                let note = Message::from("The instance was made and could not be removed again (")
                    .then(failure.message())
                    .then(")");
                return error
                    .with_leftover()
                    .with_repeatable(self.handle.origin() == Origin::Key)
                    .with_note(note);
            }
        }
    }
}
