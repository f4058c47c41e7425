//! Gets the ComputeSDK daemon into a sandbox: no image with it can be given in general, so a command installs and starts
//! it after the creation (`reference/vercel.md` §7, §13).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Method;

use super::options::DaemonCommands;
use super::wire::{Command, Commands, LogLine, Ran, RunCommand};
use super::{DIALECT, Vercel};
use crate::context::Cx;
use crate::context::random::Random;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::instance::{Instance, Status};
use crate::protocol::json;
use crate::provider::{Completion, Readiness};
use crate::secret::Secret;

/// What installs and starts the daemon unless told otherwise. The installer's address and flags are those of the
/// ComputeSDK; it usually starts the daemon itself, so that is asked first (§13). May be run again.
pub(super) const INSTALL_COMMAND: &str = r#"set -e
if ! command -v compute > /dev/null 2>&1; then
  curl -fsSL https://computesdk.com/install.sh -o /tmp/computesdk-install.sh
  bash /tmp/computesdk-install.sh --non-interactive --access-token "$COMPUTESDK_ACCESS_TOKEN" --location /usr/local/bin
fi
curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health || exec compute start --access-token "$COMPUTESDK_ACCESS_TOKEN""#;

/// How the daemon proves that it is there unless told otherwise.
pub(super) const READY_COMMAND: &str = "curl -fsS -m 2 -o /dev/null http://127.0.0.1:18080/health";

/// How long the command is watched for a failure before a create counts as done (contract §2).
const WATCH: Duration = Duration::from_secs(2);

/// By these our commands are known among others: they are the shell's `$0`.
const INSTALL: &str = "computesdk-install";
const READY: &str = "computesdk-ready";

/// What one call knows of the commands that it has started. A listing may lag behind.
pub(super) struct Daemon {
    /// The role of this call's own [`READY`] command: what proved an earlier call right proves nothing now.
    ready: String,
    known: Mutex<Known>,
}

#[derive(Clone, Default)]
struct Known {
    /// This call has just made the sandbox, and sent no command: there is none.
    none: bool,
    install: Option<String>,
    ready: Option<String>,
    ready_sent: bool,
    /// The daemon's, for the command that asks for it.
    variables: Vec<(String, Secret)>,
}

impl Daemon {
    pub(super) fn new(random: &dyn Random) -> Result<Self> {
        let mut bytes = [0_u8; 8];
        random
            .fill(&mut bytes)
            .map_err(|error| Error::internal(format!("A command could not be named: {error}.")))?;
        Ok(Self {
            ready: format!("{READY}-{:016x}", u64::from_le_bytes(bytes)),
            known: Mutex::default(),
        })
    }

