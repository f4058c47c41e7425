//! `list`.

use std::collections::HashSet;

use super::operation_context::OperationContext;
use crate::error::Result;
use crate::model::instance::Instance;
use crate::protocol::paging::Cursors;
use crate::provider::ListFilter;

/// Returns all pages of a listing, each instance once: pages can shift while they are read.
///
/// Errors: `PROTOCOL` for a page cursor that comes twice, and for too many pages or bytes.
pub(super) async fn list(operation: OperationContext<'_>, filter: &ListFilter) -> Result<Vec<Instance>> {
    let mut instances = Vec::new();
    let mut ids = HashSet::new();
    let mut cursors = Cursors::new(operation.context.received_bytes());
    loop {
        let page = operation
            .provider
            .list(operation.context, cursors.current(), filter)
            .await?;
        for instance in page.instances {
            if filter.admits(&instance) && ids.insert(instance.id.clone()) {
                instances.push(instance);
            }
        }
        if !cursors.follow(page.next, operation.context.received_bytes())? {
            return Ok(instances);
        }
    }
}
