//! Lists sandboxes page by page (docs/providers/vercel.md).

use super::api::Vercel;
use super::wire::{Found, Listed, MANAGED, MANAGED_VALUE};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::protocol::lenient::Cursor;
use crate::provider::Page;

/// Returns one page of the project's sandboxes.
pub(super) async fn fetch_page(
    vercel: &Vercel,
    context: &CallContext,
    cursor: Option<&str>,
    managed_only: bool,
) -> Result<Page> {
    let mut request = vercel.list_request()?;
    {
        let mut query = request.url.query_pairs_mut();
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
