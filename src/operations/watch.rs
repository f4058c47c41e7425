//! Watches, after a call has settled, what its requests may still make or leave.

use std::time::Duration;

use tokio::time::Instant;

use super::background::{Pace, Watch};
use super::destroy::delete_one;
use super::handle_lookup::is_from_same_create;
use super::operation_context::OperationContext;
use super::polling::Polling;
use crate::error::Result;
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
        Watch::Deletion { id, ownership, until } => watch_deletion(operation, id, *ownership, *until).await,
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
    loop {
        let left = until.saturating_duration_since(context.now());
        // After the end it goes on only because looks failed.
        let pause = if left.is_zero() { wait } else { wait.min(left) };
        if context.sleep(pause).await.is_err() {
            return;
        }
        let is_last = context.now() >= until;
        let looked = delete_others(operation, handle, kept).await;
        if is_last && looked.is_ok() {
            return;
        }
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// Looks up the handle once, and deletes what this create has made besides the instance that the caller holds.
async fn delete_others(operation: OperationContext<'_>, handle: &Handle, kept: Option<&str>) -> Result<()> {
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
            delete_one(operation, id, Ownership::CreatedHere).await?;
        }
    }
    Ok(())
}

/// Deletes an instance again until reads can no longer hide it.
async fn watch_deletion(operation: OperationContext<'_>, id: &str, ownership: Ownership, until: Instant) {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let mut polling = Polling::new();
    loop {
        if context.sleep(polling.next_wait()).await.is_err() {
            return;
        }
        // Where an id is a name, another create of this process may have it by now.
        if !semantics.ids_are_never_reused && operation.instances().was_created_here(id) {
            return;
        }
        let is_last = context.now() >= until;
        match provider.destroy(context, id, ownership).await {
            Ok(DeleteResult::Deleted | DeleteResult::Absent) => return,
            Ok(DeleteResult::NotYetVisible) if is_last => return,
            Ok(DeleteResult::NotYetVisible) | Err(_) => {}
        }
    }
}
