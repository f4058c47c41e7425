//! Sends requests to Render and checks that what comes back is in scope.

use std::ops::Deref;

use http::Method;
use serde::de::DeserializeOwned;

use super::errors::ERRORS;
use super::options::RenderOptions;
use super::semantics::TITLE;
use super::wire::Service;
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::protocol::subject::expect_id;

/// Render's API for one call.
pub(crate) struct Render {
    pub(super) client: Client,
    pub(super) owner_id: String,
    /// The service that this process runs in, if it runs at Render.
    pub(super) own_service_id: Option<String>,
    pub(super) options: RenderOptions,
}

impl Render {
    /// Makes a request to a path below the base URL. Each segment is percent-encoded.
    pub(super) fn request(&self, method: Method, segments: &[&str]) -> Result<Request> {
        Ok(Request::new(method, self.client.base().join(segments)?))
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

    /// Reads the resource at a path; `None` if it does not exist.
    pub(super) async fn fetch<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        segments: &[&str],
        template: &'static str,
    ) -> Result<Option<T>> {
        let request = self.request(Method::GET, segments)?.template(template);
        match self.read(context, Effect::Idempotent, request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns a service; `None` if it does not exist, is out of scope or is not of a type that `create` makes.
    pub(super) async fn fetch_service(&self, context: &CallContext, id: &str) -> Result<Option<Service>> {
        let service: Option<Service> = self.fetch(context, &["services", id], "/services/{serviceId}").await?;
        if let Some(service) = &service {
            expect_id(id, &service.id, TITLE)?;
        }
        Ok(service.filter(|service| self.is_instance(service)))
    }

    /// Returns whether a service is in the configured workspace and of a type that `create` makes. An API key reaches
    /// every workspace of its user (docs/providers/render.md).
    pub(super) fn is_instance<T: Deref<Target = str>>(&self, service: &Service<T>) -> bool {
        self.owns(service) && service.is_creatable()
    }

    /// Returns whether a service is in the configured workspace.
    pub(super) fn owns<T: Deref<Target = str>>(&self, service: &Service<T>) -> bool {
        service.owner_id.as_deref() == Some(self.owner_id.as_str())
    }
}
