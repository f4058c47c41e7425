//! A method call, from its submission to its reply.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio_util::sync::CancellationToken;

use super::arguments::JsObject;
use super::bridge::Environment;
use super::cancellations::Cancellations;
use super::completions::CompletionQueue;
use super::constants::SignalState;
use super::decode::Content;
use super::descriptions::{Descriptions, KnownCall};
use super::diagnostics::{CallEvents, CallIdentity};
use super::environment::CallVariables;
use super::reply::Reply;
use super::runtime;
use crate::context::events::EventSink;
use crate::error::{Error, ErrorContext, Operation, Result};
use crate::input::reader::Reader;
use crate::operations::{CallOutput, CallRequest, Handover, PreparedCall};
use crate::provider::config::ConfiguredProvider;

/// The numbers of a call.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) slot: i32,
    pub(super) operation: Operation,
    pub(super) signal: SignalState,
    /// The index of its provider.
    pub(super) provider: usize,
}

/// The texts of a call.
pub(super) struct Body<'a> {
    pub(super) id: String,
    pub(super) options: Content<'a>,
    /// The values of the variables that its provider may need, in the order in which it names them.
    pub(super) variables: Vec<String>,
    /// How its subscribers tell it from others; `None` without subscribers.
    pub(super) call_id: Option<String>,
}

/// Where the reply to a call goes, which it gets once.
pub(super) struct ReplyTo {
    pub(super) slot: i32,
    pub(super) completions: Arc<CompletionQueue>,
    /// Those of the environment, if the call's signal may cancel it.
    pub(super) cancellations: Option<Arc<Cancellations>>,
    pub(super) error_context: ErrorContext,
}

impl ReplyTo {
    /// Replies.
    pub(super) fn send(&self, result: Result<CallOutput>) {
        if let Some(cancellations) = &self.cancellations {
            cancellations.remove(self.slot);
        }
        self.completions
            .push(self.slot, &Reply::new(result, &self.error_context));
    }
}

/// A call that was checked and waits to be run.
pub(super) struct ReadyCall {
    reply_to: ReplyTo,
    call: PreparedCall,
    /// Fires with the call's signal.
    cancellation: Option<CancellationToken>,
    events: Option<Arc<CallEvents>>,
}

impl ReadyCall {
    /// Checks a call. One that is refused is replied to.
    pub(super) fn prepare(
        environment: &Environment,
        provider: &ConfiguredProvider,
        head: Head,
        body: Body<'_>,
    ) -> Option<Self> {
        let Head {
            slot,
            operation,
            signal,
            ..
        } = head;
        let identity = provider.factory.semantics.identity;
        let cancellation = match signal {
            SignalState::Watched => environment.cancellations.get(slot),
            _ => None,
        };
        let mut reply_to = ReplyTo {
            slot,
            completions: Arc::clone(&environment.completions),
            cancellations: cancellation.is_some().then(|| Arc::clone(&environment.cancellations)),
            error_context: ErrorContext {
                provider: identity.name,
                title: identity.title,
                operation,
                resource_name: None,
            },
        };
        let token = cancellation.clone().unwrap_or_default();
        let options = JsObject::new(provider.factory, operation, body.options);
        let variables = CallVariables::new(provider.variables(operation), &body.variables, &environment.variables);
        let prepare = || prepare(&variables, provider, operation, body.id, &options, token);
        // A fault in it must not take along the calls that crossed with this one.
        let prepared = catch_unwind(AssertUnwindSafe(prepare)).unwrap_or_else(|_| Err(fault()));
        let has_fired =
            signal == SignalState::Fired || cancellation.as_ref().is_some_and(CancellationToken::is_cancelled);
        let checked = prepared.and_then(|call| {
            reply_to.error_context.resource_name = call.resource_name();
            match signal {
                _ if has_fired => Err(unfinished(Error::aborted(), &reply_to.error_context)),
                SignalState::Invalid => Err(Error::argument("options.signal must be an AbortSignal.")),
                SignalState::Unreadable => Err(Error::argument("options.signal could not be read: it threw.")),
                SignalState::None | SignalState::Watched | SignalState::Fired => Ok(call),
            }
        });
        match checked {
            Ok(call) => {
                let ready = Self {
                    reply_to,
                    call,
                    cancellation,
                    events: None,
                };
                Some(match body.call_id {
                    Some(call_id) => ready.watch(call_id, &environment.descriptions),
                    None => ready,
                })
            }
            Err(error) => {
                if let Some(call_id) = &body.call_id {
                    environment.descriptions.set(slot, call_id, None);
                }
                reply_to.send(Err(error));
                None
            }
        }
    }

