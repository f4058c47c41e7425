//! Lists sandboxes page by page (docs/providers/vercel.md).

use std::ops::Deref;

use super::api::Vercel;
use super::errors::ERRORS;
use super::wire::{Found, Listed, MANAGED, MANAGED_VALUE, OWNER};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::protocol::lenient::Cursor;
use crate::protocol::text::Borrowed;
use crate::provider::{InstanceSink, ListFilter};

/// Reads one page of the project's sandboxes. Returns where the next page begins.
pub(super) async fn fetch_page(
    vercel: &Vercel,
    context: &CallContext,
    cursor: Option<&str>,
    filter: &ListFilter,
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
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
    let interpret = |response: &Response| {
        let whole: Option<Listed<Borrowed<'_>>> = ERRORS.try_read_json(response);
        Ok(match whole {
            Some(listed) => hand_over(vercel, listed, sink),
            None => hand_over(vercel, ERRORS.read_json::<Listed>(response)?, sink),
        })
    };
    vercel
        .client
        .call(context, Effect::Idempotent, request, interpret)
        .await
}

/// Hands over the sandboxes of one page. Returns where the next page begins.
fn hand_over<T: Deref<Target = str>>(
    vercel: &Vercel,
    listed: Listed<T>,
    sink: &mut dyn InstanceSink,
) -> Option<String> {
    for sandbox in listed.sandboxes.0.into_iter().flatten() {
        let found = Found::from_list_entry(sandbox);
        sink.add(&found.view(&vercel.project_id, &vercel.team_id));
    }
    let next = listed.pagination.next.map(|Cursor(cursor)| cursor);
    next.filter(|cursor| !cursor.is_empty())
}
