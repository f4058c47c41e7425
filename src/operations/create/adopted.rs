//! Notices that an adopted instance is gone: another process has destroyed it, and reads showed it still.

use tokio::time::Instant;

use super::creation::Creation;
use crate::error::{Error, ErrorCode, Result};
use crate::model::instance::Instance;
use crate::provider::semantics::Semantics;

/// Looks once more for an adopted instance of which nothing comes.
pub(super) struct AdoptedCheck<'a> {
    creation: &'a Creation<'a>,
    instance: &'a Instance,
    /// When the call began to wait for the instance. `None` if it has created it, or has seen it since.
    waiting_since: Option<Instant>,
}

impl<'a> AdoptedCheck<'a> {
    pub(super) fn new(creation: &'a Creation<'a>, instance: &'a Instance, created_here: bool) -> Self {
        let is_needed = !created_here && !mutated!(WaitsForGoneInstance);
        Self {
            creation,
            instance,
            waiting_since: is_needed.then(|| creation.operation.context.now()),
        }
    }

    /// Looks up the handle as soon as reads have ceased to lag. A failed lookup is repeated by the next call.
    ///
    /// Errors: `NOT_FOUND` if the instance does not show.
    pub(super) async fn check(&mut self) -> Result<()> {
        let operation = &self.creation.operation;
        let lag = operation.semantics.visibility_lag;
        let is_due = |since| operation.context.now() - since >= lag;
        if !self.waiting_since.is_some_and(is_due) {
            return Ok(());
        }
        let Ok(found) = self.creation.look_up_once().await else {
            return Ok(());
        };
        self.waiting_since = None;
        if found.is_some_and(|found| is_same_instance(operation.semantics, &found, self.instance)) {
            return Ok(());
        }
        let text = "The instance that an earlier call with this key created is gone.";
        Err(Error::new(ErrorCode::NotFound, text))
    }
}

/// Returns whether two reads show the same instance. Where an id is a name, another instance may have come to have it, with
/// another date. Elsewhere the dates of one instance may differ: Railway has one of the service and one of its instance.
pub(super) fn is_same_instance(semantics: &Semantics, one: &Instance, other: &Instance) -> bool {
    one.id == other.id && (semantics.ids_are_never_reused || one.created_at == other.created_at)
}
