//! Lists instances page by page, and finds one by its handle (docs/providers/namespace.md).

use std::ops::Deref;

use super::api::Namespace;
use super::errors::ERRORS;
use super::semantics::TITLE;
use super::wire::{LabelFilter, ListInstances, Listed, MANAGED, NAME, OWNER};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::model::instance::Instance;
use crate::protocol::lenient::Cursor;
use crate::protocol::paging::{Cursors, found_or_absent};
use crate::protocol::text::Borrowed;
use crate::provider::{InstanceSink, ListFilter};

const METHOD: &str = "ListInstances";

/// The maximum of entries in a page. Namespace may send fewer.
const PAGE_SIZE: u32 = 500;

/// Reads one page of the instances that are not deleted. Returns where the next page begins.
pub(super) async fn fetch_page(
    namespace: &Namespace,
    context: &CallContext,
    cursor: Option<&str>,
    filter: &ListFilter,
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
    let filter = match filter {
        ListFilter::All => None,
        ListFilter::Managed => Some((MANAGED, "true")),
        ListFilter::Owned(owner) => Some((OWNER, owner.as_str())),
    };
    let interpret = |response: &Response| {
        let whole: Option<Listed<Borrowed<'_>>> = ERRORS.try_read_json(response);
        Ok(match whole {
            Some(listed) => hand_over(&listed, sink),
            None => hand_over(&ERRORS.read_json::<Listed>(response)?, sink),
        })
    };
    let message = make_request(filter, cursor);
    namespace
        .send(context, Effect::Idempotent, METHOD, &message, interpret)
        .await?
}

/// Hands over the instances of one page. Returns where the next page begins.
fn hand_over<T: Deref<Target = str>>(listed: &Listed<T>, sink: &mut dyn InstanceSink) -> Result<Option<String>> {
    let next = next_cursor(listed)?;
    let instances = listed.instances.iter().flat_map(|entries| entries.0.iter().flatten());
    instances
        .filter(|metadata| !metadata.is_deleted())
        .for_each(|metadata| sink.add(&metadata.view()));
    Ok(next)
}

/// Returns the instances whose name label is the handle's name. Ignores an instance that is being deleted.
pub(super) async fn find(namespace: &Namespace, context: &CallContext, name: &str) -> Result<Vec<Instance>> {
    let mut cursors = Cursors::new(context.received_bytes());
    let mut found = Vec::new();
    let mut unreadable = false;
    loop {
        let message = make_request(Some((NAME, name)), cursors.current());
        let listed: Listed = namespace.call(context, Effect::Idempotent, METHOD, &message).await?;
        let next = next_cursor(&listed)?;
        let instances = listed.instances.unwrap_or_default().0;
        // Checks what the filter has selected, because this instance may be adopted, and deleted.
        unreadable |= instances.iter().any(Option::is_none);
        let instances = instances.iter().flatten();
        let ours = instances.filter(|metadata| metadata.name() == Some(name) && !metadata.is_deleted_or_deleting());
        found.extend(ours.map(|metadata| Instance::from(metadata.view())));
        if !cursors.follow(next, context.received_bytes())? {
            return found_or_absent(found, !unreadable, TITLE);
        }
    }
}

/// Makes the request of one page.
fn make_request<'a>(filter: Option<(&'a str, &'a str)>, cursor: Option<&'a str>) -> ListInstances<'a> {
    ListInstances {
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
    }
}

/// Returns where the page after this one begins.
fn next_cursor<T>(listed: &Listed<T>) -> Result<Option<String>> {
    if listed.error.is_some() {
        return Err(Error::ambiguous(
            ErrorCode::Protocol,
            "Namespace answered with an error as a success.",
        ));
    }
    let next = listed.pagination_cursor.as_ref().map(|Cursor(cursor)| cursor);
    Ok(next.filter(|cursor| !cursor.is_empty()).cloned())
}
