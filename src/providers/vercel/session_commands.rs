//! Commands in the session of a sandbox: starts them, finds them, reads their output (docs/providers/vercel.md).

use http::Method;

use super::api::Vercel;
use super::errors::ERRORS;
use super::wire::{Command, Commands, LogLine, Ran, RunCommand};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::model::instance::Instance;
use crate::protocol::json;

/// The result of looking up a command.
pub(super) enum CommandLookup {
    Found(Command),
    /// The command or its session exists, but reads do not show it yet.
    NotYetVisible,
    Absent,
}

/// Returns the session of a sandbox.
pub(super) fn session_of(instance: &Instance) -> Result<&str> {
    let text = "Vercel's answer names no session of the sandbox.";
    let session = instance.launch.as_deref();
    session.ok_or_else(|| Error::ambiguous(ErrorCode::Protocol, text))
}

/// The path of a session's commands, for events.
const COMMANDS_PATH: &str = "/v2/sandboxes/sessions/{sessionId}/cmd";

/// Looks up the command of a role: by the id if this call has started it, else by the list of the session's commands.
pub(super) async fn find_command(
    vercel: &Vercel,
    context: &CallContext,
    session: &str,
    role: &str,
    id: Option<&str>,
) -> Result<CommandLookup> {
    let path = ["v2", "sandboxes", "sessions", session, "cmd"];
    if let Some(id) = id {
        let request = vercel
            .request(Method::GET, &[&path[..], &[id]].concat())?
            .template("/v2/sandboxes/sessions/{sessionId}/cmd/{commandId}");
        let ran: Result<Ran> = vercel.read(context, Effect::Idempotent, request).await;
        let ran = visible_or_none(ran.map_err(explain_stopped))?;
        return Ok(ran.map_or(CommandLookup::NotYetVisible, |ran| CommandLookup::Found(ran.command)));
    }
    if vercel.commands.state().none_yet {
        return Ok(CommandLookup::Absent);
    }
    let request = vercel.request(Method::GET, &path)?.template(COMMANDS_PATH);
    let listed: Result<Commands> = vercel.read(context, Effect::Idempotent, request).await;
    let Some(listed) = visible_or_none(listed.map_err(explain_stopped))? else {
        return Ok(CommandLookup::NotYetVisible);
    };
    // The list begins with the newest (docs/providers/vercel.md).
    let all_are_readable = listed.commands.iter().all(|command| command.0.is_some());
    let mut commands = listed.commands.into_iter().filter_map(|command| command.0);
    let found = commands.find(|command| has_role(command, role));
    Ok(match found {
        Some(command) => CommandLookup::Found(command),
        None if all_are_readable => CommandLookup::Absent,
        // The unreadable one may be the one sought.
        None => CommandLookup::NotYetVisible,
    })
}

/// Starts a command and returns it; `None` if the session is not visible yet.
pub(super) async fn start_command(
    vercel: &Vercel,
    context: &CallContext,
    session: &str,
    role: &str,
    script: &str,
) -> Result<Option<Command>> {
    let state = vercel.commands.state();
    let variables = state.variables.iter();
    let body = json::write(&RunCommand {
        command: "sh",
        args: ["-c", script, role],
        // The sandbox has these variables, but it is not known whether sudo keeps them (docs/providers/vercel.md).
        env: variables.map(|(name, value)| (name.as_str(), value.expose())).collect(),
        // The daemon is installed in /usr/local/bin.
        sudo: true,
    })?;
    let path = ["v2", "sandboxes", "sessions", session, "cmd"];
    let request = vercel.request(Method::POST, &path)?.template(COMMANDS_PATH).json(body);
    let ran: Result<Ran> = vercel.read(context, Effect::Once, request).await;
    Ok(visible_or_none(ran.map_err(explain_stopped))?.map(|ran| ran.command))
}

/// Makes the error of an installing command that has failed, with the end of its output.
pub(super) async fn install_failed(
    vercel: &Vercel,
    context: &CallContext,
    session: &str,
    command: &Command,
    code: i64,
) -> Error {
    let text = Message::ours(format!(
        "The command that installs the daemon ended with exit code {code}."
    ));
    let error = Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done);
    let path = ["v2", "sandboxes", "sessions", session, "cmd", &command.id, "logs"];
    let Ok(request) = vercel.request(Method::GET, &path) else {
        return error;
    };
    let read = |response: &Response| {
        ERRORS.check(response)?;
        Ok(read_output(&response.body))
    };
    let request = request.template("/v2/sandboxes/sessions/{sessionId}/cmd/{commandId}/logs");
    // The failure is reported even if the output cannot be read.
    match vercel.client.call(context, Effect::Idempotent, request, read).await {
        Ok(output) => error.with_output(&output),
        Err(_) => error,
    }
}

/// Returns whether a command is one of ours with this role, which is the shell's `$0`.
fn has_role(command: &Command, role: &str) -> bool {
    let name = command.args.as_ref().and_then(|args| args.get(2));
    name.is_some_and(|name| name == role)
}

/// Turns "not found" into `None`: a command or session that was just created may not be visible yet.
fn visible_or_none<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the error of a stopped sandbox permanent: a session that has ended takes no more commands.
fn explain_stopped(error: Error) -> Error {
    if error.details().provider_code.as_deref() != Some("sandbox_stopped") {
        return error;
    }
    error
        .with_code(ErrorCode::ProvisionFailed)
        .with_outcome(Outcome::Done)
        .with_note("The sandbox stopped before the daemon ran")
}

/// Returns the command's output from a log in NDJSON.
fn read_output(log: &[u8]) -> String {
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
        assert_eq!(read_output(log.as_bytes()), "one\ntwo three");
        assert_eq!(read_output(b"<html>"), "");
    }
}
