//! The calls of a tick, which cross to the worker together as one text.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::bridge::Environment;
use super::call::{Body, Head, ReadyCall, ReplyTo};
use super::constants::{METHODS, SignalState};
use crate::error::{Error, ErrorContext};
use crate::provider::config::ConfiguredProvider;

/// Calls that were submitted.
pub(super) struct Submission {
    pub(super) environment: Arc<Environment>,
    pub(super) providers: Vec<Arc<ConfiguredProvider>>,
    /// It holds secrets.
    pub(super) text: Zeroizing<String>,
}

impl Submission {
    /// Checks the calls one after the other, and hands on each that may begin. The others are replied to.
    pub(super) fn prepare(&self, mut begin: impl FnMut(ReadyCall)) {
        let mut text = serde_json::Deserializer::from_str(&self.text);
        let mut heads = read_heads(&mut text).into_iter();
        let each = EachBody(|body| {
            let head = heads.next();
            if let Some((head, provider)) = head.and_then(|head| Some((head, self.providers.get(head.provider)?)))
                && let Some(call) = ReadyCall::prepare(&self.environment, provider, head, body)
            {
                begin(call);
            }
        });
        if each.deserialize(&mut text).is_err() {
            // What `bridge.js` writes can be read. If it cannot, no call may wait for ever.
            let error = Error::internal("The call could not be read.");
            heads.for_each(|head| self.refuse(head, &error));
        }
    }

    /// Makes the calls whose signals may fire cancellable.
    pub(super) fn make_cancellable(&self) {
        let watched = self
            .heads()
            .into_iter()
            .filter(|head| head.signal == SignalState::Watched);
        watched.for_each(|head| self.environment.cancellations.add(head.slot));
    }

    /// Replies to all calls that they failed.
    pub(super) fn refuse_all(&self, error: &Error) {
        self.heads().into_iter().for_each(|head| self.refuse(head, error));
    }

    fn heads(&self) -> Vec<Head> {
        let mut text = serde_json::Deserializer::from_str(&self.text);
        read_heads(&mut text)
    }

    /// Replies to a call that it failed.
    fn refuse(&self, head: Head, error: &Error) {
        let identity = self
            .providers
            .first()
            .map(|provider| provider.factory.semantics.identity);
        let Some(identity) = identity else {
            return;
        };
        let reply_to = ReplyTo {
            slot: head.slot,
            completions: Arc::clone(&self.environment.completions),
            cancellations: Some(Arc::clone(&self.environment.cancellations)),
            error_context: ErrorContext {
                provider: identity.name,
                title: identity.title,
                operation: head.operation,
                resource_name: None,
            },
        };
        reply_to.send(Err(error.clone()));
    }
}

fn read_heads(text: &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>) -> Vec<Head> {
    let numbers = Vec::<i32>::deserialize(text).unwrap_or_default();
    numbers.as_chunks().0.iter().map(read_head).collect()
}

/// Reads the four numbers of a call, as `bridge.js` writes them.
fn read_head(&[slot, method, signal, provider]: &[i32; 4]) -> Head {
    let method = usize::try_from(method).unwrap_or_default();
    Head {
        slot,
        operation: METHODS[method % METHODS.len()],
        signal: SignalState::from_number(signal).unwrap_or(SignalState::Unreadable),
        provider: usize::try_from(provider).unwrap_or(usize::MAX),
    }
}

/// Takes the bodies one by one.
struct EachBody<F>(F);

impl<'de, F: FnMut(Body<'de>)> DeserializeSeed<'de> for EachBody<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(Body<'de>)> Visitor<'de> for EachBody<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ids, options, variables and ids of calls")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let missing = || serde::de::Error::custom("a value is missing");
        while let Some(id) = items.next_element()? {
            let options = items.next_element()?.ok_or_else(missing)?;
            let variables = items.next_element()?.ok_or_else(missing)?;
            let call_id = items.next_element()?.ok_or_else(missing)?;
            (self.0)(Body {
                id,
                options,
                variables,
                call_id,
            });
        }
        Ok(())
    }
}
