//! Records the steps of an operation for those who watch the call.

use std::sync::Arc;

use crate::context::CallContext;
use crate::context::events::{CleanupEvent, CleanupStep, Event, EventSink, ReconcileEvent, ReconcileStep};
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
pub(super) struct Cleanup<'a> {
    context: &'a CallContext,
    resource_name: &'a str,
    instance_id: Option<&'a str>,
}

impl<'a> Cleanup<'a> {
    /// Continues a clean-up that has started before.
    pub(super) fn resume(context: &'a CallContext, resource_name: &'a str, instance_id: Option<&'a str>) -> Self {
        Self {
            context,
            resource_name,
            instance_id,
        }
    }

    /// Starts a clean-up.
    pub(super) fn start(context: &'a CallContext, resource_name: &'a str, instance_id: Option<&'a str>) -> Self {
        let cleanup = Self::resume(context, resource_name, instance_id);
        cleanup.record(CleanupStep::Started, 0, None);
        cleanup
    }

    /// Records that nothing is left.
    pub(super) fn succeed(self, attempts: u32) {
        self.record(CleanupStep::Succeeded, attempts, None);
    }

    /// Records that the resource may remain.
    pub(super) fn fail(self, attempts: u32, error: Option<&Error>) {
        self.record(CleanupStep::Failed, attempts, error);
    }

    fn record(&self, step: CleanupStep, attempts: u32, error: Option<&Error>) {
        self.context.events().record(|| {
            Event::Cleanup(CleanupEvent {
                step,
                instance_id: self.instance_id.map(str::to_owned),
                resource_name: self.resource_name.to_owned(),
                attempts,
                error_code: error.map(|error| error.code().as_str()),
            })
        });
    }
}
