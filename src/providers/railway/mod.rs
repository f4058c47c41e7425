//! Railway: one service per instance, through the public GraphQL API (docs/providers/railway.md).

mod age;
mod api;
mod config;
mod create;
mod destroy;
mod documents;
mod errors;
mod find;
mod id;
mod isolation;
mod list;
mod options;
mod semantics;
mod started_deployment;
mod wire;

use async_trait::async_trait;

use self::api::Railway;
use self::config::{CONFIG_FIELDS, RailwayConfig};
use self::id::{is_uuid, normalize_id};
use self::options::{CREATE_FIELDS, has_reference};
use self::semantics::SEMANTICS;
use self::wire::{ReadVariables, VariablesData};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Operation, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::provider::config::ProviderFactory;
use crate::provider::{
    Completion, DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult,
    Readiness,
};

/// Railway as the package exports it.
pub(crate) static FACTORY: ProviderFactory = ProviderFactory {
    semantics: &SEMANTICS,
    config_fields: &CONFIG_FIELDS,
    create_fields: &CREATE_FIELDS,
    read_config: RailwayConfig::read,
};

#[async_trait]
impl Provider for Railway {
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a> {
        Description {
            location: vec![("project", &self.project_id), ("environment", &self.environment_id)],
            region: self.options.region.as_deref(),
            image: request.map(|request| request.image.as_str()),
        }
    }

    fn read_id(&self, operation: Operation, id: &str) -> Result<String> {
        if !is_uuid(id) {
            return Err(Error::argument("instanceId must be the UUID of a Railway service."));
        }
        let id = normalize_id(id);
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

    fn replaces(&self, value: &str) -> bool {
        has_reference(value)
    }

    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, context, request, handle).await
    }

    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        find::find(self, context, handle).await
    }

    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken> {
        let variables = ReadVariables {
            project_id: &self.project_id,
            environment_id: &self.environment_id,
            service_id: &instance.id,
        };
        let data: Result<VariablesData> = self
            .execute(context, Effect::Idempotent, &documents::VARIABLES, variables)
            .await;
        match data {
            // The variables of a young service show late (docs/providers/railway.md).
            Ok(data) => Ok(match data.variables.ownership_token.0 {
                Some(token) => OwnershipToken::Value(token),
                None => OwnershipToken::NotYetVisible,
            }),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(OwnershipToken::NotYetVisible),
            Err(error) => Err(error),
        }
    }

    async fn complete(
        &self,
        context: &CallContext,
        request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        create::complete(self, context, request, instance).await
    }

    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness> {
        let Some(node) = self.fetch_instance(context, &instance.id).await? else {
            return Ok(Readiness::Starting);
        };
        let progress = node.progress();
        Ok(match progress {
            wire::Progress::Ready => Readiness::Ready(self.present(&node)),
            wire::Progress::Starting => Readiness::Starting,
            wire::Progress::Failed(reason) => Readiness::Failed(reason),
        })
    }

    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult> {
        let node = self.fetch_instance(context, id).await?.filter(Self::is_instance);
        Ok(ReadResult::found_or_absent(node.map(|node| self.present(&node))))
    }

    async fn list(
        &self,
        context: &CallContext,
        cursor: Option<&str>,
        _filter: &ListFilter,
        sink: &mut dyn InstanceSink,
    ) -> Result<Option<String>> {
        list::fetch_page(self, context, cursor, sink).await
    }

    async fn destroy(&self, context: &CallContext, id: &str, ownership: Ownership) -> Result<DeleteResult> {
        destroy::destroy(self, context, id, ownership).await
    }
}
