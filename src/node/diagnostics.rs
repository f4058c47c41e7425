//! Hands the events of a call to JavaScript, which publishes them on the channels of `node:diagnostics_channel`.
//!
//! The events wait in a buffer of the call and cross with its reply. What a call leaves behind may go on after that: then they
//! cross with the next step of a clean-up, and at the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::completions::CompletionQueue;
use super::constants::ReplyKind;
use super::descriptions::{Descriptions, KnownCall};
use super::reply::Reply;
use crate::context::events::{Event, EventSink, RequestEvent};

/// The most events that wait. A listing may have 10 000 requests; its later ones are not told.
const LIMIT: usize = 1_000;

/// The slot of a call that has settled.
const NO_SLOT: i32 = -1;

/// The events of one call.
pub(super) struct CallEvents {
    completions: Arc<CompletionQueue>,
    descriptions: Arc<Descriptions>,
    slot: i32,
    identity: CallIdentity,
    state: Mutex<State>,
}

/// What identifies a call in every message.
#[derive(serde::Serialize)]
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
    description: Option<Arc<KnownCall>>,
    /// The caller has its answer.
    has_settled: bool,
}

/// The events as `diagnostics.js` takes them, in one array: the identity of a call that has settled (JavaScript knows the others
/// by their slots), what is known of the call, and of each event its kind and what it tells. A create has one request or more
/// and hardly any other event, so a request is its values in their order, and another event an object.
struct Batch<'a> {
    call: Option<&'a CallIdentity>,
    known: Option<Known<'a>>,
    events: &'a [Event],
}

/// The description of a call, as a batch tells it.
struct Known<'a> {
    call: &'a KnownCall,
    /// The number of its target.
    number: usize,
    /// JavaScript knows the target.
    is_told: bool,
}

impl Serialize for Batch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(None)?;
        row.serialize_element(&self.call)?;
        match &self.known {
            Some(known) => known.call.write(&mut row, known.number, known.is_told)?,
            None => KnownCall::write_nothing(&mut row)?,
        }
        for event in self.events {
            match event {
                Event::Request(request) => write_request(&mut row, request)?,
                Event::Retry(fields) => write_event(&mut row, "retry", fields)?,
                Event::Reconcile(fields) => write_event(&mut row, "reconcile", fields)?,
                Event::RateLimit(fields) => write_event(&mut row, "rate-limit", fields)?,
                Event::Cleanup(fields) => write_event(&mut row, "cleanup", fields)?,
            }
        }
        row.end()
    }
}

fn write_event<R: SerializeSeq>(row: &mut R, kind: &str, fields: &impl Serialize) -> Result<(), R::Error> {
    row.serialize_element(kind)?;
    row.serialize_element(fields)
}

fn write_request<R: SerializeSeq>(row: &mut R, request: &RequestEvent) -> Result<(), R::Error> {
    row.serialize_element("request")?;
    row.serialize_element(&request.method)?;
    row.serialize_element(&request.url_template)?;
    row.serialize_element(&request.operation_name)?;
    row.serialize_element(&request.status_code)?;
    // Whole numbers: V8 reads them in half the time.
    row.serialize_element(&request.start_time.as_micros())?;
    row.serialize_element(&request.duration.as_micros())?;
    row.serialize_element(&request.resend_count)?;
    row.serialize_element(&request.request_id)?;
    row.serialize_element(&request.error_code)?;
    row.serialize_element(&request.rate_limit_wait.as_micros())
}

impl CallEvents {
    /// Makes the empty buffer of a call.
    pub(super) fn new(
        completions: &Arc<CompletionQueue>,
        descriptions: &Arc<Descriptions>,
        slot: i32,
        identity: CallIdentity,
        description: Option<Arc<KnownCall>>,
    ) -> Self {
        Self {
            completions: Arc::clone(completions),
            descriptions: Arc::clone(descriptions),
            slot,
            identity,
            state: Mutex::new(State {
                description,
                ..State::default()
            }),
        }
    }

    /// Sends what waits before the reply to the call. What comes later crosses by itself.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        let events = std::mem::take(&mut state.waiting);
        let description = state.description.take();
        // Also without events: the summary of the call is made of them. One that was cancelled has its summary.
        if !state.has_settled || !events.is_empty() {
            self.send(state.has_settled, description.as_deref(), &events);
        }
        state.has_settled = true;
    }

    /// Sends events of a call. One that has settled has no slot any more.
    fn send(&self, has_settled: bool, description: Option<&KnownCall>, events: &[Event]) {
        // Kept until the batch waits: others refer to the target that it tells.
        let mut told = description.map(|_| self.descriptions.told());
        let known = description.zip(told.as_mut()).map(|(call, told)| {
            let (number, is_told) = told.add(call);
            Known { call, number, is_told }
        });
        let batch = Batch {
            call: has_settled.then_some(&self.identity),
            known,
            events,
        };
        // Nothing in it can fail to be written.
        let Ok(value) = serde_json::to_string(&batch) else {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::context::events::{Milliseconds, RetryEvent};
    use crate::node::descriptions::known_call;

    #[test]
    fn a_request_is_its_values_and_another_event_an_object() {
        let identity = CallIdentity {
            provider: "railway",
            operation: "create",
            call_id: "x-1".to_owned(),
        };
        let request = RequestEvent {
            method: "POST".to_owned(),
            url_template: "/graphql/v2".to_owned(),
            operation_name: Some("serviceCreate"),
            status_code: Some(200),
            start_time: Milliseconds::from(Duration::from_nanos(1_795_000_000_000_123_499)),
            duration: Milliseconds::from(Duration::from_nanos(421_500)),
            resend_count: 1,
            request_id: None,
            error_code: None,
            rate_limit_wait: Milliseconds::default(),
        };
        let retry = RetryEvent {
            attempts: 1,
            delay: Milliseconds::from(Duration::from_micros(250)),
            error_code: "NETWORK",
        };
        let known = known_call(r#"{"image":"node"}"#, "computesdk-1");
        let write = |batch: &Batch<'_>| serde_json::to_string(batch).unwrap();
        let events = [Event::Request(request), Event::Retry(retry)];
        let batch = Batch {
            call: None,
            known: Some(Known {
                call: &known,
                number: 7,
                is_told: false,
            }),
            events: &events,
        };
        assert_eq!(
            write(&batch),
            concat!(
                r#"[null,7,{"image":"node"},"computesdk-1",null,"#,
                r#""request","POST","/graphql/v2","serviceCreate",200,1795000000000123,422,1,null,null,0,"#,
                r#""retry",{"attempts":1,"delay":0.25,"errorCode":"NETWORK"}]"#
            )
        );
        let settled = Batch {
            call: Some(&identity),
            known: None,
            events: &[],
        };
        let told = r#"[{"provider":"railway","operation":"create","callId":"x-1"},-1,null,null,null]"#;
        assert_eq!(write(&settled), told);
        let again = Batch {
            call: None,
            known: Some(Known {
                call: &known,
                number: 7,
                is_told: true,
            }),
            events: &[],
        };
        assert_eq!(write(&again), r#"[null,7,null,"computesdk-1",null]"#);
    }
}
