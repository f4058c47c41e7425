//! Creates an instance. Because of the unique tag, a repeated create returns the instance of the first one
//! (docs/providers/namespace.md).

use super::api::Namespace;
use super::semantics::TITLE;
use super::wire::{
    Container, CreateInstance, Described, Experimental, LabelPost, MANAGED, NAME, OWNER, OWNERSHIP_TOKEN, Port, Shape,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, Origin};
use crate::model::instance::Instance;
use crate::protocol::subject::expect_own;

/// Creates the instance of a handle, or returns the one that an earlier create of this handle made.
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
        labels: make_labels(namespace, handle),
        containers: if options.has_container() {
            vec![make_container(namespace, request)]
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
    let id = described.metadata.instance_id.clone();
    // An answer without the handle's label does not show whose instance it is: read the instance.
    let reread = if described.metadata.name() == Some(handle.name()) {
        None
    } else {
        let reread = namespace.describe(context, &id).await;
        reread.map_err(|error| error.with_outcome(Outcome::Unknown))?
    };
    let labels_show = reread.is_some() || described.metadata.has_labels();
    let described = reread.unwrap_or(described);
    let metadata = &described.metadata;
    let bears_handle = metadata.name() == Some(handle.name());
    // The tag of a key or of a caller's name may be another instance's. That of a random name is not.
    let may_be_anothers = handle.origin() != Origin::Random && labels_show;
    expect_own(bears_handle || may_be_anothers, TITLE)?;
    if metadata.is_deleted_or_deleting() {
        // The tag's holder is being deleted. When the tag becomes free is not published (docs/providers/namespace.md).
        let text = "The instance that held this handle is still being destroyed.";
        return Err(Error::new(ErrorCode::Unavailable, text).with_instance_id(id));
    }
    let token = handle.ownership_token();
    if !bears_handle
        || !mutated!(NamespaceTrustsTag) && token.is_some_and(|token| metadata.ownership_token() != Some(token))
    {
        let text = "Another instance holds the tag of this name.";
        return Err(Error::new(ErrorCode::AlreadyExists, text).with_instance_id(id));
    }
    Ok(described.view().into())
}

/// Makes this package's labels, followed by the caller's.
fn make_labels<'a>(namespace: &'a Namespace, handle: &'a Handle) -> Vec<LabelPost<'a>> {
    let own = [
        (MANAGED, Some("true")),
        (NAME, Some(handle.name())),
        (OWNERSHIP_TOKEN, handle.ownership_token()),
        (OWNER, handle.owner()),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let from_caller = namespace
        .options
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(from_caller)
        .map(|(name, value)| LabelPost { name, value })
        .collect()
}

/// Makes the container that runs the image.
fn make_container<'a>(namespace: &'a Namespace, request: &'a CreateRequest) -> Container<'a> {
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
        // With `JOB`, the default, the instance ends without an error when its container exits. With `SERVICE` it is shown
        // as failed, with any exit code (docs/providers/namespace.md). The deadline bounds what that costs.
        workload_type: "SERVICE",
    }
}
