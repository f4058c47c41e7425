//! Creates a container and starts it (docs/providers/docker.md).

use std::collections::BTreeMap;
use std::sync::PoisonError;

use http::Method;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::api::Docker;
use super::errors::ERRORS;
use super::options::{DockerOptions, Pull};
use super::semantics::TITLE;
use super::version::Kind;
use super::wire::{
    CreateContainer, Created, DEADLINE, HostConfig, MANAGED, NAME, OWNER, OWNERSHIP_TOKEN, PortBinding, RestartPolicy,
};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, Status};
use crate::protocol::json;
use crate::protocol::subject::expect_own;

/// The capabilities that a container keeps: those of Docker's default without `NET_RAW`, by which it could forge packets.
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The address on which ports are published by default.
const LOOPBACK: &str = "127.0.0.1";

/// The name by which a container reaches the engine's machine.
const HOST_NAME: &str = "host.docker.internal";

/// Creates the container. It does not run yet.
pub(super) async fn create(
    docker: &Docker,
    context: &CallContext,
    request: &CreateRequest,
    handle: &Handle,
) -> Result<Instance> {
    let kind = docker.engine(context).await?.kind;
    let deadline = write_deadline(docker)?;
    let body = json::write(&make_container(docker, kind, request, handle, deadline.as_deref()))?;
    let query = [("name", handle.name())];
    let post = docker
        .request(
            context,
            Method::POST,
            "/containers/create",
            &["containers", "create"],
            &query,
        )
        .await?;
    let created: Result<Created> = docker.read(context, Effect::Once, post.json(body)).await;
    match created {
        Ok(created) => confirm(docker, context, handle, &created.id).await,
        Err(error) if error.code() == ErrorCode::AlreadyExists => {
            Err(describe_holder(docker, context, handle, error).await)
        }
        Err(error) if error.code() == ErrorCode::NotFound && docker.options.pull() == Pull::Never => {
            Err(error.with_note("The engine does not have the image, and pull is never"))
        }
        Err(error) => Err(error),
    }
}

/// Reads the container that a create was answered with. The answer holds an id alone, which may be another container's.
async fn confirm(docker: &Docker, context: &CallContext, handle: &Handle, id: &str) -> Result<Instance> {
    let inspected = docker.inspect_id(context, id).await;
    let inspected = inspected.map_err(|error| error.with_outcome(Outcome::Unknown))?;
    let own = inspected.filter(|inspected| inspected.name() == Some(handle.name()));
    expect_own(own.is_some(), TITLE)?;
    let own = own.ok_or_else(has_vanished)?;
    let mut not_started = docker.not_started.lock().unwrap_or_else(PoisonError::into_inner);
    *not_started = own.was_never_started().then(|| own.id.clone());
    Ok(docker.present(&own))
}

/// Adds to a clash the id of the container that has the name. While that one is being removed the clash passes.
async fn describe_holder(docker: &Docker, context: &CallContext, handle: &Handle, clash: Error) -> Error {
    match docker.inspect(context, handle.name()).await {
        Ok(Some(holder)) if holder.name() == Some(handle.name()) => {
            if holder.is_being_removed() {
                let text = "The container that held this name is still being removed.";
                return Error::new(ErrorCode::Unavailable, text).with_instance_id(holder.id);
            }
            clash.with_instance_id(holder.id)
        }
        _ => clash,
    }
}

/// Starts a container that has never run, and returns it as it is then. One that has run is left as it is: starting it again
/// would repeat its work.
pub(super) async fn start(docker: &Docker, context: &CallContext, instance: &Instance) -> Result<Instance> {
    let id = &instance.id;
    let not_started = docker.not_started.lock().unwrap_or_else(PoisonError::into_inner).take();
    if not_started.as_ref() != Some(id) {
        let before = docker.inspect_id(context, id).await?.ok_or_else(has_vanished)?;
        if !before.was_never_started() {
            return Ok(docker.present(&before));
        }
    }
    let request = docker
        .request(
            context,
            Method::POST,
            "/containers/{id}/start",
            &["containers", id, "start"],
            &[],
        )
        .await?;
    // Not idempotent: a command that has ended would run again.
    docker.send(context, Effect::Once, request, read_started).await?;
    match docker.inspect_id(context, id).await {
        Ok(after) => after.map(|after| docker.present(&after)).ok_or_else(has_vanished),
        // It runs: that reading it failed is no reason to remove it, and what the answer would have told is information.
        Err(error) if error.is_transient() => Ok(Instance {
            status: Status::Running,
            ..instance.clone()
        }),
        Err(error) => Err(error),
    }
}

