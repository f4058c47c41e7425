//! Lists services page by page, and finds one by its name (docs/providers/render.md).

use std::ops::Deref;

use http::Method;
use url::form_urlencoded::byte_serialize;

use super::api::Render;
use super::errors::ERRORS;
use super::options::SERVICE_TYPES;
use super::semantics::TITLE;
use super::wire::{Listed, Services};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::http::message::{Request, Response};
use crate::model::handle::{Handle, Origin};
use crate::model::instance::Instance;
use crate::protocol::paging::{Cursors, found_or_absent};
use crate::protocol::text::Borrowed;
use crate::provider::InstanceSink;

/// Entries in a page: Render's maximum.
const PAGE_SIZE: usize = 100;

/// Entries in a page by default. A page with fewer is the last one. [`PAGE_SIZE`] does not decide, so that a server that
/// ignores our limit does not end the list early.
const DEFAULT_PAGE_SIZE: usize = 20;

/// Reads one page of the workspace's instances. Returns where the next page begins.
pub(super) async fn fetch_page(
    render: &Render,
    context: &CallContext,
    cursor: Option<&str>,
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
    let request = make_request(render, &format!("&type={}", SERVICE_TYPES.join(",")), cursor)?;
    let interpret = |response: &Response| {
        let whole: Option<Services<Borrowed<'_>>> = ERRORS.try_read_json(response);
        Ok(match whole {
            Some(Services(services)) => hand_over(render, &services, sink),
            None => hand_over(render, &ERRORS.read_json::<Services>(response)?.0, sink),
        })
    };
    render
        .client
        .call(context, Effect::Idempotent, request, interpret)
        .await?
}

/// Hands over the instances of one page. Returns where the next page begins.
fn hand_over<T: Deref<Target = str>>(
    render: &Render,
    services: &[Option<Listed<T>>],
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
    let next = next_cursor(services)?;
    let services = services.iter().flatten().filter_map(|listed| listed.service.0.as_ref());
    services
        .filter(|service| render.is_instance(service))
        .for_each(|service| sink.add(&service.view()));
    Ok(next)
}

/// Returns the services of the handle's name in the workspace. A caller's name may be that of a service of any type: names
/// are unique (docs/providers/render.md). All other names are ours, so a service that `create` cannot have made is unreadable.
pub(super) async fn find(render: &Render, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
    let name = handle.name();
    // The filter takes a list separated by commas. It may match parts of names (docs/providers/render.md).
    let filter = if name.contains(',') {
        String::new()
    } else {
        format!("&name={}", encode(name))
    };
    let mut cursors = Cursors::new(context.received_bytes());
    let mut found = Vec::new();
    let mut unreadable = false;
    loop {
        let request = make_request(render, &filter, cursors.current())?;
        let Services::<String>(services) = render.read(context, Effect::Idempotent, request).await?;
        let next = next_cursor(&services)?;
        for listed in services {
            let Some(service) = listed.and_then(|listed| listed.service.0) else {
                unreadable = true;
                continue;
            };
            if service.name.as_deref() != Some(name) || !render.owns(&service) {
                continue;
            }
            if service.is_creatable() || handle.origin() == Origin::Caller {
                found.push(service.view().into());
            } else {
                unreadable = true;
            }
        }
        if !cursors.follow(next, context.received_bytes())? {
            return found_or_absent(found, !unreadable, TITLE);
        }
    }
}

/// Makes the request of one page. Lists in the query are separated by plain commas (docs/providers/render.md).
fn make_request(render: &Render, filter: &str, cursor: Option<&str>) -> Result<Request> {
    let owner = encode(&render.owner_id);
    let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={}", encode(cursor)));
    let mut request = render.request(Method::GET, &["services"])?.template("/services");
    let query = format!("ownerId={owner}{filter}&includePreviews=false&limit={PAGE_SIZE}{after}");
    request.url.set_query(Some(&query));
    Ok(request)
}

/// Returns where the page after this one begins.
fn next_cursor<T: Deref<Target = str>>(services: &[Option<Listed<T>>]) -> Result<Option<String>> {
    match services.last() {
        Some(last) if services.len() >= DEFAULT_PAGE_SIZE => {
            match last.as_ref().and_then(|last| last.cursor.as_deref()) {
                Some(cursor) if !cursor.is_empty() => Ok(Some(cursor.to_owned())),
                _ => {
                    let text = "Render sent a full page of services without a cursor to the next one.";
                    Err(Error::new(ErrorCode::Protocol, text))
                }
            }
        }
        _ => Ok(None),
    }
}

/// Returns a text encoded for a query.
fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
