//! Lists instances, a page at a time, and finds one by its handle (`reference/namespace.md` §8).

use super::api::Namespace;
use super::wire::{LabelFilter, ListInstances, Listed, MANAGED, Metadata, NAME};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::model::instance::Instance;
use crate::protocol::paging::Cursors;
use crate::provider::Page;

/// An upper bound: fewer may come.
const PAGE_SIZE: u32 = 500;

pub(super) async fn fetch_page(
    namespace: &Namespace,
    context: &CallContext,
    cursor: Option<&str>,
    managed_only: bool,
) -> Result<Page> {
    let filter = managed_only.then_some((MANAGED, "true"));
    let (instances, next) = fetch(namespace, context, filter, cursor).await?;
    let instances = instances
        .into_iter()
        .filter(|metadata| !metadata.is_gone())
        .map(Metadata::into_instance)
        .collect();
    Ok(Page { instances, next })
}

/// The instance that bears the handle. One that is being destroyed does no more.
pub(super) async fn find(namespace: &Namespace, context: &CallContext, name: &str) -> Result<Option<Instance>> {
    let mut cursors = Cursors::default();
    loop {
        let (instances, next) = fetch(namespace, context, Some((NAME, name)), cursors.current()).await?;
        // The filter is not taken on trust: what is found may be adopted, and removed.
        let mut instances = instances.into_iter();
        let found = instances.find(|metadata| metadata.name() == Some(name) && !metadata.is_gone_or_going());
        if let Some(metadata) = found {
            return Ok(Some(metadata.into_instance()));
        }
        if !cursors.follow(next)? {
            return Ok(None);
        }
    }
}

/// One page, and where the next begins.
async fn fetch(
    namespace: &Namespace,
    context: &CallContext,
    filter: Option<(&str, &str)>,
    cursor: Option<&str>,
) -> Result<(Vec<Metadata>, Option<String>)> {
    let message = ListInstances {
        max_entries: PAGE_SIZE,
        pagination_cursor: cursor,
        // Without it, what has failed and still costs is left out.
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
    let next = listed.pagination_cursor.filter(|cursor| !cursor.is_empty());
    Ok((listed.instances, next))
}
