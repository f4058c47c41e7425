//! Brings the ComputeSDK daemon into a sandbox. The daemon's public image cannot be used, so a command installs and starts
//! the daemon after the create (docs/providers/vercel.md).

use std::time::Duration;

use super::api::Vercel;
use super::session_commands::{CommandLookup, find_command, install_failed, session_of, start_command};
use super::started_commands::INSTALL;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::instance::{Instance, Status};
use crate::provider::{Completion, Readiness};

/// How long the command has to run without a failure before a create counts as done.
const STABILIZATION: Duration = Duration::from_secs(2);

/// Starts the daemon if no earlier command has, and watches the command until it has ended or run for a while.
pub(super) async fn complete(
    vercel: &Vercel,
    context: &CallContext,
    request: &CreateRequest,
    instance: &Instance,
) -> Result<Completion> {
    let Some(commands) = &vercel.options.daemon else {
        return Ok(Completion::Done(instance.clone()));
    };
    let Some(instance) = running_sandbox(vercel, context, instance).await? else {
        return Ok(Completion::Pending);
    };
    let session = session_of(&instance)?;
    vercel
        .commands
        .update(|state| state.variables.clone_from(&request.variables));
    let state = vercel.commands.state();
    let install = match find_command(vercel, context, session, INSTALL, state.install.as_deref()).await? {
        CommandLookup::Found(install) => install,
        CommandLookup::NotYetVisible => return Ok(Completion::Pending),
        CommandLookup::Absent => {
            vercel.commands.update(|state| state.none_yet = false);
            if let Some(started) = start_command(vercel, context, session, INSTALL, &commands.install).await? {
                vercel.commands.update(|state| state.install = Some(started.id));
            }
            return Ok(Completion::Pending);
        }
    };
    match install.exit_code() {
        None => Ok(Completion::Stabilizing {
            instance,
            minimum: STABILIZATION,
        }),
        Some(0) => Ok(Completion::Done(instance)),
        Some(code) => Err(install_failed(vercel, context, session, &install, code).await),
    }
}

/// Reads whether the daemon has proved itself, in a sandbox that runs.
pub(super) async fn readiness(vercel: &Vercel, context: &CallContext, instance: Instance) -> Result<Readiness> {
    let Some(commands) = &vercel.options.daemon else {
        return Ok(Readiness::Ready(instance));
    };
    let session = session_of(&instance)?;
    let state = vercel.commands.state();
    if let CommandLookup::Found(install) =
        find_command(vercel, context, session, INSTALL, state.install.as_deref()).await?
        && let Some(code) = install.exit_code().filter(|code| *code != 0)
    {
        return Err(install_failed(vercel, context, session, &install, code).await);
    }
    let role = vercel.commands.ready_role.as_str();
    let ready = if state.ready_sent {
        find_command(vercel, context, session, role, state.ready.as_deref()).await?
    } else {
        CommandLookup::Absent
    };
    let ready = match ready {
        CommandLookup::Found(ready) => ready,
        CommandLookup::NotYetVisible => return Ok(Readiness::Starting),
        CommandLookup::Absent => {
            vercel.commands.update(|state| state.ready_sent = true);
            if let Some(started) = start_command(vercel, context, session, role, &commands.wait_script()).await? {
                vercel.commands.update(|state| state.ready = Some(started.id));
            }
            return Ok(Readiness::Starting);
        }
    };
    Ok(match ready.exit_code() {
        None => Readiness::Starting,
        Some(0) => Readiness::Ready(instance),
        Some(code) => Readiness::Failed(Message::ours(format!(
            "the command that waits for the daemon ended with exit code {code}."
        ))),
    })
}

/// Returns the sandbox if it runs; `None` while it starts, because it takes no commands then.
async fn running_sandbox(vercel: &Vercel, context: &CallContext, instance: &Instance) -> Result<Option<Instance>> {
    if instance.status == Status::Running {
        return Ok(Some(instance.clone()));
    }
    let Some(found) = vercel.find_sandbox(context, &instance.id).await? else {
        return Ok(None);
    };
    match found.sandbox.status() {
        Status::Running => Ok(Some(vercel.present(&found))),
        Status::Pending | Status::Unknown => Ok(None),
        Status::Stopped | Status::Failed => {
            let text = Message::from("The sandbox has the status ")
                .then(Message::foreign(found.sandbox.status_name()))
                .then(", so the daemon cannot be started in it.");
            Err(Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done))
        }
    }
}
