//! Sends documents to Railway and checks that what comes back is in scope.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::options::RailwayOptions;
use super::semantics::TITLE;
use super::started_deployment::StartedDeployment;
use super::wire::{InstanceData, InstanceNode, InstanceVariables};
use super::{documents, errors};
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::{Request, Response};
use crate::model::instance::Instance;
use crate::model::scope::Scope;
use crate::protocol::graphql::Document;
use crate::protocol::subject::expect_id;
use crate::provider::facts::Facts;

/// Railway's API for one call.
pub(crate) struct Railway {
    pub(super) client: Client,
    pub(super) scope: Scope,
    /// Facts about the environment that calls share.
    pub(super) facts: Arc<dyn Facts>,
    pub(super) project_id: String,
    pub(super) environment_id: String,
    /// The service that this process runs in, if it runs at Railway.
    pub(super) own_service_id: Option<String>,
    pub(super) options: RailwayOptions,
    /// The steps of this call towards the deployment of its service.
    pub(super) deployment: StartedDeployment,
}

impl Railway {
    /// Sends a document and returns its data. The error table maps every other response.
    pub(super) async fn execute<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        document: &Document,
        variables: impl Serialize,
    ) -> Result<T> {
        self.send(context, effect, document, variables, errors::read).await
    }

    /// Sends the document of a create. A response that names the service is a success, also with errors in it.
    pub(super) async fn execute_create<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        document: &Document,
        variables: impl Serialize,
    ) -> Result<T> {
        self.send(context, Effect::Once, document, variables, errors::read_created)
            .await
    }

    /// Sends a document and returns what `interpret` reads in the response.
    pub(super) async fn send<T: Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        document: &Document,
        variables: impl Serialize,
        interpret: impl FnMut(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        let mut url = self.client.base().join(&["graphql", "v2"])?;
        // The edge limits traffic that does not name its source to 10 requests a second (docs/providers/railway.md).
        url.set_query(Some("source=computesdk_gateway"));
        let request = Request::new(http::Method::POST, url)
            .template("/graphql/v2")
            .operation(document.name)
            .json(document.body(variables)?);
        self.client.call(context, effect, request, interpret).await
    }

    /// Returns the service's instance in the configured environment; `None` if it does not exist or is out of scope.
    pub(super) async fn fetch_instance(&self, context: &CallContext, service_id: &str) -> Result<Option<InstanceNode>> {
        self.fetch_instance_in(context, &self.environment_id, service_id).await
    }

    /// Returns the service's instance in an environment; `None` if it does not exist or is out of scope.
    pub(super) async fn fetch_instance_in(
        &self,
        context: &CallContext,
        environment_id: &str,
        service_id: &str,
    ) -> Result<Option<InstanceNode>> {
        let variables = InstanceVariables {
            environment_id,
            service_id,
        };
        let data: Result<InstanceData> = self
            .execute(context, Effect::Idempotent, &documents::SERVICE_INSTANCE, variables)
            .await;
        match data {
            Ok(InstanceData { service_instance: node }) => {
                expect_id(service_id, &node.service_id, TITLE)?;
                Ok(Some(node).filter(|node| self.is_in_scope(node, environment_id)))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether an instance exists in this environment and in the configured project. A token can reach others.
    pub(super) fn is_in_scope<T: Deref<Target = str>>(&self, node: &InstanceNode<T>, environment_id: &str) -> bool {
        let same_environment = node.environment_id.as_deref().is_none_or(|id| id == environment_id);
        let same_project = node.project_id().is_none_or(|id| id == self.project_id);
        same_environment && same_project && !node.is_deleted()
    }

    /// Returns whether callers see this instance. A create in another environment leaves an empty one, which they do not.
    pub(super) fn is_instance<T: Deref<Target = str>>(node: &InstanceNode<T>) -> bool {
        node.is_in_use() || !node.is_managed()
    }

    /// Returns the instance as callers see it.
    pub(super) fn present(&self, node: &InstanceNode) -> Instance {
        node.view(&self.project_id, &self.environment_id).into()
    }
}
