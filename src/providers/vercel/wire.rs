//! Vercel's requests and responses. Vercel's SDK and its OpenAPI document differ, so this module requires only fields that
//! both require (docs/providers/vercel.md).

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::id;
use crate::model::instance::{Instance, Status};
use crate::protocol::lenient::{Cursor, Entries, Info, Isolated, Lenient, read_object};

/// The tag of every sandbox that this package creates, and its value.
pub(super) const MANAGED: &str = "computesdk";
pub(super) const MANAGED_VALUE: &str = "managed";

/// The tag that holds the ownership token.
pub(super) const OWNERSHIP_TOKEN: &str = "computesdk-create-mark";

/// The tag that holds the owner.
pub(super) const OWNER: &str = "computesdk-owner";

/// The port of the daemon, whose route is preferred as the instance's URL (docs/providers/vercel.md).
pub(super) const DAEMON_PORT: u32 = 18_080;

/// What the id of a project begins with (docs/providers/vercel.md).
const PROJECT_ID_PREFIX: &str = "prj_";

/// Environment variables in clear text.
pub(super) type Variables<'a> = BTreeMap<&'a str, &'a str>;

/// The body of `POST /v3/sandboxes`, which refuses unknown fields (docs/providers/vercel.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateSandbox<'a> {
    pub(super) project_id: &'a str,
    pub(super) name: &'a str,
    /// Always false: Vercel stores and bills a persistent sandbox when it stops (docs/providers/vercel.md).
    pub(super) persistent: bool,
    pub(super) env: Variables<'a>,
    pub(super) tags: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "<[u32]>::is_empty")]
    pub(super) ports: &'a [u32],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resources: Option<Resources>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'a str>,
}

/// The size of the machine.
#[derive(Serialize)]
pub(super) struct Resources {
    pub(super) vcpus: u32,
}

/// The response to a create and to a read of one sandbox.
#[derive(Deserialize)]
pub(super) struct Found {
    pub(super) sandbox: Sandbox,
    session: Info<Session>,
    routes: Info<Vec<Route>>,
}

/// One page of a list.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) sandboxes: Entries<Sandbox>,
    pub(super) pagination: Pagination,
}

/// Where the next page begins.
#[derive(Deserialize)]
pub(super) struct Pagination {
    pub(super) next: Option<Cursor>,
}

/// The response to a deletion.
#[derive(Deserialize)]
pub(super) struct Deleted {
    pub(super) sandbox: Named,
}

/// A sandbox of which only the name is read.
#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// A sandbox. Its name, which is its id, is needed. Its times are in milliseconds since 1970 (docs/providers/vercel.md).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sandbox {
    #[serde(deserialize_with = "id::deserialize")]
    name: String,
    status: Info<String>,
    created_at: Info<f64>,
    current_session_id: Info<String>,
    region: Info<String>,
    vcpus: Info<f64>,
    tags: Info<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: Info<String>,
    project_id: Info<String>,
}

impl Lenient for Session {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

#[derive(Deserialize)]
struct Route {
    url: Info<String>,
    port: Info<u32>,
    system: Info<bool>,
}

impl Lenient for Route {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

impl Route {
    fn to_json(&self) -> Value {
        json!({"port": self.port.0, "url": self.url.0})
    }
}

impl Sandbox {
    /// Returns what the status means (docs/providers/vercel.md).
    pub(super) fn status(&self) -> Status {
        match self.status_name() {
            "pending" => Status::Pending,
            "running" => Status::Running,
            "stopping" | "stopped" | "snapshotting" => Status::Stopped,
            "failed" | "aborted" => Status::Failed,
            _ => Status::Unknown,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the status, as Vercel sent it.
    pub(super) fn status_name(&self) -> &str {
        self.status.as_deref().unwrap_or("unknown")
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.as_ref()?.get(name).map(String::as_str)
    }

    /// Returns whether the sandbox may have this ownership token: tags are information, and may be missing.
    pub(super) fn may_have_token(&self, token: Option<&str>) -> bool {
        token.is_none_or(|token| self.tags.is_none() || self.ownership_token() == Some(token))
    }

    /// Returns the ownership token, if the sandbox has one.
    pub(super) fn ownership_token(&self) -> Option<&str> {
        self.tag(OWNERSHIP_TOKEN)
    }
}

impl Found {
    /// Makes it from an entry of a list, which has neither session nor routes (docs/providers/vercel.md).
    pub(super) fn from_list_entry(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            session: Info(None),
            routes: Info(None),
        }
    }

    /// Returns whether the sandbox may be in this project, which is configured by its id or by its slug. Only two ids can be
    /// compared.
    pub(super) fn may_be_in(&self, project: &str) -> bool {
        let told = self.session.as_ref().and_then(|session| session.project_id.as_deref());
        let is_id = |text: &str| text.starts_with(PROJECT_ID_PREFIX);
        told.is_none_or(|told| told == project || !is_id(told) || !is_id(project))
    }

    /// Returns the sandbox as an instance of this project and team.
    pub(super) fn into_instance(self, project_id: &str, team_id: &str) -> Instance {
        let Self {
            sandbox,
            session,
            routes,
        } = self;
        let status = sandbox.status();
        let managed = sandbox.tag(MANAGED) == Some(MANAGED_VALUE);
        let owner = sandbox.tag(OWNER).map(str::to_owned);
        let session_id = session
            .0
            .and_then(|session| session.id.0)
            .or(sandbox.current_session_id.0);
        let routes = routes.0.map(|mut routes| {
            routes.retain(|route| route.system.0 != Some(true) && route.port.is_some() && route.url.is_some());
            routes
        });
        let known = routes.as_deref().unwrap_or_default();
        let daemon = known.iter().find(|route| route.port.0 == Some(DAEMON_PORT));
        let url = daemon.or(known.first()).and_then(|route| route.url.0.clone());
        let own = [
            ("projectId", Some(json!(project_id))),
            ("teamId", Some(json!(team_id))),
            ("sessionId", session_id.as_ref().map(|id| json!(id))),
            (
                "routes",
                routes.map(|routes| routes.iter().map(Route::to_json).collect()),
            ),
            ("region", sandbox.region.0.map(|region| json!(region))),
            ("vcpus", sandbox.vcpus.0.map(to_json_number)),
        ];
        Instance {
            own: own
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?)))
                .collect(),
            name: Some(sandbox.name.clone()),
            status,
            created_at: sandbox.created_at.0.and_then(rfc3339),
            url,
            managed,
            owner,
            image: None,
            launch: session_id,
            id: sandbox.name,
        }
    }
}

