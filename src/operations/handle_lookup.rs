//! Looks up the resources that bear a handle.

use super::operation_context::OperationContext;
use crate::error::Result;
use crate::model::handle::Handle;
use crate::model::instance::Instance;

/// Looks up a handle once. If several resources bear it, returns the oldest first, so that every caller picks the same one; what
/// this process has created or adopted, and handed out, comes before.
///
/// A resource that this process has deleted is left out although reads may still show it, and so is one that another create
/// is about to delete.
pub(super) async fn find_all(operation: OperationContext<'_>, handle: &Handle) -> Result<Vec<Instance>> {
    let OperationContext {
        context,
        provider,
        semantics,
        ..
    } = operation;
    let mut found = provider.find(context, handle).await?;
    let instances = operation.instances();
    let is_held = |id: &str| instances.was_created_here(id) || instances.was_adopted(id);
    let was_deleted =
        |id: &str| !mutated!(ForgetsDeletions) && semantics.ids_are_never_reused && instances.was_deleted(id);
    found.retain(|instance| !instances.is_deleting(&instance.id) && !was_deleted(&instance.id));
    // The date is information and may be missing: such a resource comes last.
    found.sort_by(|one, other| {
        let key = |instance: &Instance| {
            (
                mutated!(PrefersOldest) || !is_held(&instance.id),
                instance.created_at.is_none(),
                instance.created_at.clone(),
                instance.id.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    Ok(found)
}

/// Looks up a handle once. If several resources bear it, returns the oldest.
pub(super) async fn find(operation: OperationContext<'_>, handle: &Handle) -> Result<Option<Instance>> {
    Ok(find_all(operation, handle).await?.into_iter().next())
}

/// Returns whether the create with this handle made the instance; `None` if the instance shows no ownership token.
///
/// A random name belongs to one create. Under a key or a caller's name a later create may have made the instance, and its
/// caller holds it.
pub(super) async fn is_from_same_create(
    operation: OperationContext<'_>,
    handle: &Handle,
    instance: &Instance,
) -> Result<Option<bool>> {
    match handle.ownership_token() {
        None => Ok(Some(true)),
        Some(token) => {
            let shown = operation.provider.ownership_token(operation.context, instance).await?;
            Ok(shown.is(token))
        }
    }
}
