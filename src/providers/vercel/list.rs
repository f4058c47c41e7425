//! Lists sandboxes page by page (docs/providers/vercel.md).

use http::Method;

use super::api::Vercel;
use super::wire::{Found, Listed, MANAGED, MANAGED_VALUE};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::protocol::lenient::Cursor;
use crate::provider::Page;

/// The maximum of entries in a page (docs/providers/vercel.md).
const PAGE_SIZE: &str = "50";

/// Returns one page of the project's sandboxes.
pub(super) async fn fetch_page(
    vercel: &Vercel,
    context: &CallContext,
    cursor: Option<&str>,
    managed_only: bool,
) -> Result<Page> {
    let mut request = vercel.request(Method::GET, &["v2", "sandboxes"])?;
    {
        let mut query = request.url.query_pairs_mut();
        // Only the list calls it `project`; other requests call it `projectId` (docs/providers/vercel.md).
        query
            .append_pair("project", &vercel.project_id)
            .append_pair("limit", PAGE_SIZE);
        if managed_only {
            query.append_pair("tags", &format!("{MANAGED}:{MANAGED_VALUE}"));
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
