//! `create`: a name chosen before sending, one resource however often that takes sending, the steps that complete it,
//! and the removal of whatever was made when a later step fails or the caller turns away.

mod ready;
mod reconcile;

use std::time::Duration;

use self::ready::until_ready;
use self::reconcile::{ABANDONED, Sent, send};
use super::destroy::remove;
use super::polling::Polling;
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, Origin};
use crate::model::image_reference::is_same_image;
use crate::model::instance::Instance;
use crate::provider::{Completion, Ownership, Provider};

/// How long the steps after the first request may take in all.
const COMPLETION_LIMIT: Duration = Duration::from_secs(120);

/// How long the removal of a failed create may take.
const REMOVAL_LIMIT: Duration = Duration::from_secs(300);

/// A create that was checked and named, and has sent nothing yet.
pub(crate) struct Creation {
    request: CreateRequest,
    handle: Handle,
}

impl Creation {
    /// Chooses the handle and refuses what the provider cannot do.
    pub(crate) fn prepare(cx: &Cx, provider: &dyn Provider, mut request: CreateRequest) -> Result<Self> {
        let handle = match (request.name.take(), &request.idempotency_key) {
            (Some(name), _) => Handle::named(name, &*cx.core.random)?,
            (None, Some(key)) => Handle::derived(provider.scope(), key, &*cx.core.random)?,
            (None, None) => Handle::random(&*cx.core.random)?,
        };
        provider.check_create(&request, &handle)?;
        Ok(Self { request, handle })
    }

    /// The name that the resource will bear.
    pub(crate) fn name(&self) -> &str {
        self.handle.name()
    }
}

/// Makes an instance; on failure nothing of it is left, or the error says what may be.
pub(crate) async fn create(
    cx: &Cx,
    provider: &dyn Provider,
    creation: &Creation,
    max_retries: u32,
) -> Result<Instance> {
    let Creation { request, handle } = creation;
    // Two creates under one name in one process follow each other, so that the second finds what the first has made.
    let _turn = match handle.origin() {
        Origin::Key | Origin::Caller => Some(cx.core.memory.turn(cx, provider.scope(), handle.name()).await?),
        Origin::Random => None,
    };
    let Sent {
        instance,
        ours,
        straggler,
    } = send(cx, provider, request, handle, max_retries).await?;
    if ours {
        cx.core.memory.created(provider.scope(), &instance.id, straggler);
    }
    match finish(cx, provider, request, &instance, ours, max_retries).await {
        Ok(instance) => Ok(instance),
        Err(error) if !ours => {
            let error = error.with_instance_id(&instance.id).with_resource_name(handle.name());
            // Of a mistake in the arguments nobody expects that it removes anything.
            Err(match error.code() {
                ErrorCode::InvalidArgument => error,
                _ => error.after("The instance was made by another call with this key and is left as it is"),
            })
        }
        Err(error) => Err(undo(cx, provider, handle, &instance, error).await),
    }
}

/// Completes the create and, if asked to, waits until the instance runs.
async fn finish(
    cx: &Cx,
    provider: &dyn Provider,
    request: &CreateRequest,
    instance: &Instance,
    ours: bool,
    max_retries: u32,
) -> Result<Instance> {
    if cx.is_cancelled() {
        return Err(Error::aborted());
    }
    if !ours {
        check_same(request, instance)?;
    }
    let instance = complete(cx, provider, request, instance, max_retries).await?;
    if !ours {
        // Told only now by a provider that finds by listing.
        check_same(request, &instance)?;
    }
    let instance = match request.ready_timeout {
        Some(limit) => until_ready(cx, provider, &instance, limit).await?,
        None => instance,
    };
    // The caller may have been told ABORTED already and hold nothing.
    if cx.claim.take() {
        Ok(instance)
    } else {
        Err(Error::aborted())
    }
}

/// A key that was used for another image is a mistake of the caller's, and what the key made stays as it is.
fn check_same(request: &CreateRequest, instance: &Instance) -> Result<()> {
    match &instance.image {
        Some(image) if !is_same_image(image, &request.image) => {
            let text = "options.idempotencyKey was used before, with another image.";
            Err(Error::argument(text).with_outcome(Outcome::NoEffect))
        }
        _ => Ok(()),
    }
}

/// Repeats the provider's steps, which bear it, until nothing is left to do.
async fn complete(
    cx: &Cx,
    provider: &dyn Provider,
    request: &CreateRequest,
    instance: &Instance,
    max_retries: u32,
) -> Result<Instance> {
    let cx = cx.within(COMPLETION_LIMIT);
    let mut failures = 0;
    let mut watched_since = None;
    let mut polling = Polling::new();
    loop {
        let failure = match provider.complete(&cx, request, instance).await {
            Ok(Completion::Done(instance)) => return Ok(instance),
            Ok(Completion::Pending) => None,
            Ok(Completion::Watching { instance, at_least }) => {
                let since = *watched_since.get_or_insert_with(|| cx.now());
                if cx.now() - since >= at_least {
                    return Ok(instance);
                }
                None
            }
            // A step whose answer was lost may have been taken: the next round looks before it repeats it.
            Err(error) if failures < max_retries && error.may_pass() && error.details().retry_after.is_none() => {
                failures += 1;
                Some(error)
            }
            Err(error) => return Err(error),
        };
        if let Err(ended) = cx.sleep(polling.next_wait()).await {
            return Err(match failure {
                Some(failure) if !cx.is_cancelled() => failure,
                _ if cx.is_cancelled() => ended,
                _ => {
                    let limit = COMPLETION_LIMIT.as_secs();
                    let text = format!("The steps that follow the creation were not done within {limit} s.");
                    Error::new(ErrorCode::Timeout, text).with_outcome(Outcome::Done)
                }
            });
        }
    }
}

/// Removes what a failed create has made, also when the caller has turned away, and says so in the error.
///
/// A failure that does not pass by itself ends it only while there is a caller who is told of it.
async fn undo(caller: &Cx, provider: &dyn Provider, handle: &Handle, instance: &Instance, error: Error) -> Error {
    let error = error.with_instance_id(&instance.id).with_resource_name(handle.name());
    let memory = &caller.core.memory;
    memory.dooms(provider.scope(), &instance.id);
    let began = caller.now();
    let cx = caller.detached(ABANDONED);
    let mut polling = Polling::new();
    loop {
        let failure = match remove(&cx, provider, &instance.id, Ownership::Ours).await {
            Ok(()) => {
                if !provider.ids_are_unique() {
                    memory.spares(provider.scope(), &instance.id);
                }
                return error.after("The instance was made and removed again");
            }
            Err(failure) => failure,
        };
        let told = !caller.is_cancelled();
        let hopeless = !failure.may_pass() || cx.now() - began >= REMOVAL_LIMIT;
        if (told && hopeless) || cx.sleep(polling.next_wait()).await.is_err() {
            memory.spares(provider.scope(), &instance.id);
            let note = format!("The instance was made and could not be removed again ({failure})");
            return error
                .with_leftover()
                .with_repeatable(handle.origin() == Origin::Key)
                .after(&note);
        }
    }
}
