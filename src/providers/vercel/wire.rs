//! Vercel's requests and answers. Answers are read with tolerance: only what both descriptions of the API agree on is
//! required (`reference/vercel.md` §12).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::instance::{Instance, Status};

/// Our tags: what marks a sandbox as made by this package, and by which create.
pub(super) const MANAGED: &str = "computesdk";
pub(super) const MANAGED_VALUE: &str = "managed";
pub(super) const OWNERSHIP_TOKEN: &str = "computesdk-create-mark";

/// The port of the daemon, whose route goes before others (§13).
pub(super) const DAEMON_PORT: u32 = 18_080;

pub(super) type Variables<'a> = BTreeMap<&'a str, &'a str>;

/// `POST /v3/sandboxes` (§4). Unknown fields are refused there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateSandbox<'a> {
    pub(super) project_id: &'a str,
    pub(super) name: &'a str,
    /// Always false: a persistent one is stored, and billed, when it stops (§1).
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

#[derive(Serialize)]
pub(super) struct Resources {
    pub(super) vcpus: u32,
}

/// The answer to a create and to a look (§4, §6).
#[derive(Deserialize)]
pub(super) struct Found {
    pub(super) sandbox: Sandbox,
    session: Option<Session>,
    routes: Option<Vec<Route>>,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) sandboxes: Vec<Sandbox>,
    pub(super) pagination: Pagination,
}

#[derive(Deserialize)]
pub(super) struct Pagination {
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Deleted {
    pub(super) sandbox: Named,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// Times are in milliseconds since 1970 (§5).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sandbox {
    name: String,
    pub(super) status: String,
    created_at: Option<u64>,
    current_session_id: Option<String>,
    region: Option<String>,
    vcpus: Option<u32>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Session {
    id: String,
}

#[derive(Deserialize)]
struct Route {
    url: String,
    port: u32,
    system: Option<bool>,
}

impl Route {
    fn to_json(&self) -> Value {
        json!({"port": self.port, "url": self.url})
    }
}

impl Sandbox {
    /// `reference/vercel.md` §5.
    pub(super) fn status(&self) -> Status {
        match self.status.as_str() {
            "pending" => Status::Pending,
            "running" => Status::Running,
            "stopping" | "stopped" | "snapshotting" => Status::Stopped,
            "failed" | "aborted" => Status::Failed,
            _ => Status::Unknown,
        }
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.tags.as_ref()?.get(name).map(String::as_str)
    }

    pub(super) fn has_ownership_token(&self, token: &str) -> bool {
        self.tag(OWNERSHIP_TOKEN) == Some(token)
    }
}

impl Found {
    /// From a listing, which tells neither session nor routes.
    pub(super) fn listed(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            session: None,
            routes: None,
        }
    }

    pub(super) fn into_instance(self, project_id: &str, team_id: &str) -> Instance {
        let Self {
            sandbox,
            session,
            routes,
        } = self;
        let status = sandbox.status();
        let managed = sandbox.tag(MANAGED) == Some(MANAGED_VALUE);
        let session_id = session.map(|session| session.id).or(sandbox.current_session_id);
        let routes = routes.map(|mut routes| {
            routes.retain(|route| route.system != Some(true));
            routes
        });
        let known = routes.as_deref().unwrap_or_default();
        let daemon = known.iter().find(|route| route.port == DAEMON_PORT);
        let url = daemon.or(known.first()).map(|route| route.url.clone());
        let own = [
            ("projectId", Some(json!(project_id))),
            ("teamId", Some(json!(team_id))),
            ("sessionId", session_id.as_ref().map(|id| json!(id))),
            (
                "routes",
                routes.map(|routes| routes.iter().map(Route::to_json).collect()),
            ),
            ("region", sandbox.region.map(|region| json!(region))),
            ("vcpus", sandbox.vcpus.map(|vcpus| json!(vcpus))),
        ];
        Instance {
            own: own
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?)))
                .collect(),
            name: Some(sandbox.name.clone()),
            status,
            created_at: sandbox.created_at.and_then(rfc3339),
            url,
            managed,
            image: None,
            launch: session_id,
            id: sandbox.name,
        }
    }
}

/// With milliseconds always, so that dates sort as texts.
fn rfc3339(milliseconds: u64) -> Option<String> {
    let seconds = i64::try_from(milliseconds / 1_000).ok()?;
    // None beyond the year 9999, which has no such form.
    let text = OffsetDateTime::from_unix_timestamp(seconds)
        .ok()?
        .format(&Rfc3339)
        .ok()?;
    Some(format!("{}.{:03}Z", text.trim_end_matches('Z'), milliseconds % 1_000))
}

/// `POST …/cmd` (§7), detached: `wait` is left out.
#[derive(Serialize)]
pub(super) struct RunCommand<'a> {
    pub(super) command: &'static str,
    pub(super) args: [&'a str; 3],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: Variables<'a>,
    pub(super) sudo: bool,
}

#[derive(Deserialize)]
pub(super) struct Ran {
    pub(super) command: Command,
}

#[derive(Deserialize)]
pub(super) struct Commands {
    pub(super) commands: Vec<Command>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Command {
    pub(super) id: String,
    #[serde(default)]
    pub(super) args: Vec<String>,
    /// Missing or null while it runs.
    pub(super) exit_code: Option<i64>,
}

/// A line of a command's log (§7). Others are passed over.
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
        assert_eq!(rfc3339(1_700_000_000_123).as_deref(), Some("2023-11-14T22:13:20.123Z"));
        assert_eq!(rfc3339(1_700_000_000_000).as_deref(), Some("2023-11-14T22:13:20.000Z"));
        assert_eq!(rfc3339(u64::MAX), None);
        assert_eq!(rfc3339(253_402_300_800_000), None);
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
