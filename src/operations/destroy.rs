//! `destroy`.

use std::time::Duration;

use tokio::time::Instant;

use super::background::Watch;
use super::handle_lookup::is_from_same_create;
use super::late_cleanups::LateCleanups;
use super::observe::{Cleanup, observe_reconcile};
use super::operation_context::OperationContext;
use super::polling::Polling;
use crate::context::events::ReconcileStep;
use crate::error::Result;
use crate::model::handle::Handle;
use crate::model::handle::is_managed_name;
use crate::model::instance::Instance;
use crate::process::instances::PendingCreate;
use crate::provider::{DeleteResult, Ownership, ReadResult};

/// How long a deletion waits for an instance that this process created to show. Later it is watched in the background.
const OWN_WAIT: Duration = Duration::from_secs(2);

/// Deletes an instance for good. Deleting what is gone, or outside the scope, succeeds.
pub(super) async fn destroy(operation: OperationContext<'_>, id: &str) -> Result<()> {
    let ownership = if operation.instances().was_created_here(id) {
        Ownership::CreatedHere
    } else {
        Ownership::Unknown
    };
    delete(operation, id, ownership)
        .await
        .map_err(|error| error.with_instance_id(id))
}

/// Deletes an instance and all that a pending request of its create makes, and notes it.
pub(super) async fn delete(operation: OperationContext<'_>, id: &str, ownership: Ownership) -> Result<()> {
    let mut pending_create = operation
        .instances()
        .pending_create(id)
        .filter(|_| !mutated!(ForgetsLateCreate));
    let deletion = delete_one(operation, id, ownership, None, &mut 0).await?;
    if !is_left_to_search(operation, deletion, pending_create.as_mut()) {
        end_deletion(operation, id, ownership, deletion, None);
    }
    if let Some(pending_create) = pending_create {
        delete_late_creates(operation, &pending_create, None).await?;
    }
    operation.instances().forget(id, deletion.gone_at);
    Ok(())
}

/// A deletion that has ended without an error.
#[derive(Clone, Copy)]
pub(super) struct Deletion {
    pub(super) ending: DeletionEnding,
    /// When the instance was gone. Where an id is a name, what was made with it later is another's.
    pub(super) gone_at: Instant,
}

/// How a deletion ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DeletionEnding {
    Confirmed,
    /// A read shows that the instance is absent, and the provider does not know it yet. Reads may lag until then.
    Unconfirmed {
        until: Instant,
    },
}

/// Returns whether the search for what a pending request makes late also ends an unconfirmed deletion, and has it last long
/// enough for that. Where an id is a name, another process may have it by the end of the search, which tells by the ownership
/// token whose it is.
pub(super) fn is_left_to_search(
    operation: OperationContext<'_>,
    deletion: Deletion,
    pending_create: Option<&mut PendingCreate>,
) -> bool {
    match (deletion.ending, pending_create) {
        (DeletionEnding::Unconfirmed { until }, Some(pending_create))
            if !operation.semantics.ids_are_never_reused && !mutated!(DeletesByNameAfterSearch) =>
        {
            pending_create.until = pending_create.until.max(until);
            true
        }
        _ => false,
    }
}

/// Ends a deletion and its clean-up: at once, or in the background when reads no longer lag.
pub(super) fn end_deletion(
    operation: OperationContext<'_>,
    id: &str,
    ownership: Ownership,
    deletion: Deletion,
    cleanup: Option<Cleanup>,
) {
    match deletion.ending {
        DeletionEnding::Unconfirmed { .. } if mutated!(ForgetsUnconfirmedDeletion) => {}
        DeletionEnding::Unconfirmed { until } => operation.background.add(Watch::Deletion {
            id: id.to_owned(),
            ownership,
            until,
            wait: Duration::ZERO,
            cleanup,
        }),
        DeletionEnding::Confirmed => {
            if let Some(cleanup) = cleanup {
                cleanup.succeed();
            }
        }
    }
}

