//! Records the steps of an operation for those who watch the call.

use std::sync::Arc;

use crate::context::CallContext;
use crate::context::events::{CleanupEvent, CleanupStep, Event, EventSink, Events, ReconcileEvent, ReconcileStep};
use crate::error::Error;
use crate::secret::Redactor;

/// Masks the credentials of the call in its events: a provider may echo one in an id.
pub(super) struct MaskedSink {
    sink: Arc<dyn EventSink>,
    redactor: Redactor,
}

impl MaskedSink {
    /// Puts the mask before a sink.
    pub(super) fn new(sink: Arc<dyn EventSink>, redactor: Redactor) -> Self {
        Self { sink, redactor }
    }
}

impl EventSink for MaskedSink {
    fn record(&self, mut event: Event) {
        let id = match &mut event {
            Event::Request(request) => &mut request.request_id,
            Event::Reconcile(reconcile) => &mut reconcile.instance_id,
            Event::Cleanup(cleanup) => &mut cleanup.instance_id,
            Event::Retry(_) | Event::RateLimit(_) => &mut None,
        };
        if let Some(id) = id {
            *id = self.redactor.mask_identifier(id);
        }
        self.sink.record(event);
    }
}

/// Records a step of a create that was not told its outcome.
pub(super) fn observe_reconcile(
    context: &CallContext,
    step: ReconcileStep,
    resource_name: &str,
    instance_id: Option<&str>,
) {
    context.events().record(|| {
        Event::Reconcile(ReconcileEvent {
            step,
            resource_name: resource_name.to_owned(),
            instance_id: instance_id.map(str::to_owned),
        })
    });
}

/// The deletion of what a failed or aborted create has made. It ends once: succeeded or failed.
///
/// Its holder ends it. One that is dropped, as by a panic, has failed.
pub(super) struct Cleanup {
    events: Events,
    resource_name: String,
    instance_id: Option<String>,
    /// How often the deletion was tried.
    pub(super) attempts: u32,
    has_ended: bool,
}

impl Cleanup {
    /// Starts a clean-up.
    pub(super) fn start(context: &CallContext, resource_name: &str, instance_id: Option<&str>) -> Self {
        let cleanup = Self {
            events: context.events().clone(),
            resource_name: resource_name.to_owned(),
            instance_id: instance_id.map(str::to_owned),
            attempts: 0,
            has_ended: false,
        };
        cleanup.record(CleanupStep::Started, None);
        cleanup
    }

    /// Records that nothing is left.
    pub(super) fn succeed(mut self) {
        self.has_ended = true;
        self.record(CleanupStep::Succeeded, None);
    }

    /// Records that the resource may remain.
    pub(super) fn fail(mut self, error: Option<&Error>) {
        self.has_ended = true;
        self.record(CleanupStep::Failed, error);
    }

    fn record(&self, step: CleanupStep, error: Option<&Error>) {
        self.events.record(|| {
            Event::Cleanup(CleanupEvent {
                step,
                instance_id: self.instance_id.clone(),
                resource_name: self.resource_name.clone(),
                attempts: self.attempts,
                error_code: error.map(|error| error.code().as_str()),
            })
        });
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        if !self.has_ended {
            self.record(CleanupStep::Failed, None);
        }
    }
}
