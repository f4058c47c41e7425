//! What a call tells those who watch it at work: ids, codes, counts and durations, and no text from outside.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

/// Takes the events of one call and of the work that it leaves behind.
pub(crate) trait EventSink: Send + Sync {
    /// Takes an event.
    fn record(&self, event: Event);
}

/// Where a call's events go. Most calls have no subscriber: then recording costs a branch.
#[derive(Clone, Default)]
pub(crate) struct Events(Option<Arc<dyn EventSink>>);

impl Events {
    /// Sends the events to a sink.
    pub(crate) fn to(sink: Arc<dyn EventSink>) -> Self {
        Self(Some(sink))
    }

    /// Returns whether the call has subscribers.
    pub(crate) fn are_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Records an event. `make` runs only if the call has subscribers.
    pub(crate) fn record(&self, make: impl FnOnce() -> Event) {
        if let Some(sink) = &self.0 {
            sink.record(make());
        }
    }
}

/// An event. It is named after the channel on which it is published.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Request(RequestEvent),
    Retry(RetryEvent),
    Reconcile(ReconcileEvent),
    RateLimit(RateLimitEvent),
    Cleanup(CleanupEvent),
}

/// An attempt at a request has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RequestEvent {
    pub(crate) method: String,
    /// The path, with names in the place of ids.
    pub(crate) url_template: String,
    /// The operation, where all have one path: of GraphQL, of an RPC service.
    pub(crate) operation_name: Option<&'static str>,
    pub(crate) status_code: Option<u16>,
    pub(crate) start_time: Milliseconds,
    pub(crate) duration: Milliseconds,
    /// How often the request was sent before.
    pub(crate) resend_count: u32,
    pub(crate) request_id: Option<String>,
    pub(crate) error_code: Option<&'static str>,
    /// How long the attempt waited for the rate window before it was sent.
    pub(crate) rate_limit_wait: Milliseconds,
}

/// A failed request will be sent again.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetryEvent {
    /// Attempts so far.
    pub(crate) attempts: u32,
    pub(crate) delay: Milliseconds,
    pub(crate) error_code: &'static str,
}

/// A step of a create whose outcome was not told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReconcileEvent {
    pub(crate) step: ReconcileStep,
    pub(crate) resource_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance_id: Option<String>,
}

/// What a create does that was not told its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ReconcileStep {
    /// It looked up its handle.
    Lookup,
    /// It took what an earlier request has made.
    Adopted,
    /// No lookup showed the resource over the absence window.
    Absent,
    /// It sent its request again.
    Resent,
    /// It, or its watch, deleted what a second request had made.
    DuplicateRemoved,
    /// It could not find out.
    Unknown,
}

/// A rate limit held up a request, or will hold up later ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RateLimitEvent {
    pub(crate) step: RateLimitStep,
    /// How long the window is closed, or how long the request waited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay: Option<Milliseconds>,
}

/// What a rate limit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RateLimitStep {
    /// The provider refused a request, which closes its window.
    WindowClosed,
    /// A request waited for its window.
    Waited,
    /// A request was not sent, because its window stays closed for longer than it may wait.
    Refused,
}

/// The deletion of what a failed or aborted create has made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CleanupEvent {
    pub(crate) step: CleanupStep,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instance_id: Option<String>,
    pub(crate) resource_name: String,
    /// How often the deletion was tried.
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<&'static str>,
}

/// How far a clean-up has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CleanupStep {
    Started,
    Succeeded,
    Failed,
}

/// A time or a duration in milliseconds, in steps of a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Milliseconds {
    thousandths: u64,
}

impl Milliseconds {
    /// Returns the time in microseconds.
    pub(crate) fn as_micros(self) -> u64 {
        self.thousandths
    }
}

impl Serialize for Milliseconds {
    #[expect(clippy::cast_precision_loss, reason = "JavaScript has no other numbers")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.thousandths as f64 / 1_000.0)
    }
}

impl From<Duration> for Milliseconds {
    fn from(duration: Duration) -> Self {
        let rounded = duration.saturating_add(Duration::from_nanos(500)).as_micros();
        Self {
            thousandths: u64::try_from(rounded).unwrap_or(u64::MAX),
        }
    }
}

impl From<SystemTime> for Milliseconds {
    /// Makes it the time since the Unix epoch.
    fn from(date: SystemTime) -> Self {
        date.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().into()
    }
}
