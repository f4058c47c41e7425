//! Makes an instance, or finds that it was made: the unique tag turns a repeat into a read (`reference/namespace.md` §9).

use super::api::Namespace;
use super::wire::{
    Container, CreateInstance, Described, Experimental, LabelPost, MANAGED, NAME, OWNERSHIP_TOKEN, Port, Shape,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;

pub(super) async fn create(
    namespace: &Namespace,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    let options = &namespace.options;
    let message = CreateInstance {
        shape: Shape {
            virtual_cpu: options.virtual_cpu,
            memory_megabytes: options.memory_megabytes,
            machine_arch: options.machine_arch,
            os: options.system,
        },
        documented_purpose: &options.purpose,
        deadline: &options.deadline,
        labels: labels(namespace, handle),
        containers: if options.has_container() {
            vec![container(namespace, request)]
        } else {
            Vec::new()
        },
        experimental: Experimental {
            unique_tag: handle.name(),
        },
    };
    let described: Described = namespace
        .call(context, Effect::Once, "CreateInstance", &message)
        .await?;
    if described.metadata.is_gone_or_going() {
        // What an unfinished removal still holds the tag for; what becomes of the tag is not published (§9).
        let text = "The instance that held this handle is still being destroyed.";
        return Err(Error::new(ErrorCode::Unavailable, text).with_instance_id(described.metadata.instance_id));
    }
    let id = described.metadata.instance_id.clone();
    // Without labels it is somebody else's, or the answer tells too little.
    let described = if handle.ownership_token().is_none() || described.metadata.has_labels() {
        described
    } else {
        let again = namespace.describe(context, &id).await;
        let again = again.map_err(|error| error.with_outcome(Outcome::Unknown))?;
        again.unwrap_or(described)
    };
    let metadata = &described.metadata;
    let foreign = metadata.has_labels() && metadata.name() != Some(handle.name());
    if foreign
        || handle
            .ownership_token()
            .is_some_and(|token| metadata.ownership_token() != Some(token))
    {
        let text = "Another instance holds the tag of this name.";
        return Err(Error::new(ErrorCode::AlreadyExists, text).with_instance_id(id));
    }
    Ok(described.into_instance())
}

fn labels<'a>(namespace: &'a Namespace, handle: &'a Handle) -> Vec<LabelPost<'a>> {
    let own = [
        (MANAGED, Some("true")),
        (NAME, Some(handle.name())),
        (OWNERSHIP_TOKEN, handle.ownership_token()),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let given = namespace
        .options
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(given)
        .map(|(name, value)| LabelPost { name, value })
        .collect()
}

fn container<'a>(namespace: &'a Namespace, request: &'a CreateRequest) -> Container<'a> {
    let variables = request.variables.iter();
    Container {
        name: "main-container",
        image_ref: &request.image,
        args: &namespace.options.arguments,
        environment: variables.map(|(name, value)| (name.as_str(), value.expose())).collect(),
        export_ports: namespace
            .options
            .ports
            .iter()
            .map(|&container_port| Port {
                container_port,
                proto: "HTTP",
            })
            .collect(),
        // A daemon is to run on: with `JOB`, the default, its end would end the instance without a mark of failure; with
        // `SERVICE` it shows as failed, whatever the exit code (§6). The deadline bounds what that costs.
        workload_type: "SERVICE",
    }
}
