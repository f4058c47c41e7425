//! A method call, from its arguments to its reply.

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use napi::bindgen_prelude::{External, FromNapiValue, FunctionCallContext, ToNapiValue, Unknown};
use napi::{Env, Result};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::arguments::JsObject;
use super::completions::CompletionQueue;
use super::constants::{METHODS, SignalState};
use super::diagnostics::CallEvents;
use super::environment::JsEnvironment;
use super::reply::{Reply, error_to_json};
use super::runtime;
use crate::error::{Error, ErrorContext, Operation};
use crate::input::reader::Reader;
use crate::operations::{CallOutput, CallRequest, Handover, PreparedCall};
use crate::provider::config::ConfiguredProvider;

/// A call under way that JavaScript may cancel, or that somebody watches.
pub(super) struct StartedCall {
    error_context: ErrorContext,
    handover: Arc<Handover>,
    cancellation: CancellationToken,
    watched: Option<WatchedCall>,
}

/// What is told of a call that somebody watches.
struct WatchedCall {
    /// What is known before it begins, as JSON.
    description: String,
    events: Arc<CallEvents>,
}

/// [`StartedCall`] as JavaScript holds it.
pub(super) type CallHandle = External<StartedCall>;

/// The index of the `callId` among the arguments of [`start`].
const CALL_ID: usize = 6;

/// The numbers of the calls whose signals have fired while [`start`] checks them, in one environment: JavaScript's code runs
/// when the environment is read.
#[derive(Default)]
pub(super) struct AbortedStarts(RefCell<Vec<i64>>);

impl AbortedStarts {
    /// Notes a call.
    pub(super) fn add(&self, number: i64) {
        self.0.borrow_mut().push(number);
    }

    /// Returns whether a call was noted, and forgets it.
    fn take(&self, number: i64) -> bool {
        let mut numbers = self.0.borrow_mut();
        let before = numbers.len();
        numbers.retain(|noted| *noted != number);
        numbers.len() < before
    }
}

/// Checks a call and begins it: `start(provider, method, number, signalState, instanceId, options, callId)`. A call has a
/// `callId` only if somebody watches it.
///
/// Returns `undefined`, or a [`CallHandle`] if the call has a signal or is watched. A text is an error: nothing was begun.
pub(super) fn start(
    completions: &Arc<CompletionQueue>,
    aborted_starts: &AbortedStarts,
    context: &FunctionCallContext<'_>,
) -> Result<Unknown<'static>> {
    let env = &*context.env;
    let provider: &External<ConfiguredProvider> = context.get(0)?;
    let operation = METHODS[context.get::<u32>(1)? as usize & 3];
    let number: i64 = context.get(2)?;
    let signal = SignalState::from_number(context.get(3)?).unwrap_or(SignalState::Unreadable);
    let id: String = context.get(4)?;
    // The options hold secrets.
    let options: Zeroizing<String> = Zeroizing::new(context.get(5)?);
    let identity = provider.factory.semantics.identity;
    let mut error_context = ErrorContext {
        provider: identity.name,
        title: identity.title,
        operation,
        resource_name: None,
    };
    let cancellation = CancellationToken::new();
    let environment = JsEnvironment::new(env)?;
    let options = JsObject::read(provider.factory, operation, &options);
    let prepared = prepare(&environment, provider, operation, id, &options, &cancellation);
    let has_fired = aborted_starts.take(number);
    let checked = prepared.and_then(|call| {
        error_context.resource_name = call.resource_name();
        match signal {
            _ if has_fired => Err(unfinished(Error::aborted(), &error_context)),
            SignalState::Fired => Err(unfinished(Error::aborted(), &error_context)),
            SignalState::Invalid => Err(Error::argument("options.signal must be an AbortSignal.")),
            SignalState::Unreadable => Err(Error::argument("options.signal could not be read: it threw.")),
            SignalState::None | SignalState::Watched => Ok((runtime::runtime()?, call)),
        }
    });
    let (runtime, mut call) = match checked {
        Ok(checked) => checked,
        Err(error) => return text(env, error_to_json(error, &error_context)),
    };
    completions.ref_event_loop(env)?;
    let watched = if context.length() > CALL_ID {
        let call_id = context.get(CALL_ID)?;
        let events = CallEvents::new(completions, number, identity.name, operation, call_id);
        let watched = WatchedCall {
            description: serde_json::to_string(&call.describe()).unwrap_or_else(|_| "{}".to_owned()),
            events: Arc::new(events),
        };
        call = call.with_events(watched.events.clone());
        Some(watched)
    } else {
        None
    };
    let events = watched.as_ref().map(|watched| Arc::clone(&watched.events));
    let handle = (signal == SignalState::Watched || watched.is_some()).then(|| StartedCall {
        error_context: error_context.clone(),
        handover: call.handover(),
        cancellation,
        watched,
    });
    let completions = Arc::clone(completions);
    runtime.spawn(async move { run(&completions, number, &error_context, call.run(), events).await });
    match handle {
        Some(handle) => Unknown::from_unknown(External::new(handle).into_unknown(env)?),
        None => Unknown::from_unknown(().into_unknown(env)?),
    }
}

