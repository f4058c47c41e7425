//! Lists sandboxes page by page (docs/providers/vercel.md).

use super::api::Vercel;
use super::wire::{Found, Listed, MANAGED, MANAGED_VALUE, OWNER};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::protocol::lenient::Cursor;
use crate::provider::{ListFilter, Page};

/// Returns one page of the project's sandboxes.
pub(super) async fn fetch_page(
    vercel: &Vercel,
    context: &CallContext,
    cursor: Option<&str>,
    filter: &ListFilter,
) -> Result<Page> {
    let mut request = vercel.list_request()?;
    {
        let mut query = request.url.query_pairs_mut();
        // Vercel takes one tag only, and how it reads a colon in a value is not known (docs/providers/vercel.md).
        let tag = match filter {
            ListFilter::All => None,
            ListFilter::Owned(owner) if !owner.as_str().contains(':') => Some((OWNER, owner.as_str())),
            ListFilter::Managed | ListFilter::Owned(_) => Some((MANAGED, MANAGED_VALUE)),
        };
        if let Some((name, value)) = tag {
            query.append_pair("tags", &format!("{name}:{value}"));
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
    }
    let listed: Listed = vercel.read(context, Effect::Idempotent, request).await?;
    let sandboxes = listed
        .sandboxes
        .0
        .into_iter()
        .filter_map(|sandbox| sandbox.0)
        .map(Found::from_list_entry);
    Ok(Page {
        instances: sandboxes.map(|found| vercel.present(found)).collect(),
        next: listed
            .pagination
            .next
            .map(|Cursor(cursor)| cursor)
            .filter(|cursor| !cursor.is_empty()),
    })
}