/// Returns a number as JavaScript writes it: `2`, not `2.0`.
fn to_json_number(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and small, as just checked")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        json!(number as i64)
    } else {
        json!(number)
    }
}

/// Returns a time in RFC 3339, with three decimals so that times sort as texts; `None` beyond the year 9999.
fn rfc3339(milliseconds: f64) -> Option<String> {
    // Whole milliseconds. The cast saturates.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked below")]
    let milliseconds = Some(milliseconds.floor()).filter(|whole| *whole >= 0.0)? as u64;
    let seconds = i64::try_from(milliseconds / 1_000).ok()?;
    let text = OffsetDateTime::from_unix_timestamp(seconds)
        .ok()?
        .format(&Rfc3339)
        .ok()?;
    Some(format!("{}.{:03}Z", text.trim_end_matches('Z'), milliseconds % 1_000))
}

/// The body of `POST …/cmd`. Without `wait`, the response does not wait for the command (docs/providers/vercel.md).
#[derive(Serialize)]
pub(super) struct RunCommand<'a> {
    pub(super) command: &'static str,
    pub(super) args: [&'a str; 3],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: Variables<'a>,
    pub(super) sudo: bool,
}

/// The response to the start and to a read of one command.
#[derive(Deserialize)]
pub(super) struct Ran {
    pub(super) command: Command,
}

/// The commands of a session.
#[derive(Deserialize)]
pub(super) struct Commands {
    pub(super) commands: Vec<Isolated<Command>>,
}

/// A command in a session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Command {
    pub(super) id: String,
    pub(super) args: Info<Vec<String>>,
    /// Absent or null while the command runs.
    exit_code: Info<f64>,
}

impl Command {
    /// Returns the exit code; `None` while the command runs.
    pub(super) fn exit_code(&self) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "an exit code is a small number")]
        self.exit_code.map(|code| code as i64)
    }
}

/// A line of a command's log (docs/providers/vercel.md). Lines of other forms are ignored.
#[derive(Deserialize)]
pub(super) struct LogLine {
    pub(super) stream: String,
    pub(super) data: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning() {
        for (word, status) in [
            ("pending", Status::Pending),
            ("running", Status::Running),
            ("stopping", Status::Stopped),
            ("stopped", Status::Stopped),
            ("snapshotting", Status::Stopped),
            ("failed", Status::Failed),
            ("aborted", Status::Failed),
            ("hibernating", Status::Unknown),
        ] {
            let sandbox: Sandbox = serde_json::from_value(json!({"name": "a", "status": word})).unwrap();
            assert_eq!(sandbox.status(), status, "{word}");
        }
    }

    #[test]
    fn dates_are_written_as_everywhere() {
        assert_eq!(
            rfc3339(1_700_000_000_123.0).as_deref(),
            Some("2023-11-14T22:13:20.123Z")
        );
        assert_eq!(
            rfc3339(1_700_000_000_000.9).as_deref(),
            Some("2023-11-14T22:13:20.000Z")
        );
        assert_eq!(rfc3339(1e300), None);
        assert_eq!(rfc3339(253_402_300_800_000.0), None);
        assert_eq!(rfc3339(-1.0), None);
    }

    #[test]
    fn the_daemons_route_goes_before_others_and_system_routes_do_not_count() {
        let body = json!({
            "sandbox": {"name": "a", "status": "running", "tags": {"computesdk": "managed"}},
            "session": {"id": "sbx_1"},
            "routes": [
                {"url": "https://s", "port": 9, "system": true, "subdomain": "s"},
                {"url": "https://x", "port": 3000},
                {"url": "https://d", "port": DAEMON_PORT},
            ],
        });
        let found: Found = serde_json::from_value(body).unwrap();
        let instance = found.into_instance("prj", "team");
        assert_eq!(instance.url.as_deref(), Some("https://d"));
        assert!(instance.managed);
        let written = serde_json::to_value(&instance).unwrap();
        assert_eq!(written["routes"].as_array().map(Vec::len), Some(2));
        assert_eq!(written["sessionId"], "sbx_1");
    }
}
