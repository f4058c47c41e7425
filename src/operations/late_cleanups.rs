//! The clean-ups of what the requests of a failed create make late.

use std::collections::BTreeMap;

use super::observe::Cleanup;
use crate::context::CallContext;
use crate::error::Error;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::provider::semantics::Semantics;

/// The clean-ups of one failed create: one for each resource, however often reads show it.
#[derive(Default)]
pub(super) struct LateCleanups(BTreeMap<Resource, Option<Cleanup>>);

/// What tells one resource from another. Where an id is a name, a later resource may have the id of an earlier one.
type Resource = (String, Option<String>);

impl LateCleanups {
    /// Notes that the clean-up of a resource is held elsewhere, or has ended.
    pub(super) fn exclude(&mut self, semantics: &Semantics, instance: &Instance) {
        self.0.insert(resource(semantics, instance), None);
    }

    /// Takes the clean-up of a resource, which starts if this is the first attempt to delete it; `None` if it has ended.
    pub(super) fn take(
        &mut self,
        context: &CallContext,
        semantics: &Semantics,
        handle: &Handle,
        instance: &Instance,
    ) -> Option<Cleanup> {
        let start = || Some(Cleanup::start(context, handle.name(), Some(&instance.id)));
        self.0.entry(resource(semantics, instance)).or_insert_with(start).take()
    }

    /// Puts back a clean-up that has not ended.
    pub(super) fn put_back(&mut self, semantics: &Semantics, instance: &Instance, cleanup: Cleanup) {
        self.0.insert(resource(semantics, instance), Some(cleanup));
    }

    /// Ends the clean-up of a resource that stays, because another call holds it.
    pub(super) fn give_up(&mut self, semantics: &Semantics, instance: &Instance) {
        if let Some(cleanup) = self.0.get_mut(&resource(semantics, instance)).and_then(Option::take) {
            cleanup.fail(None);
        }
    }

    /// Ends every clean-up that has not ended: a lookup shows none of these resources.
    pub(super) fn succeed(self) {
        self.0.into_values().flatten().for_each(Cleanup::succeed);
    }

    /// Ends every clean-up that has not ended: the last lookup failed. If none is left, a resource may still remain that
    /// no lookup has shown.
    pub(super) fn fail(self, context: &CallContext, handle: &Handle, failure: Option<&Error>) {
        let mut open = self.0.into_values().flatten().peekable();
        if open.peek().is_none() && failure.is_some() {
            Cleanup::start(context, handle.name(), None).fail(failure);
        }
        open.for_each(|cleanup| cleanup.fail(failure));
    }
}

fn resource(semantics: &Semantics, instance: &Instance) -> Resource {
    let date = (!semantics.ids_are_never_reused).then(|| instance.created_at.clone());
    (instance.id.clone(), date.flatten())
}
