//! Vercel: one sandbox (a micro virtual machine) per instance, through the REST API of named sandboxes
//! (`reference/vercel.md`).

mod config;
mod create;
mod credentials;
mod daemon;
mod errors;
mod image;
mod list;
mod options;
mod wire;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
pub(crate) use config::VercelConfig;
use http::Method;
use serde::de::DeserializeOwned;

use self::daemon::Daemon;
use self::errors::DIALECT;
use self::options::VercelOptions;
use self::wire::{Deleted, Found};
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Operation, Outcome, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, Status};
use crate::model::scope::{Identity, Scope};
use crate::protocol::jwt;
use crate::provider::{Completion, Ownership, Page, Provider, Readiness, Removal};

pub(crate) const IDENTITY: Identity = Identity {
    name: "vercel",
    title: "Vercel",
};

/// No source tells of reads that lag behind writes, or that they do not: a guess on the safe side.
const VISIBILITY_LAG: Duration = Duration::from_secs(30);

/// The slowest creates on record took about 25 s, with an image that is new to its region (`reference/vercel.md` §4).
const ABSENCE_WINDOW: Duration = Duration::from_secs(60);

/// Creates and deletions have windows of their own (§11).
const CREATES: &str = "creates";
const DELETIONS: &str = "deletions";

/// Vercel for one call.
pub(crate) struct Vercel {
    client: Client,
    scope: Scope,
    team_id: String,
    project_id: String,
    /// When the token has expired by its own claim, if it has one.
    token_expired: Option<SystemTime>,
    options: VercelOptions,
    /// What this call has done towards the daemon.
    daemon: Daemon,
}

impl Vercel {
    /// A request to a path below the base URL, for the configured team (§3).
    fn request(&self, method: Method, segments: &[&str]) -> Result<Request> {
        let mut url = self.client.base().join(segments)?;
        url.query_pairs_mut().append_pair("teamId", &self.team_id);
        let request = Request::new(method, url);
        // On all requests, also those without a body: a stop was seen to need it (§3).
        Ok(request.header(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        ))
    }

    /// The same for a sandbox, which the query places in its project (§3).
    fn sandbox_request(&self, method: Method, name: &str) -> Result<Request> {
        let mut request = self.request(method, &["v2", "sandboxes", name])?;
        request.url.query_pairs_mut().append_pair("projectId", &self.project_id);
        Ok(request)
    }

    /// Sends a request and reads the body of its answer.
    async fn read<T: DeserializeOwned + Send>(&self, cx: &Cx, effect: Effect, request: Request) -> Result<T> {
        let date = cx.core.clock.date();
        let answer = self
            .client
            .call(cx, effect, request, |response| DIALECT.read(response, date));
        answer.await.map_err(|error| jwt::explain(error, self.token_expired))
    }

