//! Creates a service that runs in the configured environment only.
//!
//! In an isolated environment, one `serviceCreate` with image and variables is enough: Railway deploys immediately, and the
//! first deployment has the variables (docs/providers/railway.md). Otherwise, or if the request has settings that
//! `serviceCreate` does not take, [`create`] makes an empty service, which starts nothing, and [`complete`] sets up and
//! deploys its instance in the configured environment.

use std::borrow::Cow;

use super::age::is_young;
use super::api::Railway;
use super::documents;
use super::isolation::fetch_isolation;
use super::options::RailwayOptions;
use super::semantics::{SEMANTICS, TITLE};
use super::wire::{
    CreateData, DeployData, Input, InstanceUpdateInput, InstanceUpdateVariables, InstanceVariables, LimitsInput,
    RegionConfig, RegistryInput, ServiceCreateInput, SourceInput, UpdateData, Variables, VariablesInput, own_fields,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, OWNERSHIP_VARIABLE, is_managed_name};
use crate::model::instance::{Instance, InstanceView, Status};
use crate::protocol::subject::expect_own;
use crate::provider::Completion;

/// Creates the service, and deploys it if one request can do both.
pub(super) async fn create(
    railway: &Railway,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    // This is a read: if it fails, nothing was created.
    let in_one_request = creates_in_one_request(railway, context)
        .await
        .map_err(|error| error.with_outcome(Outcome::NoEffect))?;
    if in_one_request {
        railway.deployment.creates_with_image();
    }
    let mut variables = if in_one_request {
        collect_variables(request)
    } else {
        Variables::new()
    };
    if let Some(token) = handle.ownership_token() {
        variables.insert(OWNERSHIP_VARIABLE, token);
    }
    let input = ServiceCreateInput {
        project_id: &railway.project_id,
        environment_id: &railway.environment_id,
        name: handle.name(),
        source: in_one_request.then_some(SourceInput { image: &request.image }),
        registry_credentials: build_registry_input(&railway.options).filter(|_| in_one_request),
        variables,
    };
    let data: CreateData = railway
        .execute_create(context, &documents::SERVICE_CREATE, Input { input })
        .await?;
    let service = data.service_create;
    let is_own = service.name.as_deref() == Some(handle.name())
        && service.project_id.as_deref().is_none_or(|id| id == railway.project_id);
    expect_own(is_own, TITLE)?;
    let launch = in_one_request.then_some(STARTED_BY_CREATE);
    let created_at = service.created_at.as_deref();
    Ok(created_instance(
        railway,
        &service.id,
        handle.name(),
        created_at,
        launch,
    ))
}

/// Returns whether one `serviceCreate` creates and deploys the service as requested.
async fn creates_in_one_request(railway: &Railway, context: &CallContext) -> Result<bool> {
    let is_confined = fetch_isolation(railway, context).await?.confines_creates();
    Ok(is_confined && !railway.options.need_instance_settings())
}

/// Returns a service that exists and whose instance has not been read yet.
pub(super) fn created_instance(
    railway: &Railway,
    id: &str,
    name: &str,
    created_at: Option<&str>,
    launch: Option<&str>,
) -> Instance {
    Instance::from(InstanceView {
        id,
        own: own_fields(id, &railway.project_id, &railway.environment_id),
        name: Some(name),
        status: Status::Pending,
        created_at: created_at.map(Cow::Borrowed),
        url: None,
        managed: is_managed_name(name),
        owner: None,
        image: None,
        launch,
    })
}

/// Stands for the deployment that `serviceCreate` starts: Railway does not return its id.
const STARTED_BY_CREATE: &str = "started by serviceCreate";

/// Sets up and deploys the instance of an empty service. Every step can be repeated.
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
    let (began, date) = (context.now().into_std(), context.date());
    let Some(node) = railway.fetch_instance(context, service_id).await? else {
        // Not readable yet. Railway would answer an update with `true` and ignore it (docs/providers/railway.md).
        return Ok(Completion::Pending);
    };
    // An adopted service is complete if it is deployed, or if a `serviceCreate` of this call is about to deploy it.
    let has_source = node.has_source();
    let will_deploy = railway.deployment.created_with_image() || mutated!(RailwayTakesImageForDeployment);
    if node.deployment_id().is_some() || (has_source && will_deploy) {
        return Ok(Completion::Done(railway.present(&node)));
    }
    // Another call's `serviceCreate` may be about to deploy it: the deployment shows within a minute. If none does, that
    // call has set the image by a request of its own, and has died before it could deploy. This clock may be wrong, and the
    // date be missing: the call waits no longer than that minute, either.
    let limit = SEMANTICS.visibility_lag;
    let may_wait =
        has_source && is_young(node.created_at.as_deref(), date) && railway.deployment.may_wait(began, limit);
    if may_wait && creates_in_one_request(railway, context).await? {
        return Ok(Completion::Pending);
    }
    set_variables(railway, context, request, service_id).await?;
    set_limits(railway, context, service_id).await?;
    railway.deployment.sets_image();
    set_source(railway, context, request, service_id).await?;
    let updated = railway.fetch_instance(context, service_id).await?;
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
        launch: data.deployment_id.0,
        ..instance.clone()
    }))
}

/// Sets the request's variables on the service, without a deployment.
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
        variables: collect_variables(request),
        // The deployment follows when everything is set.
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

/// Sets the limits of memory and CPU, if the options have any.
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

/// Sets the image and the other settings of the instance.
async fn set_source(railway: &Railway, context: &CallContext, request: &CreateRequest, service_id: &str) -> Result<()> {
    let options = &railway.options;
    let replicas = options.replicas;
    let region = options.region.as_deref();
    let variables = InstanceUpdateVariables {
        environment_id: &railway.environment_id,
        service_id,
        input: InstanceUpdateInput {
            source: SourceInput { image: &request.image },
            registry_credentials: build_registry_input(options),
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

/// Returns an error for `false`, by which Railway refuses an update without a reason.
fn check_accepted(data: &UpdateData, field: &str) -> Result<()> {
    if data.done {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Unavailable,
        Message::ours(format!("Railway answered {field} with false.")),
    ))
}

/// Returns the request's variables in Railway's form.
fn collect_variables(request: &CreateRequest) -> Variables<'_> {
    request
        .variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect()
}

/// Returns the credentials of the private registry, if the options have any.
fn build_registry_input(options: &RailwayOptions) -> Option<RegistryInput<'_>> {
    options.registry.as_ref().map(|registry| RegistryInput {
        username: registry.username.expose(),
        password: registry.password.expose(),
    })
}