/// Deletes an instance. While it may be too young for reads to show it, the provider is asked again until the visibility lag
/// has passed. What this process created was sent a deletion already: after two seconds that goes on in the background.
///
/// Where an id is a name, another create may have it as soon as the instance is gone. A deletion that is tried again then looks
/// first whose it is, if it knows the `handle`.
///
/// Notes what was deleted, so that no later call takes it for alive because reads still show it. Counts in `attempts` how often
/// the deletion was tried.
pub(super) async fn delete_one(
    operation: OperationContext<'_>,
    id: &str,
    ownership: Ownership,
    handle: Option<&Handle>,
    attempts: &mut u32,
) -> Result<Deletion> {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let age = match ownership {
        Ownership::CreatedHere => operation.instances().unseen_for(id),
        Ownership::Unknown => Some(Duration::ZERO),
    };
    let began = context.now();
    let lag = age.map_or(Duration::ZERO, |age| semantics.visibility_lag.saturating_sub(age));
    let lag_ends = began + lag;
    let confirmed = |gone_at| Deletion {
        ending: DeletionEnding::Confirmed,
        gone_at,
    };
    let handle = handle.filter(|_| !semantics.ids_are_never_reused && !mutated!(RepeatsDeletionByName));
    // Another call of this process may have deleted it meanwhile, or made something new with its name.
    let is_gone = || {
        if semantics.ids_are_never_reused {
            operation.instances().was_deleted(id)
        } else {
            operation.instances().was_replaced_since(id, began) && !mutated!(DeletesReplacement)
        }
    };
    // Where an id is a name of the caller's, another create may have it soon: it is not deleted behind the caller's back.
    let may_watch = ownership == Ownership::CreatedHere && (semantics.ids_are_never_reused || is_managed_name(id));
    // An instance that was not there may be another process's, or too young to show. One that this process created, or has
    // seen under a key, is known to be gone.
    let note_absence = || {
        let was_seen = operation.instances().was_adopted(id) && !mutated!(ForgetsForeignDeletion);
        if ownership == Ownership::CreatedHere || was_seen {
            operation.instances().deleted(id);
        }
    };
    let mut polling = Polling::new();
    loop {
        // The request that is sent after the lag has ended decides.
        let asked_at = context.now();
        let is_last = asked_at >= lag_ends;
        let holder = match handle {
            Some(handle) if *attempts > 0 => look_up_holder(operation, handle, id).await?,
            _ => Holder::Own,
        };
        let result = match holder {
            Holder::Own => {
                *attempts += 1;
                match provider.destroy(context, id, ownership).await {
                    Err(_) if mutated!(TakesFailedDeletionForDone) => DeleteResult::Deleted,
                    result => result?,
                }
            }
            Holder::Unknown => DeleteResult::NotYetVisible,
            Holder::Another => return Ok(confirmed(began)),
        };
        match result {
            DeleteResult::Deleted => {
                operation.instances().deleted(id);
                return Ok(confirmed(context.now()));
            }
            _ if !semantics.ids_are_never_reused && is_gone() => return Ok(confirmed(began)),
            DeleteResult::Absent => {
                note_absence();
                return Ok(confirmed(asked_at));
            }
            DeleteResult::NotYetVisible if is_last || mutated!(BelievesEarlyAbsence) || is_gone() => {
                note_absence();
                return Ok(confirmed(asked_at));
            }
            DeleteResult::NotYetVisible => {}
        }
        if may_watch && context.now() - began >= OWN_WAIT && is_absent(operation, id).await {
            note_absence();
            return Ok(Deletion {
                ending: DeletionEnding::Unconfirmed { until: lag_ends },
                gone_at: if mutated!(DeletesReplacement) {
                    context.now()
                } else {
                    began
                },
            });
        }
        context.sleep(polling.next_wait()).await?;
    }
}

/// The holder of an id that is a name.
enum Holder {
    /// The create with the handle.
    Own,
    Another,
    /// No resource shows yet, or one without an ownership token.
    Unknown,
}

/// Looks up who has an id that is a name.
async fn look_up_holder(operation: OperationContext<'_>, handle: &Handle, id: &str) -> Result<Holder> {
    let found = operation.provider.find(operation.context, handle).await?;
    let Some(instance) = found.iter().find(|instance| instance.id == id) else {
        return Ok(Holder::Unknown);
    };
    Ok(match is_from_same_create(operation, handle, instance).await? {
        Some(true) => Holder::Own,
        Some(false) => Holder::Another,
        None => Holder::Unknown,
    })
}

/// Returns whether a read shows that the instance is absent.
async fn is_absent(operation: OperationContext<'_>, id: &str) -> bool {
    let read = operation.provider.get(operation.context, id).await;
    matches!(read, Ok(ReadResult::Absent | ReadResult::Deleted))
}