    /// The sandbox, if it is there. Reading does not resume it (§6).
    async fn sandbox(&self, cx: &Cx, name: &str) -> Result<Option<Found>> {
        let request = self.sandbox_request(Method::GET, name)?;
        let found: Result<Found> = self.read(cx, Effect::Idempotent, request).await;
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn present(&self, found: Found) -> Instance {
        found.into_instance(&self.project_id, &self.team_id)
    }
}

#[async_trait]
impl Provider for Vercel {
    fn identity(&self) -> Identity {
        IDENTITY
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn visibility_lag(&self) -> Duration {
        VISIBILITY_LAG
    }

    fn absence_window(&self) -> Duration {
        ABSENCE_WINDOW
    }

    /// They are names.
    fn ids_are_unique(&self) -> bool {
        false
    }

    fn read_id(&self, _operation: Operation, id: &str) -> Result<String> {
        if !is_sandbox_name(id) {
            let text = "instanceId must be the name of a Vercel sandbox: at most 128 letters, digits, hyphens and underscores.";
            return Err(Error::argument(text));
        }
        Ok(id.to_owned())
    }

    fn check_create(&self, _request: &CreateRequest, handle: &Handle) -> Result<()> {
        if !is_sandbox_name(handle.name()) {
            let text = "options.name must have 1 to 128 letters, digits, hyphens and underscores.";
            return Err(Error::argument(text));
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, cx, request, handle).await
    }

    async fn find(&self, cx: &Cx, handle: &Handle) -> Result<Option<Instance>> {
        let found = self.sandbox(cx, handle.name()).await?;
        Ok(found.map(|found| self.present(found)))
    }

    async fn has_mark(&self, cx: &Cx, instance: &Instance, mark: &str) -> Result<Option<bool>> {
        let found = self.sandbox(cx, &instance.id).await?;
        Ok(found.map(|found| found.sandbox.has_mark(mark)))
    }

    async fn complete(&self, cx: &Cx, request: &CreateRequest, instance: &Instance) -> Result<Completion> {
        daemon::complete(self, cx, request, instance).await
    }

    async fn readiness(&self, cx: &Cx, instance: &Instance) -> Result<Readiness> {
        let Some(found) = self.sandbox(cx, &instance.id).await? else {
            return Ok(Readiness::Starting);
        };
        match found.sandbox.status() {
            Status::Running => daemon::readiness(self, cx, self.present(found)).await,
            Status::Stopped | Status::Failed => Ok(Readiness::Failed(format!(
                "the sandbox has the status {}.",
                found.sandbox.status
            ))),
            Status::Pending | Status::Unknown => Ok(Readiness::Starting),
        }
    }

    async fn get(&self, cx: &Cx, id: &str) -> Result<Option<Instance>> {
        let found = self.sandbox(cx, id).await?;
        Ok(found.map(|found| self.present(found)))
    }

    async fn list(&self, cx: &Cx, cursor: Option<&str>, managed_only: bool) -> Result<Page> {
        list::page(self, cx, cursor, managed_only).await
    }

    async fn destroy(&self, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal> {
        let mut request = self.sandbox_request(Method::DELETE, id)?;
        request.bucket = DELETIONS;
        let deleted: Result<Deleted> = self.read(cx, Effect::Idempotent, request).await;
        match deleted {
            Ok(deleted) if deleted.sandbox.name == id => return Ok(Removal::Gone),
            Err(error) if error.code() == ErrorCode::NotFound => {}
            // An answer that is none of Vercel's: only a look tells what has come of the request.
            Ok(_) => self.must_be_gone(cx, id, strange()).await?,
            Err(error) if error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown => {
                self.must_be_gone(cx, id, error).await?;
            }
            Err(error) => return Err(error),
        }
        // Ours may be too young to be seen, and so to be deleted.
        Ok(match ownership {
            Ownership::Ours => Removal::Unsettled,
            Ownership::Unchecked => Removal::Gone,
        })
    }
}

impl Vercel {
    /// Fails with `error` if the sandbox is still there.
    async fn must_be_gone(&self, cx: &Cx, id: &str, error: Error) -> Result<()> {
        match self.sandbox(cx, id).await? {
            None => Ok(()),
            Some(_) => Err(error),
        }
    }
}

fn strange() -> Error {
    let text = "Vercel's answer to the deletion speaks of another sandbox.";
    Error::ambiguous(ErrorCode::Protocol, text)
}

/// `reference/vercel.md` §4.
fn is_sandbox_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::is_sandbox_name;

    #[test]
    fn names_keep_to_the_pattern() {
        for name in [
            "a",
            "my-box",
            "My_Box-7",
            "computesdk-0123456789abcdefghjk",
            &"a".repeat(128),
        ] {
            assert!(is_sandbox_name(name), "{name}");
        }
        for name in ["", "a b", "a.b", "../x", "ä", "a/b", &"a".repeat(129)] {
            assert!(!is_sandbox_name(name), "{name}");
        }
    }
}
