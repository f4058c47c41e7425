//! A method call, from its arguments to its reply.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use napi::bindgen_prelude::{External, FromNapiValue, FunctionCallContext, ToNapiValue, Unknown};
use napi::{Env, Result};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::arguments::Given;
use super::completions::WayBack;
use super::environment::JsEnvironment;
use super::reply::Reply;
use super::runtime;
use crate::error::{Error, Operation};
use crate::input::reader::Reader;
use crate::model::scope::Identity;
use crate::operations;
use crate::operations::Claim;
use crate::operations::{Ask, Call, in_context};
use crate::provider::config::Definition;

/// The methods, in the order in which `border.js` counts them.
const METHODS: [Operation; 4] = [
    Operation::Create,
    Operation::GetById,
    Operation::List,
    Operation::Destroy,
];

/// What `border.js` has found in `options.signal`.
mod signal {
    pub(super) const NONE: u32 = 0;
    pub(super) const FIRED: u32 = 2;
    pub(super) const WRONG: u32 = 3;
    pub(super) const UNREADABLE: u32 = 4;
}

/// Who is told of a failure that the work itself cannot report: a cancellation, a panic.
#[derive(Clone)]
pub(super) struct Label {
    pub(super) identity: Identity,
    pub(super) operation: Operation,
    pub(super) resource_name: Option<String>,
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

/// By what a call under way is cancelled.
pub(super) struct Cancel {
    label: Label,
    claim: Arc<Claim>,
    cancellation: CancellationToken,
}

pub(super) type CancelHandle = External<Cancel>;

/// `start(definition, operation, number, signal, instanceId, options)`: checks a call and sets it going.
///
/// Gives nothing, or a handle to cancel it by if it has a signal. A text says why nothing was begun: the error, or the
/// names of the fields to be read next time.
pub(super) fn start(way_back: &Arc<WayBack>, context: &FunctionCallContext<'_>) -> Result<Unknown<'static>> {
    let env = &*context.env;
    let definition: &External<Arc<dyn Definition>> = context.get(0)?;
    let operation = METHODS[context.get::<u32>(1)? as usize & 3];
    let number: i64 = context.get(2)?;
    let signal: u32 = context.get(3)?;
    let id: String = context.get(4)?;
    // It holds secrets.
    let payload: Zeroizing<String> = Zeroizing::new(context.get(5)?);
    let identity = definition.identity();
    let given = Given::read(identity, operation, &payload);
    let cancellation = CancellationToken::new();
    let environment = JsEnvironment::of(env)?;
    let prepared = prepare(&environment, &***definition, operation, id, &given, &cancellation);
    if let Some(names) = given.unknown_names() {
        return text(env, names);
    }
    let checked = prepared.and_then(|call| {
        let label = Label {
            identity,
            operation,
            resource_name: call.resource_name(),
        };
        match signal {
            signal::FIRED => Err(label.on(Error::aborted())),
            signal::WRONG => Err(Error::argument("options.signal must be an AbortSignal.")),
            signal::UNREADABLE => Err(Error::argument("options.signal could not be read: it threw.")),
            _ => Ok((runtime::runtime()?, call, label)),
        }
    });
    let (runtime, call, label) = match checked {
        Ok(checked) => checked,
        Err(error) => return text(env, super::error::to_json(&in_context(error, identity, operation))),
    };
    way_back.hold(env)?;
    let handle = (signal != signal::NONE).then(|| Cancel {
        label: label.clone(),
        claim: call.claim(),
        cancellation,
    });
    let way_back = Arc::clone(way_back);
    runtime.spawn(async move { reply(&way_back, number, &label, call.run()).await });
    match handle {
        Some(handle) => Unknown::from_unknown(External::new(handle).into_unknown(env)?),
        None => Unknown::from_unknown(().into_unknown(env)?),
    }
}

fn prepare(
    environment: &JsEnvironment<'_>,
    definition: &dyn Definition,
    operation: Operation,
    id: String,
    given: &Given<'_>,
    cancellation: &CancellationToken,
) -> crate::error::Result<Call> {
    let filled = |id: String| {
        let missing = || Error::argument("instanceId must be a non-empty string.");
        Some(id).filter(|id| !id.is_empty()).ok_or_else(missing)
    };
    let ask = match operation {
        Operation::GetById => Ask::GetById { id: filled(id)? },
        Operation::Destroy => Ask::Destroy { id: filled(id)? },
        Operation::List => Ask::List,
        Operation::Create | Operation::Configure => Ask::Create,
    };
    if let Some(kind) = given.wrong_kind() {
        return Err(Error::argument(format!("options must be an object, not {kind}.")));
    }
    let options = Reader::options(given);
    Call::prepare(
        runtime::core(),
        definition,
        ask,
        &options,
        environment,
        cancellation.clone(),
    )
}

/// Does the work and sends its reply. A panic becomes `INTERNAL`.
pub(super) async fn reply(
    way_back: &WayBack,
    number: i64,
    label: &Label,
    work: impl Future<Output = crate::error::Result<operations::Reply>>,
) {
    let mut work = Box::pin(work);
    let done = std::future::poll_fn(|context| {
        // What a panic leaves behind is dropped with the work.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    });
    let fault = || Err(label.on(Error::internal("The call ended in a fault of this package.")));
    let reply = Reply::of(done.await.unwrap_or_else(fault));
    way_back.send(number, reply);
}

/// Cancels a call. Gives the error for its caller, or nothing if a create is just handing over its instance.
///
/// The work is not thrown away but ends by itself, because a create has to clean up.
pub(super) fn cancel(handle: &Cancel) -> Option<String> {
    handle.cancellation.cancel();
    let claimed = handle.claim.take();
    claimed.then(|| super::error::to_json(&handle.label.on(Error::aborted())))
}

fn text(env: &Env, text: String) -> Result<Unknown<'static>> {
    Unknown::from_unknown(text.into_unknown(env)?)
}