/// Looks for resources that a pending create request makes late, and deletes them, until none can appear any more.
///
/// `cleanups`: those of the create, if it has failed.
pub(super) async fn delete_late_creates(
    operation: OperationContext<'_>,
    pending_create: &PendingCreate,
    mut cleanups: Option<&mut LateCleanups>,
) -> Result<()> {
    let OperationContext { context, semantics, .. } = operation;
    let PendingCreate { handle, until } = pending_create;
    // An ownership token may show later than its resource.
    let unclear_until = (*until).max(context.now()) + semantics.visibility_lag;
    let mut polling = Polling::new();
    loop {
        let is_last = context.now() >= *until;
        let tokens_show = context.now() >= unclear_until;
        match find_late_create(operation, handle).await {
            Ok(LateCreate::Found(late)) => delete_late(operation, handle, &late, cleanups.as_deref_mut()).await?,
            Ok(LateCreate::Unclear) if tokens_show => return Ok(()),
            Ok(LateCreate::Nothing) if is_last => return Ok(()),
            Ok(LateCreate::Nothing | LateCreate::Unclear) => {}
            Err(error) if error.is_transient() && !is_last => {}
            Err(error) => return Err(error),
        }
        context.sleep(polling.next_wait()).await?;
    }
}

/// Deletes what a request of a create has made late. Of a failed create it is cleaned up, besides the instance that a caller
/// holds it is a duplicate.
pub(super) async fn delete_late(
    operation: OperationContext<'_>,
    handle: &Handle,
    late: &Instance,
    cleanups: Option<&mut LateCleanups>,
) -> Result<()> {
    let ownership = Ownership::CreatedHere;
    // From now on no call of this process adopts it.
    let _mark = DeletingMark::set(operation, &late.id);
    let semantics = operation.semantics;
    // Where an id is a name, another create may have it when reads no longer lag. The search goes on, and tells by the token.
    let must_look_again = |deletion: Deletion| {
        matches!(deletion.ending, DeletionEnding::Unconfirmed { .. })
            && !semantics.ids_are_never_reused
            && !mutated!(DeletesByNameAlone)
    };
    let Some(cleanups) = cleanups else {
        let deletion = delete_one(operation, &late.id, ownership, Some(handle), &mut 0).await?;
        if !must_look_again(deletion) {
            end_deletion(operation, &late.id, ownership, deletion, None);
        }
        observe_reconcile(
            operation.context,
            ReconcileStep::DuplicateRemoved,
            handle.name(),
            Some(&late.id),
        );
        return Ok(());
    };
    let mut cleanup = cleanups.take(operation.context, operation.semantics, handle, late);
    let mut uncounted = 0;
    let attempts = cleanup.as_mut().map_or(&mut uncounted, |cleanup| &mut cleanup.attempts);
    match delete_one(operation, &late.id, ownership, Some(handle), attempts).await {
        Ok(deletion) if must_look_again(deletion) => {
            if let Some(cleanup) = cleanup {
                cleanups.put_back(semantics, late, cleanup);
            }
            Ok(())
        }
        Ok(deletion) => {
            end_deletion(operation, &late.id, ownership, deletion, cleanup);
            Ok(())
        }
        Err(error) => {
            if let Some(cleanup) = cleanup {
                cleanups.put_back(operation.semantics, late, cleanup);
            }
            Err(error)
        }
    }
}

/// Marks an instance as about to be deleted, until the deletion has ended. What is deleted for good is remembered as such.
struct DeletingMark<'a>(OperationContext<'a>, &'a str);

impl<'a> DeletingMark<'a> {
    fn set(operation: OperationContext<'a>, id: &'a str) -> Self {
        operation.instances().mark_deleting(id);
        Self(operation, id)
    }
}

impl Drop for DeletingMark<'_> {
    fn drop(&mut self) {
        self.0.instances().unmark_deleting(self.1);
    }
}

/// What a lookup shows of a pending create request.
enum LateCreate {
    Nothing,
    /// The resource that it made.
    Found(Instance),
    /// A resource has the name, and shows no ownership token.
    Unclear,
}

/// Looks up a resource of a handle that the same create made.
async fn find_late_create(operation: OperationContext<'_>, handle: &Handle) -> Result<LateCreate> {
    let OperationContext { context, provider, .. } = operation;
    let mut result = LateCreate::Nothing;
    for late in provider.find(context, handle).await? {
        // A call of this process with the same key holds it.
        if operation.instances().was_adopted(&late.id) {
            continue;
        }
        match is_from_same_create(operation, handle, &late).await? {
            Some(true) if operation.instances().was_adopted(&late.id) => {}
            Some(true) => return Ok(LateCreate::Found(late)),
            Some(false) => {}
            None => result = LateCreate::Unclear,
        }
    }
    Ok(result)
}
