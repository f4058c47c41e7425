//! Makes a service that runs in the configured environment and nowhere else.
//!
//! Where the environment is isolated, one `serviceCreate` with image and variables does it: Railway deploys at once,
//! with the variables in place (`reference/railway.md` §8.3, §8.12). Where it is not, or where settings are asked for
//! that `serviceCreate` does not know, the service is made empty, so that nothing starts anywhere, and
//! [`complete`] then sets up and deploys the one instance that is wanted.

use super::api::Railway;
use super::documents;
use super::isolation::fetch_isolation;
use super::options::RailwayOptions;
use super::wire::{
    CreateData, DeployData, Input, InstanceUpdateInput, InstanceUpdateVariables, InstanceVariables, LimitsInput,
    RegionConfig, RegistryInput, ServiceCreateInput, SourceInput, UpdateData, Variables, VariablesInput, own_fields,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, OWNERSHIP_VARIABLE, is_managed_name};
use crate::model::instance::{Instance, Status};
use crate::provider::Completion;

pub(super) async fn create(
    railway: &Railway,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    // Nothing was made before this answer came, whatever became of it.
    let at_once = is_done_at_once(railway, context)
        .await
        .map_err(|error| error.with_outcome(Outcome::NoEffect))?;
    let mut variables = if at_once { variables(request) } else { Variables::new() };
    if let Some(token) = handle.ownership_token() {
        variables.insert(OWNERSHIP_VARIABLE, token);
    }
    let input = ServiceCreateInput {
        project_id: &railway.project_id,
        environment_id: &railway.environment_id,
        name: handle.name(),
        source: at_once.then_some(SourceInput { image: &request.image }),
        registry_credentials: registry(&railway.options).filter(|_| at_once),
        variables,
    };
    let data: CreateData = railway
        .execute(context, Effect::Once, &documents::SERVICE_CREATE, Input { input })
        .await?;
    let service = data.service_create;
    let name = service.name.as_deref().unwrap_or(handle.name());
    let launch = at_once.then(|| AT_ONCE.to_owned());
    Ok(created_instance(railway, service.id, name, service.created_at, launch))
}

/// Whether one `serviceCreate` does it all.
async fn is_done_at_once(railway: &Railway, context: &CallContext) -> Result<bool> {
    let confined = fetch_isolation(railway, context).await?.confines_creates();
    Ok(confined && !railway.options.need_instance_settings())
}

/// A service that exists, of whose instance nothing is known yet.
pub(super) fn created_instance(
    railway: &Railway,
    id: String,
    name: &str,
    created_at: Option<String>,
    launch: Option<String>,
) -> Instance {
    Instance {
        own: own_fields(&id, &railway.project_id, &railway.environment_id),
        managed: is_managed_name(name),
        name: Some(name.to_owned()),
        status: Status::Pending,
        created_at,
        url: None,
        image: None,
        launch,
        id,
    }
}

/// Stands for the deployment that `serviceCreate` starts without telling its id.
const AT_ONCE: &str = "started by serviceCreate";

/// Sets up and deploys the instance of an empty service. Every step may be repeated.
pub(super) async fn complete(
    railway: &Railway,
    context: &CallContext,
    request: &CreateRequest,
    instance: &Instance,
) -> Result<Completion> {
    if instance.launch.is_some() {
        return Ok(Completion::Done(instance.clone()));
    }
    let service_id = instance.id.as_str();
    let Some(node) = railway.instance(context, service_id).await? else {
        // Not readable yet (§8.4), and an update would be answered `true` and lost (§8.5).
        return Ok(Completion::Pending);
    };
    // An adopted service may be complete: deployed, or about to be by the `serviceCreate` that made it.
    let complete = node.deployment_id().is_some() || (node.has_source() && is_done_at_once(railway, context).await?);
    if complete {
        return Ok(Completion::Done(railway.present(node)));
    }
    set_variables(railway, context, request, service_id).await?;
    set_limits(railway, context, service_id).await?;
    set_source(railway, context, request, service_id).await?;
    let updated = railway.instance(context, service_id).await?;
    if !updated.is_some_and(|node| node.has_source()) {
        return Ok(Completion::Pending);
    }
    let variables = InstanceVariables {
        environment_id: &railway.environment_id,
        service_id,
    };
    let data: DeployData = railway
        .execute(context, Effect::Once, &documents::SERVICE_INSTANCE_DEPLOY, variables)
        .await?;
    Ok(Completion::Done(Instance {
        launch: Some(data.deployment_id),
        ..instance.clone()
    }))
}

async fn set_variables(
    railway: &Railway,
    context: &CallContext,
    request: &CreateRequest,
    service_id: &str,
) -> Result<()> {
    if request.variables.is_empty() {
        return Ok(());
    }
    let input = VariablesInput {
        project_id: &railway.project_id,
        environment_id: &railway.environment_id,
        service_id,
        variables: variables(request),
        // The deployment comes last, when everything is in place.
        skip_deploys: true,
    };
    let data: UpdateData = railway
        .execute(
            context,
            Effect::Idempotent,
            &documents::VARIABLE_COLLECTION_UPSERT,
            Input { input },
        )
        .await?;
    check_accepted(&data, "variableCollectionUpsert")
}

async fn set_limits(railway: &Railway, context: &CallContext, service_id: &str) -> Result<()> {
    if !railway.options.need_limits() {
        return Ok(());
    }
    let input = LimitsInput {
        environment_id: &railway.environment_id,
        service_id,
        memory_gb: railway.options.memory_gb,
        vcpus: railway.options.vcpus,
    };
    let data: UpdateData = railway
        .execute(
            context,
            Effect::Idempotent,
            &documents::SERVICE_INSTANCE_LIMITS_UPDATE,
            Input { input },
        )
        .await?;
    check_accepted(&data, "serviceInstanceLimitsUpdate")
}

async fn set_source(railway: &Railway, context: &CallContext, request: &CreateRequest, service_id: &str) -> Result<()> {
    let options = &railway.options;
    let replicas = options.replicas;
    let region = options.region.as_deref();
    let variables = InstanceUpdateVariables {
        environment_id: &railway.environment_id,
        service_id,
        input: InstanceUpdateInput {
            source: SourceInput { image: &request.image },
            registry_credentials: registry(options),
            start_command: options.start_command.as_deref(),
            healthcheck_path: options.healthcheck_path.as_deref(),
            num_replicas: replicas.filter(|_| region.is_none()),
            multi_region_config: region.map(|region| {
                let config = RegionConfig {
                    num_replicas: replicas.unwrap_or(1),
                };
                [(region, config)].into()
            }),
        },
    };
    let data: UpdateData = railway
        .execute(
            context,
            Effect::Idempotent,
            &documents::SERVICE_INSTANCE_UPDATE,
            variables,
        )
        .await?;
    check_accepted(&data, "serviceInstanceUpdate")
}

/// `false` is a refusal without a reason.
fn check_accepted(data: &UpdateData, field: &str) -> Result<()> {
    if data.done {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Unavailable,
        format!("Railway answered {field} with false."),
    ))
}

fn variables(request: &CreateRequest) -> Variables<'_> {
    request
        .variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect()
}

fn registry(options: &RailwayOptions) -> Option<RegistryInput<'_>> {
    options.registry.as_ref().map(|registry| RegistryInput {
        username: registry.username.expose(),
        password: registry.password.expose(),
    })
}
