//! Railway: one service per instance, through the public GraphQL API (`reference/railway.md`).

mod config;
mod create;
mod destroy;
mod documents;
mod errors;
mod find;
mod isolation;
mod list;
mod options;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
pub(crate) use config::RailwayConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Cx;
use crate::error::{Error, ErrorCode, Operation, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::model::scope::{Identity, Scope};
use crate::protocol::graphql::Document;
use crate::provider::{Completion, Ownership, Page, Provider, Readiness, Removal};

use self::options::RailwayOptions;
use self::wire::{InstanceData, InstanceNode, InstanceVariables, ReadVariables, VariablesData};

pub(crate) const IDENTITY: Identity = Identity {
    name: "railway",
    title: "Railway",
};

/// A service is readable at the latest a minute after its creation (`reference/railway.md` §8.4).
const VISIBILITY_LAG: Duration = Duration::from_secs(60);

/// Railway's own command line gives a request 90 seconds (`reference/railway.md` §1): what was made later than that
/// after it was sent is not on record.
const ABSENCE_WINDOW: Duration = Duration::from_secs(90);

/// Railway for one call.
pub(crate) struct Railway {
    client: Client,
    scope: Scope,
    project_id: String,
    environment_id: String,
    /// The service that this process itself runs in, if it runs at Railway.
    own_service_id: Option<String>,
    options: RailwayOptions,
}

impl Railway {
    /// Sends a document and reads its data; what else comes back goes through the error table.
    async fn execute<T: DeserializeOwned + Send>(
        &self,
        cx: &Cx,
        effect: Effect,
        document: &Document,
        variables: impl Serialize,
    ) -> Result<T> {
        let mut url = self.client.base().join(&["graphql", "v2"])?;
        // Traffic that does not name its source is held to 10 requests a second at the edge (§2).
        url.set_query(Some("source=computesdk_gateway"));
        let request = Request::new(http::Method::POST, url).json(document.body(variables)?);
        let date = cx.core.clock.date();
        self.client
            .call(cx, effect, request, |response| errors::read(response, date))
            .await
    }

    /// The service's instance in the configured environment, if it is there and in scope.
    async fn instance(&self, cx: &Cx, service_id: &str) -> Result<Option<InstanceNode>> {
        self.instance_in(cx, &self.environment_id, service_id).await
    }

    async fn instance_in(&self, cx: &Cx, environment_id: &str, service_id: &str) -> Result<Option<InstanceNode>> {
        let variables = InstanceVariables {
            environment_id,
            service_id,
        };
        let data: Result<InstanceData> = self
            .execute(cx, Effect::Idempotent, &documents::SERVICE_INSTANCE, variables)
            .await;
        match data {
            Ok(data) => Ok(Some(data.service_instance).filter(|node| self.is_in_scope(node, environment_id))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a node is alive and of the environment and the configured project. A token can reach more than that.
    fn is_in_scope(&self, node: &InstanceNode, environment_id: &str) -> bool {
        let same_environment = node.environment_id.as_deref().is_none_or(|id| id == environment_id);
        let same_project = node.project_id().is_none_or(|id| id == self.project_id);
        same_environment && same_project && !node.is_deleted()
    }

    /// Whether a node is an instance as callers see it: what a create in another environment leaves here is not.
    fn is_instance(node: &InstanceNode) -> bool {
        node.is_in_use() || !node.is_managed()
    }

    fn present(&self, node: InstanceNode) -> Instance {
        node.into_instance(&self.project_id, &self.environment_id)
    }
}

#[async_trait]
impl Provider for Railway {
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

    fn read_id(&self, operation: Operation, id: &str) -> Result<String> {
        if !is_uuid(id) {
            return Err(Error::argument("instanceId must be the UUID of a Railway service."));
        }
        let id = canonical(id);
        if operation == Operation::Destroy && self.own_service_id.as_ref() == Some(&id) {
            let text =
                "instanceId is the service that this process itself runs in (RAILWAY_SERVICE_ID); it is not deleted.";
            return Err(Error::argument(text).with_instance_id(id));
        }
        Ok(id)
    }

    fn check_create(&self, request: &CreateRequest, handle: &Handle) -> Result<()> {
        self.options.check(request, handle)
    }

    async fn create(&self, cx: &Cx, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, cx, request, handle).await
    }

    async fn find(&self, cx: &Cx, handle: &Handle) -> Result<Option<Instance>> {
        find::find(self, cx, handle).await
    }

    async fn has_mark(&self, cx: &Cx, instance: &Instance, mark: &str) -> Result<Option<bool>> {
        let variables = ReadVariables {
            project_id: &self.project_id,
            environment_id: &self.environment_id,
            service_id: &instance.id,
        };
        let data: Result<VariablesData> = self
            .execute(cx, Effect::Idempotent, &documents::VARIABLES, variables)
            .await;
        match data {
            Ok(data) => Ok(data.variables.mark.map(|seen| seen == mark)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn complete(&self, cx: &Cx, request: &CreateRequest, instance: &Instance) -> Result<Completion> {
        create::complete(self, cx, request, instance).await
    }

    async fn readiness(&self, cx: &Cx, instance: &Instance) -> Result<Readiness> {
        let Some(node) = self.instance(cx, &instance.id).await? else {
            return Ok(Readiness::Starting);
        };
        let progress = node.progress();
        Ok(match progress {
            wire::Progress::Ready => Readiness::Ready(self.present(node)),
            wire::Progress::Starting => Readiness::Starting,
            wire::Progress::Failed(reason) => Readiness::Failed(reason),
        })
    }

    async fn get(&self, cx: &Cx, id: &str) -> Result<Option<Instance>> {
        let node = self.instance(cx, id).await?.filter(Self::is_instance);
        Ok(node.map(|node| self.present(node)))
    }

    async fn list(&self, cx: &Cx, cursor: Option<&str>, _managed_only: bool) -> Result<Page> {
        list::page(self, cx, cursor).await
    }

    async fn destroy(&self, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal> {
        destroy::destroy(self, cx, id, ownership).await
    }
}

/// The spelling in which Railway sends its ids, so that they can be compared.
fn canonical(id: &str) -> String {
    id.trim().to_ascii_lowercase()
}

/// Railway's ids are UUIDs (`reference/railway.md` §3).
fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::is_uuid;

    #[test]
    fn ids_are_uuids() {
        assert!(is_uuid("7f9a4b1e-1234-4abc-9def-0123456789ab"));
        for id in [
            "",
            "7f9a4b1e",
            "7f9a4b1e-1234-4abc-9def-0123456789ag",
            "7f9a4b1e-1234-4abc-9def-0123456789ab ",
            "7f9a4b1e11234-4abc-9def-0123456789ab",
            "../../../../../../../../../../../etc",
        ] {
            assert!(!is_uuid(id), "{id}");
        }
    }
}
