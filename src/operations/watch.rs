//! Watches, after a call has settled, what its requests may still make or leave.

use std::time::Duration;

use tokio::time::Instant;

use super::background::{Pace, Watch};
use super::destroy::delete_late;
use super::handle_lookup::is_from_same_create;
use super::late_cleanups::LateCleanups;
use super::operation_context::OperationContext;
use super::polling::Polling;
use crate::error::{Error, Result};
use crate::model::handle::Handle;
use crate::provider::{DeleteResult, Ownership};

/// The first wait between two lookups, doubled for each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest wait between two lookups.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How much longer than planned a watch lasts while its lookups or another call's deletion fail: longer than a rate window can stay closed.
const SLACK: Duration = Duration::from_secs(7_200);

/// Runs a watch to its end. Its requests have the deadline of the operation's context.
pub(super) async fn run(operation: OperationContext<'_>, watch: Watch) {
    match watch {
        Watch::Create {
            handle,
            kept,
            until,
            pace,
            cleanups,
        } => watch_create(operation, &handle, kept.as_deref(), until, pace, cleanups).await,
        Watch::Deletion {
            id,
            ownership,
            until,
            wait,
            mut cleanup,
        } => {
            let mut uncounted = 0;
            let attempts = cleanup.as_mut().map_or(&mut uncounted, |cleanup| &mut cleanup.attempts);
            let ended = watch_deletion(operation, &id, ownership, until, wait, attempts).await;
            match (cleanup, ended) {
                (Some(cleanup), Ok(())) => cleanup.succeed(),
                (Some(cleanup), Err(failure)) => cleanup.fail(failure.as_ref()),
                (None, _) => {}
            }
        }
    }
}

/// Returns how long after its end a watch may still run.
pub(super) fn longest(watch: &Watch, now: Instant) -> Duration {
    let (until, wait) = match watch {
        Watch::Create { until, .. } => (until, Duration::ZERO),
        Watch::Deletion { until, wait, .. } => (until, *wait),
    };
    until.saturating_duration_since(now) + wait + SLACK
}

/// Deletes what the requests of a create make besides the instance that the caller holds.
async fn watch_create(
    operation: OperationContext<'_>,
    handle: &Handle,
    kept: Option<&str>,
    until: Instant,
    pace: Pace,
    mut cleanups: Option<LateCleanups>,
) {
    let context = operation.context;
    let mut wait = match pace {
        Pace::Repeatedly => FIRST_WAIT,
        Pace::Once => until.saturating_duration_since(context.now()),
    };
    let mut failure = None;
    loop {
        let left = until.saturating_duration_since(context.now());
        // After the end it goes on because lookups failed, or while another call deletes something.
        let pause = if left.is_zero() { wait } else { wait.min(left) };
        if context.sleep(pause).await.is_err() {
            // No lookup since the end has told whether something remains.
            if let Some(cleanups) = cleanups {
                cleanups.fail(context, handle, failure.as_ref());
            }
            return;
        }
        let is_last = context.now() >= until;
        match delete_others(operation, handle, kept, cleanups.as_mut()).await {
            Ok(Rest::Settled) if is_last => {
                if let Some(cleanups) = cleanups {
                    cleanups.succeed();
                }
                return;
            }
            Err(_) if mutated!(WatchEndsAtFailure) => return,
            looked => failure = looked.err(),
        }
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// The state in which a lookup of a watch leaves the resources.
enum Rest {
    Settled,
    /// Another call is deleting a resource, and may yet fail to.
    Leaving,
}

/// Looks up the handle once, and deletes what this create has made besides the instance that the caller holds.
async fn delete_others(
    operation: OperationContext<'_>,
    handle: &Handle,
    kept: Option<&str>,
    mut cleanups: Option<&mut LateCleanups>,
) -> Result<Rest> {
    let OperationContext { context, provider, .. } = operation;
    let mut rest = Rest::Settled;
    for instance in provider.find(context, handle).await? {
        let id = instance.id.as_str();
        // What the caller has destroyed may show again. Where its id is a name, the ownership token tells whose it is.
        let instances = operation.instances();
        let is_held = !mutated!(WatchDeletesHeld)
            && !instances.was_deleted(id)
            && (instances.was_created_here(id) || kept == Some(id));
        if instances.was_adopted(id)
            && !mutated!(TellsAdoptedForRemoved)
            && let Some(cleanups) = cleanups.as_deref_mut()
        {
            cleanups.give_up(operation.semantics, &instance);
        }
        if instances.is_deleting(id) && !instances.was_deleted(id) && !mutated!(WatchTrustsOtherDeletions) {
            rest = Rest::Leaving;
        }
        if is_held || instances.is_deleting(id) || instances.was_adopted(id) {
            continue;
        }
        if mutated!(WatchIgnoresToken) || is_from_same_create(operation, handle, &instance).await? == Some(true) {
            // A call of this process with the same key may hold it by now.
            if operation.instances().was_adopted(id) {
                continue;
            }
            delete_late(operation, handle, &instance, cleanups.as_deref_mut()).await?;
        }
    }
    Ok(rest)
}

/// Deletes an instance again until reads can no longer hide it.
///
/// Errors: it may remain. With the last failure, if there was one.
async fn watch_deletion(
    operation: OperationContext<'_>,
    id: &str,
    ownership: Ownership,
    until: Instant,
    wait: Duration,
    attempts: &mut u32,
) -> std::result::Result<(), Option<Error>> {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let mut polling = Polling::new();
    let mut wait = polling.next_wait().max(wait);
    let mut failure = None;
    loop {
        if context.sleep(wait).await.is_err() {
            return Err(failure);
        }
        // Where an id is a name, another create of this process may have it by now.
        if !semantics.ids_are_never_reused && operation.instances().was_created_here(id) {
            return Ok(());
        }
        let is_last = context.now() >= until;
        *attempts += 1;
        match provider.destroy(context, id, ownership).await {
            Ok(DeleteResult::Deleted | DeleteResult::Absent) => return Ok(()),
            Ok(DeleteResult::NotYetVisible) if is_last || mutated!(DeletionWatchLooksOnce) => return Ok(()),
            Ok(DeleteResult::NotYetVisible) => {
                wait = polling.next_wait();
                failure = None;
            }
            Err(error) => {
                wait = polling.next_wait_after(&error);
                failure = Some(error);
            }
        }
    }
}
