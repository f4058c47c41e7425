//! `create`: a name chosen before sending, one request that makes the resource, the steps that complete it, and the
//! removal of whatever was made when a later step fails.
//!
//! Reconciliation has its place where [`send`] meets an unknown outcome: today that is reported as `OUTCOME_UNKNOWN`,
//! with the name under which the resource may exist.

use std::time::Duration;

use super::destroy::remove;
use super::polling::Polling;
use super::ready::until_ready;
use crate::context::Cx;
use crate::create_request::CreateRequest;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::handle::Handle;
use crate::instance::Instance;
use crate::provider::{Completion, Ownership, Provider};

/// How long the steps after the first request may take in all.
const COMPLETION_LIMIT: Duration = Duration::from_secs(120);

/// How long the removal of a failed create may take.
const REMOVAL_LIMIT: Duration = Duration::from_secs(120);

/// A create that was checked and named, and has sent nothing yet.
pub(crate) struct Creation {
    request: CreateRequest,
    handle: Handle,
}

impl Creation {
    /// Chooses the handle and refuses what the provider cannot do.
    pub(crate) fn prepare(cx: &Cx, provider: &dyn Provider, mut request: CreateRequest) -> Result<Self> {
        let handle = match request.name.take() {
            Some(name) => Handle::named(name),
            None => Handle::random(&*cx.core.random)?,
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
///
/// `patience` bounds the request that makes it; completing it, waiting for it and removing it have bounds of their own.
pub(crate) async fn create(
    cx: &Cx,
    provider: &dyn Provider,
    creation: &Creation,
    patience: Duration,
) -> Result<Instance> {
    let Creation { request, handle } = creation;
    let instance = send(&cx.within(patience), provider, request, handle).await?;
    cx.core.memory.created(provider.scope(), &instance.id);
    match finish(cx, provider, request, &instance).await {
        Ok(instance) => Ok(instance),
        Err(error) => Err(undo(cx, provider, handle, &instance, error).await),
    }
}

/// The request that makes the resource.
async fn send(cx: &Cx, provider: &dyn Provider, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
    provider.create(cx, request, handle).await.map_err(|error| {
        if error.outcome() == Outcome::NoEffect {
            return error;
        }
        let code = match error.code() {
            ErrorCode::Aborted => ErrorCode::Aborted,
            _ => ErrorCode::OutcomeUnknown,
        };
        error
            .with_code(code)
            .with_resource_name(handle.name())
            .after("Whether the resource was made is not known")
    })
}

/// Completes the create and, if asked to, waits until the instance runs.
async fn finish(cx: &Cx, provider: &dyn Provider, request: &CreateRequest, instance: &Instance) -> Result<Instance> {
    let instance = complete(cx, provider, request, instance).await?;
    match request.ready_timeout {
        Some(limit) => until_ready(cx, provider, &instance, limit).await,
        None if cx.is_cancelled() => Err(Error::aborted()),
        None => Ok(instance),
    }
}

async fn complete(cx: &Cx, provider: &dyn Provider, request: &CreateRequest, instance: &Instance) -> Result<Instance> {
    let cx = cx.within(COMPLETION_LIMIT);
    let mut polling = Polling::new();
    loop {
        match provider.complete(&cx, request, instance).await? {
            Completion::Done(instance) => return Ok(instance),
            Completion::Pending => cx.sleep(polling.next_wait()).await?,
        }
    }
}

/// Removes what a failed create has made, also when the caller has turned away, and says so in the error.
async fn undo(cx: &Cx, provider: &dyn Provider, handle: &Handle, instance: &Instance, error: Error) -> Error {
    let error = error.with_instance_id(&instance.id).with_resource_name(handle.name());
    let cx = cx.detached(REMOVAL_LIMIT);
    match remove(&cx, provider, &instance.id, Ownership::Ours).await {
        Ok(()) => error.after("The instance was made and removed again"),
        Err(removal) => {
            let note = format!("The instance was made and could not be removed again ({removal})");
            error.after(&note)
        }
    }
}
