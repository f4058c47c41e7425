//! The clean-ups of what the requests of a failed create make late.

use std::collections::BTreeMap;

use super::observe::Cleanup;
use super::operation_context::OperationContext;
use crate::error::Error;
use crate::model::handle::Handle;
use crate::model::instance::Instance;

/// The clean-ups of one failed create: one for each resource, however often reads show it.
#[derive(Default)]
pub(super) struct LateCleanups(BTreeMap<Resource, Option<Cleanup>>);

/// What tells one resource from another. Where an id is a name, a later resource may have the id of an earlier one.
type Resource = (String, Option<String>);

impl LateCleanups {
    /// Notes that the clean-up of a resource is held elsewhere, or has ended.
    pub(super) fn exclude(&mut self, operation: OperationContext<'_>, instance: &Instance) {
        self.0.insert(resource(operation, instance), None);
    }

    /// Takes the clean-up of a resource, which starts if this is the first attempt to delete it; `None` if it has ended.
    pub(super) fn take(
        &mut self,
        operation: OperationContext<'_>,
        handle: &Handle,
        instance: &Instance,
    ) -> Option<Cleanup> {
        let start = || Some(Cleanup::start(operation.context, handle.name(), Some(&instance.id)));
        self.0.entry(resource(operation, instance)).or_insert_with(start).take()
    }

    /// Puts back a clean-up that has not ended.
    pub(super) fn put_back(&mut self, operation: OperationContext<'_>, instance: &Instance, cleanup: Cleanup) {
        self.0.insert(resource(operation, instance), Some(cleanup));
    }

    /// Ends every clean-up that has not ended: a lookup shows none of these resources.
    pub(super) fn succeed(self) {
        self.0.into_values().flatten().for_each(Cleanup::succeed);
    }

    /// Ends every clean-up that has not ended: the last lookup failed. If none is left, a resource may remain all the same that
    /// no lookup has shown.
    pub(super) fn fail(self, operation: OperationContext<'_>, handle: &Handle, failure: Option<&Error>) {
        let mut open = self.0.into_values().flatten().peekable();
        if open.peek().is_none() && failure.is_some() {
            Cleanup::start(operation.context, handle.name(), None).fail(failure);
        }
        open.for_each(|cleanup| cleanup.fail(failure));
    }
}

fn resource(operation: OperationContext<'_>, instance: &Instance) -> Resource {
    let date = (!operation.semantics.ids_are_never_reused).then(|| instance.created_at.clone());
    (instance.id.clone(), date.flatten())
}
