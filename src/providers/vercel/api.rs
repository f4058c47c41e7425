//! Sends requests to Vercel's API of named sandboxes, within the configured team and project.

use http::Method;
use serde::de::DeserializeOwned;

use super::errors::{ERRORS, is_snapshot_gone};
use super::options::VercelOptions;
use super::semantics::TITLE;
use super::started_commands::StartedCommands;
use super::wire::{Found, Listed};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::instance::Instance;
use crate::protocol::subject::expect_id;

/// The maximum of entries in a page of a list (docs/providers/vercel.md).
const PAGE_SIZE: &str = "50";

/// The provider of one call.
pub(crate) struct Vercel {
    pub(super) client: Client,
    pub(super) team_id: String,
    pub(super) project_id: String,
    pub(super) options: VercelOptions,
    /// The commands that this call has started to bring up the daemon.
    pub(super) commands: StartedCommands,
}

impl Vercel {
    /// Makes a request to a path below the base URL, for the configured team (docs/providers/vercel.md).
    pub(super) fn request(&self, method: Method, segments: &[&str]) -> Result<Request> {
        let mut url = self.client.base().join(segments)?;
        url.query_pairs_mut().append_pair("teamId", &self.team_id);
        let request = Request::new(method, url);
        // Every request has it, like those of Vercel's SDK, even without a body (docs/providers/vercel.md).
        Ok(request.header(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        ))
    }

    /// Makes a request for one sandbox. The query names its project (docs/providers/vercel.md).
    pub(super) fn sandbox_request(&self, method: Method, name: &str) -> Result<Request> {
        let mut request = self
            .request(method, &["v2", "sandboxes", name])?
            .template("/v2/sandboxes/{name}");
        request.url.query_pairs_mut().append_pair("projectId", &self.project_id);
        Ok(request)
    }

    /// Makes a request for a page of the project's sandboxes.
    pub(super) fn list_request(&self) -> Result<Request> {
        let mut request = self
            .request(Method::GET, &["v2", "sandboxes"])?
            .template("/v2/sandboxes");
        // Only the list calls it `project`; other requests call it `projectId` (docs/providers/vercel.md).
        request
            .url
            .query_pairs_mut()
            .append_pair("project", &self.project_id)
            .append_pair("limit", PAGE_SIZE);
        Ok(request)
    }

    /// Sends a request and returns the body of its response.
    pub(super) async fn read<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
    ) -> Result<T> {
        self.client
            .call(context, effect, request, |response| ERRORS.read_json(response))
            .await
    }

    /// Returns the sandbox; `None` if it does not exist. Reading does not resume it (docs/providers/vercel.md).
    pub(super) async fn find_sandbox(&self, context: &CallContext, name: &str) -> Result<Option<Found>> {
        let request = self.sandbox_request(Method::GET, name)?;
        let found: Result<Found> = self.read(context, Effect::Idempotent, request).await;
        match found {
            Ok(found) => {
                expect_id(name, found.sandbox.name(), TITLE)?;
                Ok(Some(found).filter(|found| found.may_be_in(&self.project_id)))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            // Only a list shows such a sandbox (docs/providers/vercel.md).
            Err(error) if is_snapshot_gone(&error) => self.find_list_entry(context, name).await,
            Err(error) => Err(error),
        }
    }

    /// Returns the entry of one sandbox in the project's list, if it is there.
    async fn find_list_entry(&self, context: &CallContext, name: &str) -> Result<Option<Found>> {
        let mut request = self.list_request()?;
        // The name itself comes first of those that begin with it.
        request
            .url
            .query_pairs_mut()
            .append_pair("namePrefix", name)
            .append_pair("sortBy", "name")
            .append_pair("sortOrder", "asc");
        let listed: Listed = self.read(context, Effect::Idempotent, request).await?;
        let mut sandboxes = listed.sandboxes.0.into_iter().flatten();
        Ok(sandboxes
            .find(|sandbox| sandbox.name() == name)
            .map(Found::from_list_entry))
    }

    /// Returns a sandbox as an instance of the configured project.
    pub(super) fn present(&self, found: &Found) -> Instance {
        found.view(&self.project_id, &self.team_id).into()
    }

    /// Fails with `error` if the sandbox still exists.
    pub(super) async fn expect_deleted(&self, context: &CallContext, id: &str, error: Error) -> Result<()> {
        match self.find_sandbox(context, id).await? {
            None => Ok(()),
            Some(_) => Err(error),
        }
    }
}
