//! The functions by which `bridge.js` begins calls and cancels them. They run on JavaScript's thread, and do little there.

use std::sync::Arc;

use napi::Result;
use napi::bindgen_prelude::{Array, External, FunctionCallContext};
use zeroize::Zeroizing;

use super::bridge::{Bridge, Environment};
use super::descriptions::{self, KnownCall};
use super::runtime;
use super::submission::Submission;
use crate::provider::config::ConfiguredProvider;

/// A configured provider as JavaScript holds it.
pub(super) type ProviderHandle = External<Arc<ConfiguredProvider>>;

/// Begins the calls of a tick: `submit(providers, text, cancellable)`.
pub(super) fn submit(context: &FunctionCallContext<'_>) -> Result<()> {
    let environment = environment(context)?;
    let submission = read(&environment, context)?;
    let cancellable: Vec<i32> = context.get(2)?;
    for slot in cancellable {
        environment.cancellations.add(slot);
    }
    environment.completions.ref_event_loop(context.env)?;
    match runtime::worker() {
        Ok(worker) => drop(worker.spawn(async move {
            submission.prepare(|call| drop(tokio::spawn(call.run())));
        })),
        Err(error) => submission.refuse_all(&error),
    }
    Ok(())
}

/// Checks a call whose subscribers ask at `start` what is known of it: `submitTraced(providers, text, callId)`. It waits for
/// `launch`.
///
/// Returns what is known of it, as JSON.
pub(super) fn submit_traced(context: &FunctionCallContext<'_>) -> Result<String> {
    let environment = environment(context)?;
    let submission = read(&environment, context)?;
    let call_id: String = context.get(2)?;
    environment.completions.ref_event_loop(context.env)?;
    submission.make_cancellable();
    let mut description = None;
    submission.prepare(|call| {
        description = call.describe();
        let call = call.record(call_id.clone(), &environment.descriptions, None);
        environment.add_ready(Box::new(|worker| match worker {
            Ok(()) => drop(tokio::spawn(call.run())),
            Err(error) => call.refuse(&error),
        }));
    });
    let description = description.as_deref();
    Ok(description.map_or_else(|| descriptions::NOTHING.to_owned(), KnownCall::to_json))
}

/// Begins the calls that wait: `launch()`. The worker makes their tasks, which are large.
pub(super) fn launch(context: &FunctionCallContext<'_>) -> Result<()> {
    let calls = environment(context)?.take_ready();
    match runtime::worker() {
        Ok(worker) => drop(worker.spawn(async move {
            for call in calls {
                call(Ok(()));
            }
        })),
        Err(error) => {
            for call in calls {
                call(Err(error.clone()));
            }
        }
    }
    Ok(())
}

/// Returns what is known of a call that was submitted and not replied to, as JSON: `describe(slot, callId)`. It waits until the
/// worker has prepared the call.
pub(super) fn describe(context: &FunctionCallContext<'_>) -> Result<String> {
    let slot = context.get(0)?;
    let call_id: String = context.get(1)?;
    Ok(environment(context)?.descriptions.wait(slot, &call_id))
}

/// Cancels a call: `cancel(slot)`.
pub(super) fn cancel(context: &FunctionCallContext<'_>) -> Result<()> {
    let slot = context.get(0)?;
    environment(context)?.cancellations.cancel(slot);
    Ok(())
}

fn environment(context: &FunctionCallContext<'_>) -> Result<Arc<Environment>> {
    Ok(Arc::clone(&Bridge::installed(context.env)?.environment))
}

fn read(environment: &Arc<Environment>, context: &FunctionCallContext<'_>) -> Result<Submission> {
    let handles: Array<'_> = context.get(0)?;
    let mut providers = Vec::new();
    for index in 0..handles.len() {
        let handle: Option<&ProviderHandle> = handles.get(index)?;
        providers.extend(handle.map(|handle| Arc::clone(handle)));
    }
    Ok(Submission {
        environment: Arc::clone(environment),
        providers,
        text: Zeroizing::new(context.get(1)?),
    })
}
