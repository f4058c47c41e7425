//! Lists containers. An engine answers with all of them at once.

use http::Method;

use super::api::Docker;
use super::wire::{Listed, MANAGED, OWNER};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::protocol::lenient::Entries;
use crate::provider::{ListFilter, Page};

/// Returns the containers that `create` could have made, in whatever state.
pub(super) async fn fetch_all(docker: &Docker, context: &CallContext, filter: &ListFilter) -> Result<Page> {
    let managed = format!("{MANAGED}=true");
    let labels = match filter {
        ListFilter::All => Vec::new(),
        ListFilter::Managed => vec![managed],
        ListFilter::Owned(owner) => vec![managed, format!("{OWNER}={}", owner.as_str())],
    };
    let filters = serde_json::json!({ "label": labels }).to_string();
    let mut query = vec![("all", "1")];
    if *filter != ListFilter::All {
        query.push(("filters", &filters));
    }
    let request = docker
        .request(
            context,
            Method::GET,
            "/containers/json",
            &["containers", "json"],
            &query,
        )
        .await?;
    let listed: Option<Entries<Listed>> = docker.read(context, Effect::Idempotent, request).await?;
    let entries = listed.map_or_else(Vec::new, |entries| entries.0);
    let instances = entries
        .into_iter()
        .filter_map(|entry| entry.0)
        .filter(Listed::is_no_task)
        .map(|entry| entry.into_instance(docker.remote_host.as_deref()))
        .collect();
    Ok(Page { instances, next: None })
}
