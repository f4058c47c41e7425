//! Creates a sandbox (docs/providers/vercel.md).

use http::Method;

use super::api::Vercel;
use super::semantics::TITLE;
use super::wire::{CreateSandbox, Found, MANAGED, MANAGED_VALUE, OWNER, OWNERSHIP_TOKEN, Resources, Variables};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::protocol::json;
use crate::protocol::subject::expect_own;

/// The bucket of creates, which have a rate window of their own (docs/providers/vercel.md).
const CREATES: &str = "creates";

/// Creates the sandbox of a handle.
pub(super) async fn create(
    vercel: &Vercel,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    let options = &vercel.options;
    let tags = [
        (MANAGED, Some(MANAGED_VALUE)),
        (OWNERSHIP_TOKEN, handle.ownership_token()),
        (OWNER, handle.owner()),
    ];
    let body = json::write(&CreateSandbox {
        project_id: &vercel.project_id,
        name: handle.name(),
        persistent: false,
        env: expose_variables(request),
        tags: tags
            .into_iter()
            .filter_map(|(tag, value)| Some((tag, value?)))
            .collect(),
        ports: &options.ports,
        timeout: options.lifetime_ms,
        resources: options.vcpus.map(|vcpus| Resources { vcpus }),
        image: options.image.as_deref(),
        region: options.region.as_deref(),
    })?;
    let mut request = vercel
        .request(Method::POST, &["v3", "sandboxes"])?
        .template("/v3/sandboxes")
        .json(body);
    request.bucket = CREATES;
    let found: Found = vercel.read(context, Effect::Once, request).await?;
    let is_own = found.sandbox.name() == handle.name()
        && found.sandbox.may_have_token(handle.ownership_token())
        && found.may_be_in(&vercel.project_id);
    expect_own(is_own, TITLE)?;
    vercel.commands.update(|state| state.none_yet = true);
    Ok(vercel.present(&found))
}

/// Returns the request's variables in clear text.
fn expose_variables(request: &CreateRequest) -> Variables<'_> {
    let variables = request.variables.iter();
    variables.map(|(name, value)| (name.as_str(), value.expose())).collect()
}
