//! Lists containers. An engine answers with all of them at once.

use std::ops::Deref;

use http::Method;

use super::api::Docker;
use super::errors::ERRORS;
use super::wire::{Listed, MANAGED, OWNER};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::protocol::lenient::Entries;
use crate::protocol::text::Borrowed;
use crate::provider::{InstanceSink, ListFilter};

/// Passes on the containers that `create` could have made, in every state.
pub(super) async fn fetch_all(
    docker: &Docker,
    context: &CallContext,
    filter: &ListFilter,
    sink: &mut dyn InstanceSink,
) -> Result<()> {
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
    let interpret = |response: &Response| {
        let whole: Option<Answer<Borrowed<'_>>> = ERRORS.try_read_json(response);
        match whole {
            Some(listed) => hand_over(docker, listed.as_ref(), sink),
            None => hand_over(docker, ERRORS.read_json::<Answer<String>>(response)?.as_ref(), sink),
        }
        Ok(())
    };
    docker.send(context, Effect::Idempotent, request, interpret).await
}

/// The answer of an engine.
type Answer<T> = Option<Entries<Listed<T>, T>>;

fn hand_over<T: Deref<Target = str>>(
    docker: &Docker,
    listed: Option<&Entries<Listed<T>, T>>,
    sink: &mut dyn InstanceSink,
) {
    let containers = listed.into_iter().flat_map(|entries| entries.0.iter().flatten());
    containers
        .filter(|container| container.is_no_task())
        .for_each(|container| sink.add(&container.view(docker.remote_host.as_deref())));
}
