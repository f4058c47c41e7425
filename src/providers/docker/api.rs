//! Sends requests to the Docker Engine API.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Instant, SystemTime};

use http::Method;
use serde::de::DeserializeOwned;

use super::errors::{ERRORS, is_wrong_version};
use super::options::DockerOptions;
use super::semantics::TITLE;
use super::version::{Engine, fetch_engine, forget_engine};
use super::wire::Inspected;
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::{Request, Response};
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::model::scope::Scope;
use crate::protocol::subject::expect_id;
use crate::provider::facts::Facts;

/// The provider of one call.
pub(crate) struct Docker {
    pub(super) client: Client,
    pub(super) scope: Scope,
    pub(super) facts: Arc<dyn Facts>,
    /// The host of the engine's machine, if that is another one.
    pub(super) remote_host: Option<String>,
    pub(super) options: DockerOptions,
    /// The moment at which the call began.
    pub(super) date: SystemTime,
    /// The id of the container that this call has created, until a request is sent that starts it.
    pub(super) not_started: Mutex<Option<String>>,
    /// When this call first saw the container run.
    pub(super) runs_since: OnceLock<Instant>,
}

impl Docker {
    pub(super) fn new(
        client: Client,
        scope: Scope,
        facts: Arc<dyn Facts>,
        remote_host: Option<String>,
        options: DockerOptions,
        date: SystemTime,
    ) -> Self {
        Self {
            client,
            scope,
            facts,
            remote_host,
            options,
            date,
            not_started: Mutex::new(None),
            runs_since: OnceLock::new(),
        }
    }

    /// Returns the engine, and the version of its API.
    pub(super) async fn engine(&self, context: &CallContext) -> Result<Engine> {
        fetch_engine(&self.client, &*self.facts, &self.scope, context).await
    }

    /// Makes a request to a path of the engine's API, in the version that was agreed on. `template` is the path with names
    /// in the place of ids, for events.
    pub(super) async fn request(
        &self,
        context: &CallContext,
        method: Method,
        template: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Request> {
        let version = format!("v{}", self.engine(context).await?.version);
        let mut url = self.client.base().join(&[&version])?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Request::new(method, url).template(template))
    }

    /// Sends a request and returns what `interpret` reads in the response.
    pub(super) async fn send<T: Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        interpret: impl FnMut(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        let answer = self.client.call(context, effect, request, interpret).await;
        if answer.as_ref().err().is_some_and(is_wrong_version) {
            forget_engine(&*self.facts, &self.scope);
        }
        answer
    }

    /// Sends a request and returns the body of its response.
    pub(super) async fn read<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
    ) -> Result<T> {
        self.send(context, effect, request, |response| ERRORS.read_json(response))
            .await
    }

    /// Returns the container of an id, a short id or a name, as the engine resolves it; `None` if there is none.
    pub(super) async fn inspect(&self, context: &CallContext, reference: &str) -> Result<Option<Inspected>> {
        let request = self
            .request(
                context,
                Method::GET,
                "/containers/{id}/json",
                &["containers", reference, "json"],
                &[],
            )
            .await?;
        match self.read(context, Effect::Idempotent, request).await {
            Ok(inspected) => Ok(Some(inspected)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the image of a create: the caller's, else the one that the configuration names.
    pub(super) fn image<'a>(&'a self, request: &'a CreateRequest) -> &'a str {
        self.options.image.as_deref().unwrap_or(&request.image)
    }

    /// Returns a container as an instance.
    pub(super) fn present(&self, inspected: &Inspected) -> Instance {
        let mut view = inspected.view(self.remote_host.as_deref());
        // The shared code compares with the image that the caller asked for, and the caller asked for none.
        if self.options.image_is_default {
            view.image = None;
        }
        view.into()
    }

    /// Returns the container of an id or a short id. A container may have a name that looks like another's id.
    pub(super) async fn inspect_id(&self, context: &CallContext, id: &str) -> Result<Option<Inspected>> {
        let Some(inspected) = self.inspect(context, id).await? else {
            return Ok(None);
        };
        if inspected.id.starts_with(id) {
            return Ok(Some(inspected));
        }
        if inspected.name() != Some(id) {
            expect_id(id, &inspected.id, TITLE)?;
        }
        Ok(None)
    }
}
