//! Creates a service and its first deploy with one request (docs/providers/render.md).

use http::Method;

use super::api::Render;
use super::id::is_service_id;
use super::semantics::TITLE;
use super::wire::{Created, DetailsPost, EnvSpecificDetails, EnvVarPost, ImagePost, ServicePost};
use crate::context::CallContext;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, OWNERSHIP_VARIABLE};
use crate::model::instance::{Instance, Status};
use crate::protocol::json;
use crate::protocol::subject::expect_own;

/// The rate window of creates: 20 an hour for each user (docs/providers/render.md).
const CREATES: &str = "creates";

/// Creates the service.
pub(super) async fn create(
    render: &Render,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    let options = &render.options;
    let body = json::write(&ServicePost {
        kind: options.service_type,
        name: handle.name(),
        owner_id: &render.owner_id,
        auto_deploy: "no",
        environment_id: options.environment_id.as_deref(),
        image: ImagePost {
            owner_id: &render.owner_id,
            image_path: &request.image,
            registry_credential_id: options.registry_credential_id.as_deref(),
        },
        env_vars: collect_variables(request, handle),
        service_details: DetailsPost {
            runtime: "image",
            plan: options.plan.as_deref(),
            region: options.region.as_deref(),
            num_instances: options.instances,
            health_check_path: options.health_check_path.as_deref(),
            env_specific_details: options
                .docker_command
                .as_deref()
                .map(|docker_command| EnvSpecificDetails { docker_command }),
        },
    })?;
    let mut request = render
        .request(Method::POST, &["services"])?
        .template("/services")
        .json(body);
    request.bucket = CREATES;
    let created: Created = render.read(context, Effect::Once, request).await?;
    let service = &created.service;
    let is_own = is_service_id(&service.id)
        && service.name.as_deref() == Some(handle.name())
        && service.owner_id.as_deref().is_none_or(|id| id == render.owner_id);
    expect_own(is_own, TITLE)?;
    Ok(Instance {
        // Render has accepted the service. Its first deploy follows (docs/providers/render.md).
        status: Status::Pending,
        launch: created.deploy_id.0,
        ..service.view().into()
    })
}

/// Returns the request's variables and the ownership token, which is a variable because services have no labels.
fn collect_variables<'a>(request: &'a CreateRequest, handle: &'a Handle) -> Vec<EnvVarPost<'a>> {
    let token = handle.ownership_token().map(|value| EnvVarPost {
        key: OWNERSHIP_VARIABLE,
        value,
    });
    let requested = request.variables.iter().map(|(key, value)| EnvVarPost {
        key,
        value: value.expose(),
    });
    let requested = requested.filter(|variable| token.is_none() || variable.key != OWNERSHIP_VARIABLE);
    let mut variables: Vec<_> = requested.collect();
    variables.extend(token);
    variables
}