    /// The sandbox is new: nothing runs in it.
    pub(super) fn expect_none(&self) {
        self.change(|known| known.none = true);
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Starts the daemon, unless that was done, and watches it for a while.
pub(super) async fn complete(
    vercel: &Vercel,
    cx: &Cx,
    request: &CreateRequest,
    instance: &Instance,
) -> Result<Completion> {
    let Some(commands) = &vercel.options.daemon else {
        return Ok(Completion::Done(instance.clone()));
    };
    let Some(instance) = running(vercel, cx, instance).await? else {
        return Ok(Completion::Pending);
    };
    let session = session(&instance)?;
    vercel
        .daemon
        .change(|known| known.variables.clone_from(&request.variables));
    let known = vercel.daemon.known();
    let install = match find(vercel, cx, session, INSTALL, known.install.as_deref()).await? {
        Seen::Command(install) => install,
        Seen::NotYet => return Ok(Completion::Pending),
        Seen::Nothing => {
            vercel.daemon.change(|known| known.none = false);
            if let Some(started) = start(vercel, cx, session, INSTALL, &commands.install).await? {
                vercel.daemon.change(|known| known.install = Some(started.id));
            }
            return Ok(Completion::Pending);
        }
    };
    match install.exit_code {
        None => Ok(Completion::Watching {
            instance,
            at_least: WATCH,
        }),
        Some(0) => Ok(Completion::Done(instance)),
        Some(code) => Err(failed(vercel, cx, session, &install, code).await),
    }
}

/// Whether the daemon has proved itself, in a sandbox that runs.
pub(super) async fn readiness(vercel: &Vercel, cx: &Cx, instance: Instance) -> Result<Readiness> {
    let Some(commands) = &vercel.options.daemon else {
        return Ok(Readiness::Ready(instance));
    };
    let session = session(&instance)?;
    let known = vercel.daemon.known();
    if let Seen::Command(install) = find(vercel, cx, session, INSTALL, known.install.as_deref()).await?
        && let Some(code) = install.exit_code.filter(|code| *code != 0)
    {
        return Err(failed(vercel, cx, session, &install, code).await);
    }
    let role = vercel.daemon.ready.as_str();
    let ready = if known.ready_sent {
        find(vercel, cx, session, role, known.ready.as_deref()).await?
    } else {
        Seen::Nothing
    };
    let ready = match ready {
        Seen::Command(ready) => ready,
        Seen::NotYet => return Ok(Readiness::Starting),
        Seen::Nothing => {
            vercel.daemon.change(|known| known.ready_sent = true);
            if let Some(started) = start(vercel, cx, session, role, &until(commands)).await? {
                vercel.daemon.change(|known| known.ready = Some(started.id));
            }
            return Ok(Readiness::Starting);
        }
    };
    Ok(match ready.exit_code {
        None => Readiness::Starting,
        Some(0) => Readiness::Ready(instance),
        Some(code) => Readiness::Failed(format!(
            "the command that waits for the daemon ended with exit code {code}."
        )),
    })
}

/// Waits in the sandbox itself, so that nothing has to be asked of Vercel for each look.
fn until(commands: &DaemonCommands) -> String {
    format!("until {{ {}\n}}; do sleep 1; done", commands.ready)
}

/// The sandbox, once it takes commands: not while it starts.
async fn running(vercel: &Vercel, cx: &Cx, instance: &Instance) -> Result<Option<Instance>> {
    if instance.status == Status::Running {
        return Ok(Some(instance.clone()));
    }
    let Some(found) = vercel.sandbox(cx, &instance.id).await? else {
        return Ok(None);
    };
    match found.sandbox.status() {
        Status::Running => Ok(Some(vercel.present(found))),
        Status::Pending | Status::Unknown => Ok(None),
        Status::Stopped | Status::Failed => {
            let text = format!(
                "The sandbox has the status {}, so the daemon cannot be started in it.",
                found.sandbox.status
            );
            Err(Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done))
        }
    }
}

fn session(instance: &Instance) -> Result<&str> {
    let text = "Vercel's answer names no session of the sandbox.";
    let session = instance.launch.as_deref();
    session.ok_or_else(|| Error::ambiguous(ErrorCode::Protocol, text))
}

/// What a look for a command of ours has shown.
enum Seen {
    Command(Command),
    /// It was started, or the session was, and reads do not show it yet.
    NotYet,
    Nothing,
}

/// A command of ours: the one that this call has started, or another one that is there already.
async fn find(vercel: &Vercel, cx: &Cx, session: &str, role: &str, id: Option<&str>) -> Result<Seen> {
    let path = ["v2", "sandboxes", "sessions", session, "cmd"];
    if let Some(id) = id {
        let request = vercel.request(Method::GET, &[&path[..], &[id]].concat())?;
        let ran: Result<Ran> = vercel.read(cx, Effect::Idempotent, request).await;
        let ran = shown(ran.map_err(stopped))?;
        return Ok(ran.map_or(Seen::NotYet, |ran| Seen::Command(ran.command)));
    }
    if vercel.daemon.known().none {
        return Ok(Seen::Nothing);
    }
    let request = vercel.request(Method::GET, &path)?;
    let listed: Result<Commands> = vercel.read(cx, Effect::Idempotent, request).await;
    let Some(listed) = shown(listed.map_err(stopped))? else {
        return Ok(Seen::NotYet);
    };
    // Newest first.
    let mut commands = listed.commands.into_iter();
    let found = commands.find(|command| command.args.get(2).is_some_and(|name| name == role));
    Ok(found.map_or(Seen::Nothing, Seen::Command))
}

/// Starts a command; `None` if the session does not show yet.
async fn start(vercel: &Vercel, cx: &Cx, session: &str, role: &str, script: &str) -> Result<Option<Command>> {
    let known = vercel.daemon.known();
    let variables = known.variables.iter();
    let body = json::write(&RunCommand {
        command: "sh",
        args: ["-c", script, role],
        // Of the sandbox already, but whether sudo keeps them is not known (§13).
        env: variables.map(|(name, value)| (name.as_str(), value.expose())).collect(),
        // The daemon goes to /usr/local/bin.
        sudo: true,
    })?;
    let path = ["v2", "sandboxes", "sessions", session, "cmd"];
    let request = vercel.request(Method::POST, &path)?.json(body);
    let ran: Result<Ran> = vercel.read(cx, Effect::Once, request).await;
    Ok(shown(ran.map_err(stopped))?.map(|ran| ran.command))
}

/// What was made moments ago may not show yet.
fn shown<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A session that is over takes no commands, however often it is asked.
fn stopped(error: Error) -> Error {
    if error.details().provider_code.as_deref() != Some("sandbox_stopped") {
        return error;
    }
    error
        .with_code(ErrorCode::ProvisionFailed)
        .with_outcome(Outcome::Done)
        .after("The sandbox stopped before the daemon ran")
}

/// The daemon's command has failed: says so, with what it has printed.
async fn failed(vercel: &Vercel, cx: &Cx, session: &str, command: &Command, code: i64) -> Error {
    let text = format!("The command that installs the daemon ended with exit code {code}.");
    let error = Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done);
    let path = ["v2", "sandboxes", "sessions", session, "cmd", &command.id, "logs"];
    let Ok(request) = vercel.request(Method::GET, &path) else {
        return error;
    };
    let date = cx.core.clock.date();
    let read = |response: &crate::http::message::Response| {
        DIALECT.accept(response, date)?;
        Ok(output(&response.body))
    };
    // That the output cannot be had is no reason to hide the failure.
    match vercel.client.call(cx, Effect::Idempotent, request, read).await {
        Ok(output) => error.with_output(output),
        Err(_) => error,
    }
}

/// What a log in NDJSON holds of the command's output.
fn output(log: &[u8]) -> String {
    let mut output = String::new();
    for line in log.split(|byte| *byte == b'\n') {
        match serde_json::from_slice::<LogLine>(line) {
            Ok(line) if line.stream != "error" => output.push_str(&line.data),
            _ => {}
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_line_by_line() {
        let log = concat!(
            r#"{"stream":"stdout","data":"one\n"}"#,
            "\n",
            r#"{"stream":"stderr","data":"two"}"#,
            "\nnonsense\n",
            r#"{"stream":"error","data":{"code":"sandbox_stream_closed"}}"#,
            "\n",
            r#"{"stream":"stdout","data":" three"}"#
        );
        assert_eq!(output(log.as_bytes()), "one\ntwo three");
        assert_eq!(output(b"<html>"), "");
    }

    #[test]
    fn the_ready_command_is_repeated_as_a_whole() {
        let commands = DaemonCommands {
            install: String::new(),
            ready: "a && b # why".to_owned(),
        };
        assert_eq!(until(&commands), "until { a && b # why\n}; do sleep 1; done");
    }
}
