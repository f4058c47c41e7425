//! Hands the events of a call to JavaScript, which publishes them on the channels of `node:diagnostics_channel`.
//!
//! The events wait in a buffer of the call and cross with its reply. What a call leaves behind may go on after that: then they
//! cross with the next step of a clean-up, and at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::completions::CompletionQueue;
use super::constants::ReplyKind;
use super::reply::Reply;
use crate::context::events::{Event, EventSink};
use crate::error::Operation;

/// The most events that wait. A listing may have 10 000 requests; its later ones are not told.
const LIMIT: usize = 1_000;

/// The events of one call.
pub(super) struct CallEvents {
    completions: Arc<CompletionQueue>,
    number: i64,
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
    /// The caller has its answer.
    has_settled: bool,
}

/// The events as `diagnostics.js` takes them.
#[derive(Serialize)]
struct Batch<'a> {
    call: &'a CallIdentity,
    events: &'a [Event],
}

impl CallEvents {
    /// Makes the empty buffer of a call.
    pub(super) fn new(
        completions: &Arc<CompletionQueue>,
        number: i64,
        provider: &'static str,
        operation: Operation,
        call_id: String,
    ) -> Self {
        Self {
            completions: Arc::clone(completions),
            number,
            identity: CallIdentity {
                provider,
                operation: operation.as_str(),
                call_id,
            },
            state: Mutex::default(),
        }
    }

    /// Sends what waits before the reply to the call. What comes later crosses by itself.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        let events = std::mem::take(&mut state.waiting);
        // Also without events: the summary of the call is made of them. One that was cancelled has its summary.
        if !state.has_settled || !events.is_empty() {
            self.send(&events);
        }
        state.has_settled = true;
    }

    /// Returns what waits, as JSON, for a call that its caller has cancelled.
    pub(super) fn take(&self) -> String {
        let mut state = self.state();
        let events = std::mem::take(&mut state.waiting);
        state.has_settled = true;
        self.to_json(&events)
    }

    fn send(&self, events: &[Event]) {
        let value = self.to_json(events);
        let kind = ReplyKind::Events;
        self.completions.push(self.number, &Reply { kind, value });
    }

    fn to_json(&self, events: &[Event]) -> String {
        let call = &self.identity;
        // Nothing in it can fail to be written.
        serde_json::to_string(&Batch { call, events }).unwrap_or_else(|_| "null".to_owned())
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
            self.send(&events);
        }
    }
}

impl Drop for CallEvents {
    /// Sends what the work behind a settled call has recorded since.
    fn drop(&mut self) {
        let events = std::mem::take(&mut self.state().waiting);
        if !events.is_empty() {
            self.send(&events);
        }
    }
}
