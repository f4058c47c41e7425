//! The status of a container, from the engine's words for its state and health (docs/providers/docker.md).

use serde::Deserialize;
use serde::de::MapAccess;

use crate::model::instance::Status;
use crate::protocol::lenient::{Info, Lenient, read_object};

/// The state of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct State {
    pub(super) status: Info<String>,
    pub(super) exit_code: Info<f64>,
    #[serde(rename = "OOMKilled")]
    pub(super) oom_killed: Info<bool>,
    pub(super) error: Info<String>,
    pub(super) health: Info<Health>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Health {
    pub(super) status: Info<String>,
}

impl<'de> Lenient<'de> for State {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

impl<'de> Lenient<'de> for Health {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

/// The exit codes of a process that was asked to end, or was ended, by a signal.
const ENDED_BY_SIGNAL: [i64; 2] = [137, 143];

/// Returns the status that inspecting a container shows.
pub(super) fn status_of_state(state: &State) -> Status {
    let health = state.health.as_ref().and_then(|health| health.status.as_deref());
    #[expect(clippy::cast_possible_truncation, reason = "exit codes are small")]
    let exit_code = state.exit_code.map(|code| code as i64);
    let word = state.status.as_deref().unwrap_or_default();
    let is_marked_failed = match word {
        "created" => state.error.as_deref().is_some_and(|error| !error.is_empty()),
        "exited" | "stopped" => state.oom_killed.unwrap_or(false),
        _ => false,
    };
    if is_marked_failed {
        return Status::Failed;
    }
    status_of(word, health.unwrap_or_default(), exit_code)
}

/// Returns the status that a listing shows. Health and exit code stand only in its text for people.
pub(super) fn status_of_listed(word: Option<&str>, text: Option<&str>) -> Status {
    let text = text.unwrap_or_default();
    let in_brackets = text.split_once('(').and_then(|(_, rest)| Some(rest.split_once(')')?.0));
    let in_brackets = in_brackets.unwrap_or_default();
    let health = in_brackets.strip_prefix("health: ").unwrap_or(in_brackets);
    status_of(word.unwrap_or_default(), health, in_brackets.parse().ok())
}

fn status_of(word: &str, health: &str, exit_code: Option<i64>) -> Status {
    match (word, health) {
        ("created" | "configured" | "initialized" | "restarting", _) => Status::Pending,
        ("running", "starting") => Status::Pending,
        ("running", "unhealthy") => Status::Failed,
        ("running", _) => Status::Running,
        ("paused" | "removing" | "stopping", _) => Status::Stopped,
        ("exited" | "stopped", _) => match exit_code {
            None | Some(0) => Status::Stopped,
            Some(code) if ENDED_BY_SIGNAL.contains(&code) => Status::Stopped,
            Some(_) => Status::Failed,
        },
        // The engine has failed to remove it.
        ("dead", _) => Status::Failed,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str) -> Status {
        status_of_state(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn states_as_inspecting_shows_them() {
        for (json, status) in [
            (r#"{"Status":"created"}"#, Status::Pending),
            (
                r#"{"Status":"created","Error":"no such file","ExitCode":127}"#,
                Status::Failed,
            ),
            (r#"{"Status":"running"}"#, Status::Running),
            (r#"{"Status":"running","Health":{"Status":""}}"#, Status::Running),
            (r#"{"Status":"running","Health":{"Status":"none"}}"#, Status::Running),
            (
                r#"{"Status":"running","Health":{"Status":"starting"}}"#,
                Status::Pending,
            ),
            (r#"{"Status":"running","Health":{"Status":"healthy"}}"#, Status::Running),
            (
                r#"{"Status":"running","Health":{"Status":"unhealthy"}}"#,
                Status::Failed,
            ),
            (r#"{"Status":"restarting","ExitCode":1}"#, Status::Pending),
            (r#"{"Status":"paused"}"#, Status::Stopped),
            (r#"{"Status":"removing"}"#, Status::Stopped),
            (r#"{"Status":"exited","ExitCode":0}"#, Status::Stopped),
            (r#"{"Status":"exited","ExitCode":143}"#, Status::Stopped),
            (r#"{"Status":"exited","ExitCode":137,"OOMKilled":true}"#, Status::Failed),
            (r#"{"Status":"exited","ExitCode":1}"#, Status::Failed),
            (r#"{"Status":"dead"}"#, Status::Failed),
            (r#"{"Status":"levitating"}"#, Status::Unknown),
            (r#"{"Status":7}"#, Status::Unknown),
            ("{}", Status::Unknown),
        ] {
            assert_eq!(state(json), status, "{json}");
        }
    }

    #[test]
    fn states_as_a_listing_shows_them() {
        for (word, text, status) in [
            ("running", "Up 5 minutes", Status::Running),
            ("running", "Up 5 minutes (healthy)", Status::Running),
            ("running", "Up 5 seconds (health: starting)", Status::Pending),
            ("running", "Up 5 seconds (starting)", Status::Pending),
            ("running", "Up 2 hours (unhealthy)", Status::Failed),
            ("paused", "Up 2 hours (Paused)", Status::Stopped),
            ("exited", "Exited (0) 2 hours ago", Status::Stopped),
            ("exited", "Exited (137) 2 hours ago", Status::Stopped),
            ("exited", "Exited (1) 2 hours ago", Status::Failed),
            ("exited", "", Status::Stopped),
            ("created", "Created", Status::Pending),
            ("", "", Status::Unknown),
        ] {
            assert_eq!(status_of_listed(Some(word), Some(text)), status, "{word} {text}");
        }
        assert_eq!(status_of_listed(None, None), Status::Unknown);
    }
}
