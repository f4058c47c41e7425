//! Lists services, a page at a time, and finds one by its name (`reference/render.md` §6).

use http::Method;
use url::form_urlencoded::byte_serialize;

use super::api::Render;
use super::options::SERVICE_TYPES;
use super::wire::{Listed, Service};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::model::instance::Instance;
use crate::protocol::paging::Cursors;
use crate::provider::Page;

/// The most that Render gives at once.
const PAGE_SIZE: usize = 100;

/// What Render gives at once unless asked. A page with fewer entries is the last one; one with fewer than were asked for
/// would be, too, if nothing lowers the limit on the way.
const DEFAULT_PAGE_SIZE: usize = 20;

pub(super) async fn fetch_page(render: &Render, context: &CallContext, cursor: Option<&str>) -> Result<Page> {
    let (services, next) = fetch(render, context, &format!("&type={}", SERVICE_TYPES.join(",")), cursor).await?;
    let instances = services
        .into_iter()
        .map(|listed| listed.service)
        .filter(|service| render.is_instance(service))
        .map(Service::into_instance)
        .collect();
    Ok(Page { instances, next })
}

/// The service of this name in the workspace, of whatever kind: names are unique there (§4.1).
pub(super) async fn find(render: &Render, context: &CallContext, name: &str) -> Result<Option<Instance>> {
    // Whether the filter is exact or partial is not known, and it takes a list, parted by commas (§6).
    let filter = if name.contains(',') {
        String::new()
    } else {
        format!("&name={}", encode(name))
    };
    let mut cursors = Cursors::default();
    loop {
        let (services, next) = fetch(render, context, &filter, cursors.current()).await?;
        for Listed { service, .. } in services {
            let named = service.name.as_deref() == Some(name);
            if named && service.owner_id.as_deref() == Some(&render.owner_id) {
                return Ok(Some(service.into_instance()));
            }
        }
        if !cursors.follow(next)? {
            return Ok(None);
        }
    }
}

/// One page, and where the next begins. Lists in a query are parted by plain commas (§6).
async fn fetch(
    render: &Render,
    context: &CallContext,
    filter: &str,
    cursor: Option<&str>,
) -> Result<(Vec<Listed>, Option<String>)> {
    let owner = encode(&render.owner_id);
    let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={}", encode(cursor)));
    let mut request = render.request(Method::GET, &["services"])?;
    let query = format!("ownerId={owner}{filter}&includePreviews=false&limit={PAGE_SIZE}{after}");
    request.url.set_query(Some(&query));
    let services: Vec<Listed> = render.read(context, Effect::Idempotent, request).await?;
    let next = match services.last() {
        Some(last) if services.len() >= DEFAULT_PAGE_SIZE => match last.cursor.as_deref() {
            Some(cursor) if !cursor.is_empty() => Some(cursor.to_owned()),
            _ => {
                let text = "Render sent a full page of services without a cursor to the next one.";
                return Err(Error::new(ErrorCode::Protocol, text));
            }
        },
        _ => None,
    };
    Ok((services, next))
}

fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}
