//! Watches, after a call has settled, what its requests may still make or leave.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::background::{Pace, Watch};
use super::destroy::delete_one;
use super::handle_lookup::is_from_same_create;
use super::observe::{Cleanup, observe_reconcile};
use super::operation_context::OperationContext;
use super::polling::Polling;
use crate::context::CallContext;
use crate::context::events::ReconcileStep;
use crate::error::{Error, Result};
use crate::model::handle::Handle;
use crate::provider::{DeleteResult, Ownership};

/// The first wait between two looks, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How much longer than planned a watch lasts while its looks fail: longer than a rate window can stay closed.
const SLACK: Duration = Duration::from_secs(7_200);

/// Runs a watch to its end. Its requests have the deadline of the operation's context.
pub(super) async fn run(operation: OperationContext<'_>, watch: &Watch) {
    match watch {
        Watch::Create {
            handle,
            kept,
            until,
            pace,
        } => watch_create(operation, handle, kept.as_deref(), *until, *pace).await,
        Watch::Deletion {
            id,
            ownership,
            until,
            cleans_up,
        } => {
            let ended = watch_deletion(operation, id, *ownership, *until).await;
            if let Some(resource_name) = cleans_up {
                let cleanup = Cleanup::resume(operation.context, resource_name, Some(id));
                match ended {
                    Ok(attempts) => cleanup.succeed(attempts),
                    Err(attempts) => cleanup.fail(attempts, None),
                }
            }
        }
    }
}

/// Returns how long after its end a watch may still run.
pub(super) fn longest(watch: &Watch, now: Instant) -> Duration {
    let (Watch::Create { until, .. } | Watch::Deletion { until, .. }) = watch;
    until.saturating_duration_since(now) + SLACK
}

/// Deletes what the requests of a create make besides the instance that the caller holds.
async fn watch_create(
    operation: OperationContext<'_>,
    handle: &Handle,
    kept: Option<&str>,
    until: Instant,
    pace: Pace,
) {
    let context = operation.context;
    let mut wait = match pace {
        Pace::Repeatedly => FIRST_WAIT,
        Pace::Once => until.saturating_duration_since(context.now()),
    };
    let mut failure = None;
    let mut late = LateResources::default();
    loop {
        let left = until.saturating_duration_since(context.now());
        // After the end it goes on only because looks failed.
        let pause = if left.is_zero() { wait } else { wait.min(left) };
        if context.sleep(pause).await.is_err() {
            // No lookup since the end has told whether something remains.
            late.fail(context, handle, failure.as_ref().filter(|_| kept.is_none()));
            return;
        }
        let is_last = context.now() >= until;
        match delete_others(operation, handle, kept, &mut late).await {
            Ok(()) if is_last => return,
            looked => failure = looked.err(),
        }
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// The late resources of a failed create, with how often each was to be deleted; `None` for one that is gone.
#[derive(Default)]
struct LateResources(BTreeMap<String, Option<u32>>);

impl LateResources {
    /// Counts an attempt. The first one starts the clean-up.
    fn attempt(&mut self, context: &CallContext, handle: &Handle, id: &str) {
        if let Some(attempts) = self.0.get_mut(id) {
            *attempts = attempts.map(|attempts| attempts + 1);
        } else {
            Cleanup::start(context, handle.name(), Some(id));
            self.0.insert(id.to_owned(), Some(1));
        }
    }

    /// Ends the clean-up of a resource. Reads may show it again afterwards.
    fn succeed(&mut self, context: &CallContext, handle: &Handle, id: &str) {
        if let Some(attempts) = self.0.get_mut(id).and_then(Option::take) {
            Cleanup::resume(context, handle.name(), Some(id)).succeed(attempts);
        }
    }

    /// Ends every clean-up that has not ended. If the last lookup failed, something may remain that was never seen.
    fn fail(&self, context: &CallContext, handle: &Handle, failure: Option<&Error>) {
        let open = self.0.iter().filter_map(|(id, attempts)| Some((id, (*attempts)?)));
        for (id, attempts) in open {
            Cleanup::resume(context, handle.name(), Some(id)).fail(attempts, failure);
        }
        if self.0.is_empty() && failure.is_some() {
            Cleanup::start(context, handle.name(), None).fail(0, failure);
        }
    }
}

/// Looks up the handle once, and deletes what this create has made besides the instance that the caller holds.
async fn delete_others(
    operation: OperationContext<'_>,
    handle: &Handle,
    kept: Option<&str>,
    late: &mut LateResources,
) -> Result<()> {
    let OperationContext { context, provider, .. } = operation;
    for instance in provider.find(context, handle).await? {
        let id = instance.id.as_str();
        // What the caller has destroyed may show again. Where its id is a name, the ownership token tells whose it is.
        let instances = operation.instances();
        let is_held = !instances.was_deleted(id) && (instances.was_created_here(id) || kept == Some(id));
        if is_held || instances.is_deleting(id) {
            continue;
        }
        if is_from_same_create(operation, handle, &instance).await? == Some(true) {
            // Of a failed create nothing is kept: what shows late is cleaned up.
            if kept.is_none() {
                late.attempt(context, handle, id);
                delete_one(operation, id, Ownership::CreatedHere).await?;
                late.succeed(context, handle, id);
            } else {
                delete_one(operation, id, Ownership::CreatedHere).await?;
                observe_reconcile(context, ReconcileStep::DuplicateRemoved, handle.name(), Some(id));
            }
        }
    }
    Ok(())
}

/// Deletes an instance again until reads can no longer hide it. Returns how often; as an error if it may remain.
async fn watch_deletion(
    operation: OperationContext<'_>,
    id: &str,
    ownership: Ownership,
    until: Instant,
) -> std::result::Result<u32, u32> {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let mut polling = Polling::new();
    let mut attempts = 0;
    loop {
        if context.sleep(polling.next_wait()).await.is_err() {
            return Err(attempts);
        }
        // Where an id is a name, another create of this process may have it by now.
        if !semantics.ids_are_never_reused && operation.instances().was_created_here(id) {
            return Ok(attempts);
        }
        let is_last = context.now() >= until;
        attempts += 1;
        match provider.destroy(context, id, ownership).await {
            Ok(DeleteResult::Deleted | DeleteResult::Absent) => return Ok(attempts),
            Ok(DeleteResult::NotYetVisible) if is_last => return Ok(attempts),
            Ok(DeleteResult::NotYetVisible) | Err(_) => {}
        }
    }
}