    /// Returns what is known of the call.
    pub(super) fn describe(&self) -> Option<Arc<KnownCall>> {
        KnownCall::new(&self.call.describe()).map(Arc::new)
    }

    /// Records the call for its subscribers, who get its description with its events, or before if they ask.
    fn watch(self, call_id: String, descriptions: &Arc<Descriptions>) -> Self {
        let description = self.describe();
        descriptions.set(self.reply_to.slot, &call_id, description.clone());
        self.record(call_id, descriptions, description)
    }

    /// Records the call for its subscribers. `description` is what they were not told yet.
    pub(super) fn record(
        mut self,
        call_id: String,
        descriptions: &Arc<Descriptions>,
        description: Option<Arc<KnownCall>>,
    ) -> Self {
        let ReplyTo {
            slot,
            completions,
            error_context,
            ..
        } = &self.reply_to;
        let ErrorContext {
            provider, operation, ..
        } = *error_context;
        let identity = CallIdentity {
            provider,
            operation: operation.as_str(),
            call_id,
        };
        self.events = Some(Arc::new(CallEvents::new(
            completions,
            descriptions,
            *slot,
            identity,
            description,
        )));
        self
    }

    /// Replies to the call that it failed.
    pub(super) fn refuse(&self, error: &Error) {
        self.reply_to.send(Err(error.clone()));
    }

    /// Runs the call and replies to it. One that was cancelled before sends nothing.
    pub(super) async fn run(self) {
        let is_cancelled = self.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled);
        if is_cancelled {
            if let Some(events) = &self.events {
                events.settle();
            }
            return self.refuse(&unfinished(Error::aborted(), &self.reply_to.error_context));
        }
        let call = match &self.events {
            Some(events) => self.call.with_events(Arc::clone(events) as Arc<dyn EventSink>),
            None => self.call,
        };
        let handover = call.handover();
        run(self.reply_to, call.run(), &handover, self.cancellation, self.events).await;
    }
}

fn prepare(
    variables: &CallVariables<'_>,
    provider: &ConfiguredProvider,
    operation: Operation,
    id: String,
    options: &JsObject<'_>,
    cancellation: CancellationToken,
) -> Result<PreparedCall> {
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
        variables,
        cancellation,
    )
}

/// Runs a call and replies to it, when it ends or when it is cancelled. A panic becomes `INTERNAL`.
///
/// A call that was cancelled is not dropped but ends by itself, because a create has to clean up.
pub(super) async fn run(
    reply_to: ReplyTo,
    call: impl Future<Output = Result<CallOutput>>,
    handover: &Handover,
    cancellation: Option<CancellationToken>,
    events: Option<Arc<CallEvents>>,
) {
    let settle = |result: Option<Result<CallOutput>>| {
        if let Some(events) = &events {
            events.settle();
        }
        if let Some(result) = result {
            reply_to.send(result);
        }
    };
    let aborted = || unfinished(Error::aborted(), &reply_to.error_context);
    let mut call = pin!(call);
    let mut cancelled = pin!(async {
        match &cancellation {
            Some(cancellation) => cancellation.cancelled().await,
            None => std::future::pending().await,
        }
    });
    let mut was_cancelled = false;
    let mut was_told = false;
    let done = std::future::poll_fn(|context| {
        // The call is dropped with everything that a panic leaves behind.
        match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => return Poll::Ready(done),
            Ok(Poll::Pending) => {}
            Err(_) => return Poll::Ready(Err(unfinished(fault(), &reply_to.error_context))),
        }
        if !was_cancelled && cancelled.as_mut().poll(context).is_ready() {
            was_cancelled = true;
            // Not if a create is just handing over its instance.
            was_told = handover.try_settle();
            if was_told {
                settle(Some(Err(aborted())));
            }
        }
        Poll::Pending
    })
    .await;
    settle((!was_told).then_some(done));
}

fn fault() -> Error {
    Error::internal("The call ended in a fault of this package.")
}

/// Adds the name under which the work may still leave a resource.
fn unfinished(error: Error, context: &ErrorContext) -> Error {
    match &context.resource_name {
        Some(name) => error.with_resource_name(name),
        None => error,
    }
}
