//! Render: one service per instance, through the public REST API (docs/providers/render.md).

mod api;
mod config;
mod create;
mod deploys;
mod errors;
mod id;
mod list;
mod options;
mod semantics;
mod wire;

use async_trait::async_trait;
use http::Method;

use self::api::Render;
use self::config::{CONFIG_FIELDS, RenderConfig};
use self::errors::ERRORS;
use self::id::is_service_id;
use self::options::CREATE_FIELDS;
use self::semantics::SEMANTICS;
use self::wire::EnvVar;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Operation, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, OWNERSHIP_VARIABLE};
use crate::model::instance::{Instance, Status};
use crate::provider::config::ProviderFactory;
use crate::provider::{
    Completion, DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult,
    Readiness,
};

/// The rate window of writes other than creates (docs/providers/render.md).
const WRITES: &str = "writes";

/// The longest name. Render documents no limit, but a name becomes part of a host name and of our lookups' URLs.
const NAME_LIMIT: usize = 255;

/// Render as the package exports it.
pub(crate) static FACTORY: ProviderFactory = ProviderFactory {
    semantics: &SEMANTICS,
    config_fields: &CONFIG_FIELDS,
    create_fields: &CREATE_FIELDS,
    read_config: RenderConfig::read,
};

#[async_trait]
impl Provider for Render {
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a> {
        Description {
            location: vec![("workspace", &self.owner_id)],
            region: self.options.region.as_deref(),
            image: request.map(|request| request.image.as_str()),
        }
    }

    fn read_id(&self, operation: Operation, id: &str) -> Result<String> {
        let id = id.trim();
        if !is_service_id(id) {
            let text = "instanceId must be the id of a Render service: srv- and lower-case letters or digits.";
            return Err(Error::argument(text));
        }
        if operation == Operation::Destroy && self.own_service_id.as_deref() == Some(id) {
            let text =
                "instanceId is the service that this process itself runs in (RENDER_SERVICE_ID); it is not deleted.";
            return Err(Error::argument(text).with_instance_id(id));
        }
        Ok(id.to_owned())
    }

    fn check_create(&self, _request: &CreateRequest, handle: &Handle) -> Result<()> {
        // Render documents no rule for names (docs/providers/render.md). Only certainly wrong ones are rejected here.
        let name = handle.name();
        if name.trim() != name || name.chars().any(char::is_control) || name.chars().count() > NAME_LIMIT {
            let text = format!(
                "options.name must have at most {NAME_LIMIT} characters, none of them a control character, and no space at either end."
            );
            return Err(Error::argument(text));
        }
        Ok(())
    }

    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, context, request, handle).await
    }

    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        list::find(self, context, handle).await
    }

    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken> {
        let path = ["services", &instance.id, "env-vars", OWNERSHIP_VARIABLE];
        let variable: Option<EnvVar> = self
            .fetch(context, &path, "/services/{serviceId}/env-vars/{name}")
            .await?;
        Ok(match variable {
            Some(variable) => OwnershipToken::Value(variable.value),
            None => OwnershipToken::NotYetVisible,
        })
    }

    /// Finds the deploy to follow, for an adopted service. `create` needs no further requests.
    async fn complete(
        &self,
        context: &CallContext,
        _request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        let mut instance = instance.clone();
        if instance.launch.is_none() {
            let deploys = deploys::fetch_deploys(self, context, &instance.id).await?;
            instance.launch = deploys::find_current_deploy(&deploys).and_then(|deploy| deploy.id.0.clone());
            // The status of a suspended service is known already.
            if instance.status == Status::Unknown {
                instance.status = deploys::derive_status(&deploys);
            }
        }
        Ok(Completion::Done(instance))
    }

    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness> {
        deploys::readiness(self, context, instance).await
    }

    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult> {
        let Some(service) = self.fetch_service(context, id).await? else {
            return Ok(ReadResult::Absent);
        };
        let instance = Instance::from(service.view());
        if instance.status != Status::Unknown {
            return Ok(ReadResult::Found(instance));
        }
        let deploys = deploys::fetch_deploys(self, context, id).await?;
        let status = deploys::derive_status(&deploys);
        Ok(ReadResult::Found(Instance { status, ..instance }))
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
        if ownership == Ownership::Unknown && self.fetch_service(context, id).await?.is_none() {
            return Ok(DeleteResult::Absent);
        }
        let mut request = self
            .request(Method::DELETE, &["services", id])?
            .template("/services/{serviceId}");
        request.bucket = WRITES;
        let deleted = self.client.call(context, Effect::Idempotent, request, |response| {
            ERRORS.expect_no_content(response)
        });
        match deleted.await {
            Ok(()) => Ok(DeleteResult::Deleted),
            // It was deleted before. It is not too young: Render deletes a service right after its create
            // (docs/providers/render.md).
            Err(error) if error.code() == ErrorCode::NotFound => Ok(DeleteResult::Deleted),
            // The response is not Render's. A read decides.
            Err(error) if error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown => {
                match (self.fetch_service(context, id).await?, ownership) {
                    (Some(_), _) => Err(error),
                    // It may be too young for reads to show it.
                    (None, Ownership::CreatedHere) => Ok(DeleteResult::NotYetVisible),
                    (None, Ownership::Unknown) => Ok(DeleteResult::Deleted),
                }
            }
            Err(error) => Err(error),
        }
    }
}
