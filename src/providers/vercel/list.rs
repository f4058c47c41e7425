//! Lists sandboxes, a page at a time (`reference/vercel.md` §6).

use http::Method;

use super::api::Vercel;
use super::wire::{Found, Listed, MANAGED, MANAGED_VALUE};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::provider::Page;

/// The most that Vercel gives at once.
const PAGE_SIZE: &str = "50";

pub(super) async fn fetch_page(
    vercel: &Vercel,
    context: &CallContext,
    cursor: Option<&str>,
    managed_only: bool,
) -> Result<Page> {
    let mut request = vercel.request(Method::GET, &["v2", "sandboxes"])?;
    {
        let mut query = request.url.query_pairs_mut();
        // Here it is `project`; everywhere else, `projectId` (§3).
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
    let sandboxes = listed.sandboxes.into_iter().map(Found::listed);
    Ok(Page {
        instances: sandboxes.map(|found| vercel.present(found)).collect(),
        next: listed.pagination.next.filter(|cursor| !cursor.is_empty()),
    })
}