fn prepare(
    environment: &JsEnvironment<'_>,
    provider: &ConfiguredProvider,
    operation: Operation,
    id: String,
    options: &JsObject<'_>,
    cancellation: &CancellationToken,
) -> crate::error::Result<PreparedCall> {
    let non_empty = |id: String| {
        let missing = || Error::argument("instanceId must be a non-empty string.");
        Some(id).filter(|id| !id.is_empty()).ok_or_else(missing)
    };
    let request = match operation {
        Operation::GetById => CallRequest::GetById { id: non_empty(id)? },
        Operation::Destroy => CallRequest::Destroy { id: non_empty(id)? },
        Operation::List => CallRequest::List,
        Operation::Create | Operation::Configure => CallRequest::Create,
    };
    if let Some(kind) = options.wrong_kind() {
        return Err(Error::argument(format!("options must be an object, not {kind}.")));
    }
    PreparedCall::prepare(
        runtime::process(),
        provider,
        request,
        &Reader::options(options),
        environment,
        cancellation.clone(),
    )
}

/// Runs a call and sends its reply. A panic becomes `INTERNAL`.
pub(super) async fn run(
    completions: &CompletionQueue,
    number: i64,
    error_context: &ErrorContext,
    call: impl Future<Output = crate::error::Result<CallOutput>>,
    events: Option<Arc<CallEvents>>,
) {
    let mut call = Box::pin(call);
    let done = std::future::poll_fn(|context| {
        // The call is dropped with everything that a panic leaves behind.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    });
    let fault = || {
        let error = Error::internal("The call ended in a fault of this package.");
        Err(unfinished(error, error_context))
    };
    let reply = Reply::new(done.await.unwrap_or_else(fault), error_context);
    if let Some(events) = events {
        events.settle();
    }
    completions.push(number, &reply);
}

/// Returns what is known of a watched call before it begins, as JSON.
pub(super) fn describe(handle: &StartedCall) -> &str {
    handle.watched.as_ref().map_or("{}", |watched| &watched.description)
}

/// Returns the events of a watched call until now, as JSON, when it was cancelled.
pub(super) fn take_events(handle: &StartedCall) -> String {
    handle
        .watched
        .as_ref()
        .map_or_else(|| "null".to_owned(), |watched| watched.events.take())
}

/// Cancels a call. Returns the error for its caller, or `None` if a create is just handing over its instance.
///
/// The work is not dropped but ends by itself, because a create has to clean up.
pub(super) fn cancel(handle: &StartedCall) -> Option<String> {
    handle.cancellation.cancel();
    let is_first = handle.handover.try_settle();
    let error = || unfinished(Error::aborted(), &handle.error_context);
    is_first.then(|| error_to_json(error(), &handle.error_context))
}

/// Adds the name under which the work may still leave a resource.
fn unfinished(error: Error, context: &ErrorContext) -> Error {
    match &context.resource_name {
        Some(name) => error.with_resource_name(name),
        None => error,
    }
}

fn text(env: &Env, text: String) -> Result<Unknown<'static>> {
    Unknown::from_unknown(text.into_unknown(env)?)
}
