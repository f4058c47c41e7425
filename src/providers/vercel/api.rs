//! Vercel's API of named sandboxes: sends requests, and knows what is in scope.

use std::time::SystemTime;

use http::Method;
use serde::de::DeserializeOwned;

use super::errors::ERRORS;
use super::options::VercelOptions;
use super::started_commands::StartedCommands;
use super::wire::Found;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::instance::Instance;
use crate::protocol::jwt;

/// Vercel for one call.
pub(crate) struct Vercel {
    pub(super) client: Client,
    pub(super) team_id: String,
    pub(super) project_id: String,
    /// When the token has expired by its own claim, if it has one.
    pub(super) token_expired: Option<SystemTime>,
    pub(super) options: VercelOptions,
    /// What this call has done towards the daemon.
    pub(super) commands: StartedCommands,
}

impl Vercel {
    /// A request to a path below the base URL, for the configured team (§3).
    pub(super) fn request(&self, method: Method, segments: &[&str]) -> Result<Request> {
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
    pub(super) fn sandbox_request(&self, method: Method, name: &str) -> Result<Request> {
        let mut request = self.request(method, &["v2", "sandboxes", name])?;
        request.url.query_pairs_mut().append_pair("projectId", &self.project_id);
        Ok(request)
    }

    /// Sends a request and reads the body of its answer.
    pub(super) async fn read<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
    ) -> Result<T> {
        let answer = self
            .client
            .call(context, effect, request, |response| ERRORS.read_json(response));
        answer
            .await
            .map_err(|error| jwt::explain_expiry(error, self.token_expired))
    }

    /// The sandbox, if it is there. Reading does not resume it (§6).
    pub(super) async fn sandbox(&self, context: &CallContext, name: &str) -> Result<Option<Found>> {
        let request = self.sandbox_request(Method::GET, name)?;
        let found: Result<Found> = self.read(context, Effect::Idempotent, request).await;
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn present(&self, found: Found) -> Instance {
        found.into_instance(&self.project_id, &self.team_id)
    }

    /// Fails with `error` if the sandbox is still there.
    pub(super) async fn must_be_gone(&self, context: &CallContext, id: &str, error: Error) -> Result<()> {
        match self.sandbox(context, id).await? {
            None => Ok(()),
            Some(_) => Err(error),
        }
    }
}
