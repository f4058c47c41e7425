//! Hands the events of a call to JavaScript, which publishes them on the channels of `node:diagnostics_channel`.
//!
//! The events wait in a buffer of the call and cross with its reply. What a call leaves behind may go on after that: then they
//! cross with the next step of a clean-up, and at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::value::RawValue;

use super::completions::CompletionQueue;
use super::constants::ReplyKind;
use super::reply::Reply;
use crate::context::events::{Event, EventSink};

/// The most events that wait. A listing may have 10 000 requests; its later ones are not told.
const LIMIT: usize = 1_000;

/// The slot of a call that has settled.
const NO_SLOT: i32 = -1;

/// The events of one call.
pub(super) struct CallEvents {
    completions: Arc<CompletionQueue>,
    slot: i32,
    identity: CallIdentity,
    state: Mutex<State>,
}

/// What identifies a call in every message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallIdentity {
    pub(super) provider: &'static str,
    pub(super) operation: &'static str,
    pub(super) call_id: String,
}

#[derive(Default)]
struct State {
    waiting: Vec<Event>,
    /// What is known of the call, until it has crossed.
    description: Option<Box<RawValue>>,
    /// The caller has its answer.
    has_settled: bool,
}

/// The events as `diagnostics.js` takes them.
#[derive(Serialize)]
struct Batch<'a> {
    /// Of a call that has settled. JavaScript knows the others by their slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'a CallIdentity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'a RawValue>,
    events: &'a [Event],
}

impl CallEvents {
    /// Makes the empty buffer of a call.
    pub(super) fn new(
        completions: &Arc<CompletionQueue>,
        slot: i32,
        identity: CallIdentity,
        description: Option<String>,
    ) -> Self {
        Self {
            completions: Arc::clone(completions),
            slot,
            identity,
            state: Mutex::new(State {
                description: description.and_then(|text| RawValue::from_string(text).ok()),
                ..State::default()
            }),
        }
    }

    /// Sends what waits before the reply to the call. What comes later crosses by itself.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        let events = std::mem::take(&mut state.waiting);
        let known = state.description.take();
        // Also without events: the summary of the call is made of them. One that was cancelled has its summary.
        if !state.has_settled || !events.is_empty() {
            self.send(state.has_settled, known.as_deref(), &events);
        }
        state.has_settled = true;
    }

    /// Sends events of a call. One that has settled has no slot any more.
    fn send(&self, has_settled: bool, known: Option<&RawValue>, events: &[Event]) {
        let call = has_settled.then_some(&self.identity);
        // Nothing in it can fail to be written.
        let Ok(value) = serde_json::to_string(&Batch { call, known, events }) else {
            return;
        };
        let slot = if has_settled { NO_SLOT } else { self.slot };
        let kind = ReplyKind::Events;
        self.completions.push(slot, &Reply { kind, value });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for CallEvents {
    fn record(&self, event: Event) {
        let mut state = self.state();
        let is_cleanup = matches!(event, Event::Cleanup(_));
        if state.waiting.len() < LIMIT || is_cleanup {
            state.waiting.push(event);
        }
        if state.has_settled && is_cleanup {
            let events = std::mem::take(&mut state.waiting);
            self.send(true, None, &events);
        }
    }
}

impl Drop for CallEvents {
    /// Sends what the work behind a settled call has recorded since.
    fn drop(&mut self) {
        let mut state = self.state();
        let events = std::mem::take(&mut state.waiting);
        if !events.is_empty() {
            self.send(state.has_settled, None, &events);
        }
    }
}
