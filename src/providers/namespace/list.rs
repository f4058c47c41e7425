//! Lists instances page by page, and finds one by its handle (docs/providers/namespace.md).

use super::api::Namespace;
use super::semantics::TITLE;
use super::wire::{LabelFilter, ListInstances, Listed, MANAGED, Metadata, NAME, OWNER};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::model::instance::Instance;
use crate::protocol::lenient::{Cursor, Isolated};
use crate::protocol::paging::{Cursors, found_or_absent};
use crate::provider::{ListFilter, Page};

/// The maximum of entries in a page. Namespace may send fewer.
const PAGE_SIZE: u32 = 500;

/// Returns one page of the instances that are not deleted.
pub(super) async fn fetch_page(
    namespace: &Namespace,
    context: &CallContext,
    cursor: Option<&str>,
    filter: &ListFilter,
) -> Result<Page> {
    let filter = match filter {
        ListFilter::All => None,
        ListFilter::Managed => Some((MANAGED, "true")),
        ListFilter::Owned(owner) => Some((OWNER, owner.as_str())),
    };
    let (instances, next) = fetch_entries(namespace, context, filter, cursor).await?;
    let instances = instances
        .into_iter()
        .filter_map(|metadata| metadata.0)
        .filter(|metadata| !metadata.is_deleted())
        .map(Metadata::into_instance)
        .collect();
    Ok(Page { instances, next })
}

/// Returns the instances whose name label is the handle's name. Ignores an instance that is being deleted.
pub(super) async fn find(namespace: &Namespace, context: &CallContext, name: &str) -> Result<Vec<Instance>> {
    let mut cursors = Cursors::new(context.received_bytes());
    let mut found = Vec::new();
    let mut unreadable = false;
    loop {
        let (instances, next) = fetch_entries(namespace, context, Some((NAME, name)), cursors.current()).await?;
        // Checks what the filter has selected, because this instance may be adopted, and deleted.
        unreadable |= instances.iter().any(|metadata| metadata.0.is_none());
        let instances = instances.into_iter().filter_map(|metadata| metadata.0);
        let ours = instances.filter(|metadata| metadata.name() == Some(name) && !metadata.is_deleted_or_deleting());
        found.extend(ours.map(Metadata::into_instance));
        if !cursors.follow(next, context.received_bytes())? {
            return found_or_absent(found, !unreadable, TITLE);
        }
    }
}

/// Returns the entries of one page, and the cursor of the next.
async fn fetch_entries(
    namespace: &Namespace,
    context: &CallContext,
    filter: Option<(&str, &str)>,
    cursor: Option<&str>,
) -> Result<(Vec<Isolated<Metadata>>, Option<String>)> {
    let message = ListInstances {
        max_entries: PAGE_SIZE,
        pagination_cursor: cursor,
        // Otherwise Namespace leaves out failed instances, which still cost money (docs/providers/namespace.md).
        include_complete_runs: true,
        label_filter: filter
            .into_iter()
            .map(|(name, value)| LabelFilter {
                name,
                value,
                op: "EQUAL",
            })
            .collect(),
    };
    let listed: Listed = namespace
        .call(context, Effect::Idempotent, "ListInstances", &message)
        .await?;
    let next = listed.pagination_cursor.map(|Cursor(cursor)| cursor);
    let next = next.filter(|cursor| !cursor.is_empty());
    if listed.error.is_some() {
        return Err(Error::ambiguous(
            ErrorCode::Protocol,
            "Namespace answered with an error as a success.",
        ));
    }
    Ok((listed.instances.map_or_else(Vec::new, |entries| entries.0), next))
}