/// Accepts 204, and 304 for a container that runs already. Another success, such as a page of a proxy, has started nothing.
fn read_started(response: &Response) -> Result<()> {
    match response.status {
        304 => Ok(()),
        _ => ERRORS.expect_no_content(response),
    }
}

/// Makes the error of a container that another client has removed.
pub(super) fn has_vanished() -> Error {
    let text = "The container was removed before it ran.";
    Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done)
}

/// Returns when the caller wants the container to end, in RFC 3339.
fn write_deadline(docker: &Docker) -> Result<Option<String>> {
    let Some(lifetime) = docker.options.lifetime else {
        return Ok(None);
    };
    let deadline = OffsetDateTime::from(docker.date + lifetime).format(&Rfc3339);
    deadline
        .map(Some)
        .map_err(|_| Error::internal("A deadline could not be written."))
}

fn make_container<'a>(
    docker: &'a Docker,
    kind: Kind,
    request: &'a CreateRequest,
    handle: &'a Handle,
    deadline: Option<&'a str>,
) -> CreateContainer<'a> {
    let options = &docker.options;
    let variables = request.variables.iter();
    let ports = || options.ports.iter().flatten().map(|port| format!("{port}/tcp"));
    CreateContainer {
        image: docker.image(request),
        entrypoint: options.command.as_deref(),
        cmd: options.arguments.as_deref(),
        env: variables
            .map(|(name, value)| format!("{name}={}", value.expose()))
            .collect(),
        labels: make_labels(options, handle, deadline),
        working_dir: options.working_directory.as_deref(),
        user: options.user.as_deref(),
        exposed_ports: ports().map(|port| (port, BTreeMap::new())).collect(),
        host_config: HostConfig {
            network_mode: options.network.as_deref(),
            port_bindings: ports().map(|port| (port, [make_binding(options)])).collect(),
            memory: options
                .memory_megabytes
                .map(|megabytes| u64::from(megabytes) * 1_048_576),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within its limits"
            )]
            nano_cpus: options.vcpus.map(|vcpus| (vcpus * 1e9).round() as u64),
            pids_limit: options.pids_limit,
            restart_policy: RestartPolicy {
                name: options.restart.unwrap_or("no"),
            },
            extra_hosts: make_extra_hosts(options, kind),
            security_opt: ["no-new-privileges"],
            cap_drop: ["ALL"],
            cap_add: &CAPABILITIES,
            readonly_rootfs: options.read_only.unwrap_or(false),
            privileged: false,
        },
    }
}

/// Makes this package's labels and the caller's.
fn make_labels<'a>(
    options: &'a DockerOptions,
    handle: &'a Handle,
    deadline: Option<&'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let own = [
        (MANAGED, Some("true")),
        (NAME, Some(handle.name())),
        (OWNERSHIP_TOKEN, handle.ownership_token()),
        (OWNER, handle.owner()),
        (DEADLINE, deadline),
    ];
    let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let from_caller = options.labels.iter().flatten();
    own.chain(from_caller.map(|(name, value)| (name.as_str(), value.as_str())))
        .collect()
}

fn make_binding(options: &DockerOptions) -> PortBinding<'_> {
    PortBinding {
        host_ip: options.host_ip.as_deref().unwrap_or(LOOPBACK),
        host_port: "",
    }
}

/// Returns the caller's entries of the container's hosts file, and one by which it reaches the engine's machine.
fn make_extra_hosts(options: &DockerOptions, kind: Kind) -> Vec<&str> {
    let mut hosts: Vec<&str> = options.extra_hosts.iter().flatten().map(String::as_str).collect();
    let is_given = hosts.iter().any(|entry| entry.split(':').next() == Some(HOST_NAME));
    if is_given || options.has_no_network() {
        return hosts;
    }
    if options.is_on_host_network() {
        hosts.push("host.docker.internal:127.0.0.1");
    } else if cfg!(target_os = "linux") && kind != Kind::OldPodman {
        hosts.push("host.docker.internal:host-gateway");
    }
    hosts
}
