//! A method call, from its arguments to its settled promise.

use std::sync::Arc;

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, Result};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::abort::AbortHook;
use super::error::CallSite;
use super::result::Crossing;
use super::scrub::Scrub;
use crate::context::Claim;
use crate::error::{Error, Operation};
use crate::operations::{Reply, in_context};
use crate::provider::Identity;

/// What must be undone on JavaScript's thread once the call is settled.
pub(super) struct Hooks {
    pub(super) site: CallSite,
    pub(super) abort: Option<AbortHook>,
    pub(super) cancellation: CancellationToken,
}

/// Who is told of a failure that the work itself cannot report: a cancellation, a panic.
pub(super) struct Label {
    pub(super) identity: Identity,
    pub(super) operation: Operation,
    pub(super) resource_name: Option<String>,
    pub(super) claim: Arc<Claim>,
}

impl Label {
    fn on(&self, error: Error) -> Error {
        let error = match &self.resource_name {
            Some(name) => error.with_resource_name(name),
            None => error,
        };
        in_context(error, self.identity, self.operation)
    }
}

type Settle = Box<dyn FnOnce(Env) -> Result<Unknown<'static>> + Send>;

/// Runs `work` off JavaScript's thread and gives a promise of its reply.
///
/// A cancellation rejects at once; the work is not thrown away but ends by itself, because a create has to clean up.
/// A panic becomes `INTERNAL`.
pub(super) fn promise<'env>(
    env: &'env Env,
    runtime: &Runtime,
    hooks: Hooks,
    label: Label,
    work: impl Future<Output = crate::error::Result<Reply>> + Send + 'static,
) -> Result<Object<'env>> {
    let (deferred, promise) = env.create_deferred::<Unknown<'static>, Settle>()?;
    let cancellation = hooks.cancellation.clone();
    let mut task = runtime.spawn(work);
    runtime.spawn(async move {
        let finished = tokio::select! {
            biased;
            () = cancellation.cancelled() => None,
            joined = &mut task => Some(joined),
        };
        let joined = match finished {
            Some(joined) => joined,
            None if label.claim.take() => Ok(Err(label.on(Error::aborted()))),
            // The signal came too late: the create is just handing over its instance.
            None => task.await,
        };
        let outcome =
            joined.unwrap_or_else(|_| Err(label.on(Error::internal("The call ended in a fault of this package."))));
        let crossing = outcome.and_then(|reply| Crossing::of(&reply));
        deferred.resolve(Box::new(move |env| settle(&env, hooks, &label, crossing)));
    });
    Ok(promise)
}

/// Runs on JavaScript's thread: unhooks what was hooked, then builds the value or the error.
fn settle(
    env: &Env,
    hooks: Hooks,
    label: &Label,
    crossing: crate::error::Result<Crossing>,
) -> Result<Unknown<'static>> {
    let aborted = hooks.cancellation.is_cancelled();
    // The signal may have fired while the reply was on its way here: to its caller that is an abort like any other. Not
    // so for a create, whose reply says what exists.
    let crossing = match label.operation {
        Operation::Create => crossing,
        _ if aborted => Err(label.on(Error::aborted())),
        _ => crossing,
    };
    let scrub = Scrub::new(env)?;
    let reason = hooks.abort.and_then(|hook| hook.release(env, &scrub));
    match crossing {
        Ok(crossing) => {
            hooks.site.forget(env)?;
            crossing.into_js(env)
        }
        Err(error) => Err(hooks.site.into_error(env, &error, reason.filter(|_| aborted))?),
    }
}
