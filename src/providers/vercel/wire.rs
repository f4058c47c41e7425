//! Vercel's requests and responses. Vercel's SDK and its OpenAPI document differ, so this module requires only fields that
//! both require (docs/providers/vercel.md).

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::id;
use crate::model::instance::{InstanceView, OwnFields, OwnValue, Status};
use crate::protocol::lenient::{Cursor, Entries, Fields, Info, Isolated, Lenient, read_object};
use crate::protocol::text::Text;

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
#[serde(bound = "T: Text<'de>")]
pub(super) struct Found<T = String> {
    pub(super) sandbox: Sandbox<T>,
    session: Info<Session>,
    routes: Info<Vec<Route>>,
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: Text<'de>")]
pub(super) struct Listed<T = String> {
    pub(super) sandboxes: Entries<Sandbox<T>, T>,
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
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Sandbox<T = String> {
    #[serde(deserialize_with = "id::deserialize")]
    name: T,
    status: Info<T>,
    created_at: Info<f64>,
    current_session_id: Info<T>,
    region: Info<T>,
    vcpus: Info<f64>,
    tags: Info<Fields<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: Info<String>,
    project_id: Info<String>,
}

impl<'de> Lenient<'de> for Session {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

#[derive(Deserialize)]
struct Route {
    url: Info<String>,
    port: Info<u32>,
    system: Info<bool>,
}

impl<'de> Lenient<'de> for Route {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

impl Route {
    fn to_json(&self) -> Value {
        json!({"port": self.port.0, "url": self.url.0})
    }
}

impl<T: Deref<Target = str>> Sandbox<T> {
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
        self.tags.as_ref()?.get(name).map(|value| &**value)
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

impl<T: Deref<Target = str>> Found<T> {
    /// Makes it from an entry of a list, which has neither session nor routes (docs/providers/vercel.md).
    pub(super) fn from_list_entry(sandbox: Sandbox<T>) -> Self {
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
    pub(super) fn view<'a>(&'a self, project_id: &'a str, team_id: &'a str) -> InstanceView<'a> {
        let sandbox = &self.sandbox;
        let session_id = self.session.as_ref().and_then(|session| session.id.as_deref());
        let session_id = session_id.or(sandbox.current_session_id.as_deref());
        let routes = self.routes.as_ref().map(|routes| {
            let is_known = |route: &&Route| route.system.0 != Some(true) && route.port.is_some() && route.url.is_some();
            routes.iter().filter(is_known).collect::<Vec<_>>()
        });
        let known = routes.as_deref().unwrap_or_default();
        let daemon = known.iter().find(|route| route.port.0 == Some(DAEMON_PORT));
        let url = daemon.or(known.first()).and_then(|route| route.url.as_deref());
        let routes = routes
            .as_ref()
            .map(|routes| routes.iter().map(|route| route.to_json()).collect());
        let number = |number: f64| OwnValue::Json(to_json_number(number));
        InstanceView {
            id: &sandbox.name,
            own: OwnFields::from([
                ("projectId", Some(OwnValue::Shared(project_id))),
                ("teamId", Some(OwnValue::Shared(team_id))),
                ("sessionId", session_id.map(OwnValue::Text)),
                ("routes", routes.map(OwnValue::Json)),
                ("region", sandbox.region.as_deref().map(OwnValue::Text)),
                ("vcpus", sandbox.vcpus.map(number)),
            ]),
            name: Some(&sandbox.name),
            status: sandbox.status(),
            created_at: sandbox.created_at.and_then(rfc3339).map(Cow::Owned),
            url: url.map(Cow::Borrowed),
            managed: sandbox.tag(MANAGED) == Some(MANAGED_VALUE),
            owner: sandbox.tag(OWNER),
            image: None,
            launch: session_id,
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
    use crate::model::instance::Instance;
    use crate::protocol::lenient::tests::check_drifts;
    use crate::protocol::text::Borrowed;

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
        let instance = Instance::from(found.view("prj", "team"));
        assert_eq!(instance.url.as_deref(), Some("https://d"));
        assert!(instance.managed);
        let written = serde_json::to_value(&instance).unwrap();
        assert_eq!(written["routes"].as_array().map(Vec::len), Some(2));
        assert_eq!(written["sessionId"], "sbx_1");
    }

    #[test]
    fn a_page_shows_the_same_borrowed_and_owned() {
        fn show<T: Deref<Target = str>>(listed: Listed<T>) -> Vec<String> {
            let found = listed.sandboxes.0.into_iter().flatten().map(Found::from_list_entry);
            found.map(|found| format!("{:?}", found.view("p", "t"))).collect()
        }
        let entry = |name: &str| {
            json!({"name": name, "status": "running", "createdAt": 1_700_000_000_000_u64, "currentSessionId": "s",
                "region": "iad1", "vcpus": 2, "tags": {MANAGED: MANAGED_VALUE, OWNER: "ä\n\"o\""}})
        };
        let page = json!({"sandboxes": [entry("a"), entry("b")], "pagination": {"next": 7}});
        let whole = check_drifts(
            &page,
            |text| serde_json::from_str::<Listed<Borrowed<'_>>>(text).map(show),
            |text| serde_json::from_str::<Listed>(text).map(show),
        );
        assert!(whole > 100, "{whole}");
    }
}
