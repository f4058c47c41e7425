//! `getById`.

use super::operation_context::OperationContext;
use super::polling::Polling;
use crate::error::Result;
use crate::model::instance::Instance;
use crate::provider::ReadResult;

/// Reads an instance. `None` if it does not exist or is outside the scope.
///
/// An instance that this process created moments ago is not reported missing merely because reads lag: it is read again
/// until it shows, or until the provider's visibility lag has passed since its creation.
pub(super) async fn get(operation: OperationContext<'_>, id: &str) -> Result<Option<Instance>> {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let mut polling = Polling::new();
    loop {
        // A slow response may tell of a state that is long past: the age of the instance counts from when the read began.
        let is_young = || {
            let age = operation.instances().unseen_for(id);
            age.is_some_and(|age| age < semantics.visibility_lag && !mutated!(ForgetsYoungInstances))
        };
        let may_lag = is_young();
        match provider.get(context, id).await? {
            ReadResult::Found(instance) => {
                operation.instances().seen(id);
                return Ok(Some(instance));
            }
            ReadResult::Deleted => {
                operation.instances().seen(id);
                return Ok(None);
            }
            ReadResult::Absent => {}
        }
        if !may_lag || mutated!(CountsReadsFromResponses) && !is_young() {
            return Ok(None);
        }
        context.sleep(polling.next_wait()).await?;
    }
}
