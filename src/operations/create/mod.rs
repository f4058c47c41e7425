//! `create`: chooses a name before sending, makes one resource however often that takes sending, completes it, and deletes
//! it if a later step fails or the caller cancels.

mod adopted;
mod complete;
mod creation;
mod decision;
mod ready;
mod reconcile;
mod rollback;
mod search;
mod sending;

pub(super) use self::creation::{Creation, PreparedCreate};
use self::reconcile::CreatedResource;
pub(super) use self::reconcile::HANG_LIMIT;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::handle::Origin;
use crate::model::image_reference::is_same_image;
use crate::model::instance::Instance;
use crate::operations::late_cleanups::LateCleanups;

/// Creates an instance. If that fails, the instance is deleted; if that is not certain, `instanceId` or `resourceName` of
/// the error names what may remain.
pub(super) async fn create(creation: &Creation<'_>) -> Result<Instance> {
    let Creation { operation, handle, .. } = creation;
    // Two creates under one name in one process run one after the other, so that the second finds what the first has made.
    let _name_lock = match handle.origin() {
        Origin::Key | Origin::Caller if !mutated!(ForgetsNameLock) => {
            let locks = &operation.process.name_locks;
            Some(
                locks
                    .acquire(operation.context, operation.scopes.first(), handle.name())
                    .await?,
            )
        }
        _ => None,
    };
    let (created, finished) = match send_and_finish(creation).await? {
        // Another process has destroyed it, and reads showed it still.
        (adopted, Err(error)) if is_gone(&adopted, &error) => send_and_finish(creation).await?,
        other => other,
    };
    let CreatedResource {
        instance,
        created_here,
        pending_create,
    } = created;
    let mut cleanups = LateCleanups::default();
    let result = match finished {
        Ok(instance) => Ok(instance),
        Err(error) if !created_here && !mutated!(RollsBackAnothers) => {
            let error = error.with_instance_id(&instance.id).with_resource_name(handle.name());
            // No caller expects that an invalid argument deletes anything.
            Err(match error.code() {
                ErrorCode::InvalidArgument => error,
                _ => error.with_note("The instance was created by another call with this key and is left as it is"),
            })
        }
        Err(error) if mutated!(ForgetsRollback) => Err(error),
        Err(error) => Err(creation.roll_back(&instance, error, &mut cleanups).await),
    };
    if let Some(pending_create) = pending_create {
        let cleanups = result.is_err().then_some(cleanups);
        creation.watch_pending(pending_create, instance.id, cleanups);
    }
    result
}

/// Creates or adopts an instance, and finishes it. Returns it with what came of finishing it.
async fn send_and_finish(creation: &Creation<'_>) -> Result<(CreatedResource, Result<Instance>)> {
    let Creation { operation, handle, .. } = creation;
    let created = creation.send().await?;
    let id = &created.instance.id;
    if created.created_here {
        operation.instances().created(id, created.pending_create.as_ref());
        if handle.origin() != Origin::Random {
            operation.instances().named(handle.name(), id);
        }
    }
    // An abort ends the step that is in flight: what exists is deleted at once.
    let finished = tokio::select! {
        biased;
        () = operation.context.cancelled() => Err(Error::aborted()),
        finished = finish(creation, &created.instance, created.created_here) => finished,
    };
    Ok((created, finished))
}

/// Returns whether a call that has sent no request of its own found what it adopted to be gone.
fn is_gone(adopted: &CreatedResource, error: &Error) -> bool {
    let has_sent_nothing = !adopted.created_here && adopted.pending_create.is_none();
    has_sent_nothing && error.code() == ErrorCode::NotFound
}

/// Completes the create, waits until the instance runs if that is asked for, and hands it over.
async fn finish(creation: &Creation<'_>, instance: &Instance, created_here: bool) -> Result<Instance> {
    let request = creation.request;
    if creation.operation.context.is_cancelled() {
        return Err(Error::aborted());
    }
    if !created_here {
        check_same_image(request, instance)?;
    }
    let instance = creation.complete(instance, created_here).await?;
    if !created_here {
        // A provider that finds by listing reports the image only now.
        check_same_image(request, &instance)?;
    }
    let instance = match request.ready_timeout {
        Some(limit) => creation.wait_until_ready(&instance, created_here, limit).await?,
        None => instance,
    };
    // The caller may have been told ABORTED already, and hold nothing.
    if creation.handover.try_settle() {
        Ok(instance)
    } else {
        Err(Error::aborted())
    }
}

/// Checks that a key was not used for another image before. That is the caller's mistake, and the instance stays.
fn check_same_image(request: &CreateRequest, instance: &Instance) -> Result<()> {
    match &instance.image {
        Some(image) if !mutated!(IgnoresImage) && !is_same_image(image, &request.image) => {
            let text = "options.idempotencyKey was used before, with another image.";
            Err(Error::argument(text).with_outcome(Outcome::NoEffect))
        }
        _ => Ok(()),
    }
}
