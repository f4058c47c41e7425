//! Lists services page by page, and finds one by its name (docs/providers/render.md).

use http::Method;
use url::form_urlencoded::byte_serialize;

use super::api::Render;
use super::options::SERVICE_TYPES;
use super::semantics::TITLE;
use super::wire::{Listed, Service, Services};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::model::handle::{Handle, Origin};
use crate::model::instance::Instance;
use crate::protocol::lenient::Isolated;
use crate::protocol::paging::{Cursors, found_or_absent};
use crate::provider::Page;

/// Entries in a page: Render's maximum.
const PAGE_SIZE: usize = 100;

/// Entries in a page by default. A page with fewer is the last one. [`PAGE_SIZE`] does not decide, so that a server that
/// ignores our limit does not end the list early.
const DEFAULT_PAGE_SIZE: usize = 20;

/// Returns one page of the workspace's instances.
pub(super) async fn fetch_page(render: &Render, context: &CallContext, cursor: Option<&str>) -> Result<Page> {
    let (services, next) =
        fetch_services(render, context, &format!("&type={}", SERVICE_TYPES.join(",")), cursor).await?;
    let instances = services
        .into_iter()
        .filter_map(|listed| listed.0?.service.0)
        .filter(|service| render.is_instance(service))
        .map(Service::into_instance)
        .collect();
    Ok(Page { instances, next })
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
        let (services, next) = fetch_services(render, context, &filter, cursors.current()).await?;
        for listed in services {
            let Some(service) = listed.0.and_then(|listed| listed.service.0) else {
                unreadable = true;
                continue;
            };
            if service.name.as_deref() != Some(name) || !render.owns(&service) {
                continue;
            }
            if service.is_creatable() || handle.origin() == Origin::Caller {
                found.push(service.into_instance());
            } else {
                unreadable = true;
            }
        }
        if !cursors.follow(next, context.received_bytes())? {
            return found_or_absent(found, !unreadable, TITLE);
        }
    }
}

/// Returns one page and the cursor of the next. Lists in the query are separated by plain commas (docs/providers/render.md).
async fn fetch_services(
    render: &Render,
    context: &CallContext,
    filter: &str,
    cursor: Option<&str>,
) -> Result<(Vec<Isolated<Listed>>, Option<String>)> {
    let owner = encode(&render.owner_id);
    let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={}", encode(cursor)));
    let mut request = render.request(Method::GET, &["services"])?.template("/services");
    let query = format!("ownerId={owner}{filter}&includePreviews=false&limit={PAGE_SIZE}{after}");
    request.url.set_query(Some(&query));
    let Services(services) = render.read(context, Effect::Idempotent, request).await?;
    let next = match services.last() {
        Some(last) if services.len() >= DEFAULT_PAGE_SIZE => {
            match last.0.as_ref().and_then(|last| last.cursor.as_deref()) {
                Some(cursor) if !cursor.is_empty() => Some(cursor.to_owned()),
                _ => {
                    let text = "Render sent a full page of services without a cursor to the next one.";
                    return Err(Error::new(ErrorCode::Protocol, text));
                }
            }
        }
        _ => None,
    };
    Ok((services, next))
}

/// Returns a text encoded for a query.
fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
