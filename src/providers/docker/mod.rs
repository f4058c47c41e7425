//! The Docker provider. Each create makes one container of a Docker Engine or of Podman, by the Engine API
//! (docs/providers/docker.md).

mod api;
mod config;
mod create;
mod endpoint;
mod errors;
mod list;
mod options;
mod pull;
mod readiness;
mod semantics;
mod status;
mod version;
mod wire;

use async_trait::async_trait;
use http::Method;

use self::api::Docker;
use self::config::{CONFIG_FIELDS, DockerConfig};
use self::errors::ERRORS;
use self::options::OPTION_FIELDS;
use self::semantics::{SEMANTICS, TITLE};
use self::wire::is_hexadecimal;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Operation, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::protocol::paging::absent_if;
use crate::provider::config::ProviderFactory;
use crate::provider::{
    Completion, DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult,
    Readiness,
};

/// Docker as the package exports it.
pub(crate) static FACTORY: ProviderFactory = ProviderFactory {
    semantics: &SEMANTICS,
    config_fields: &CONFIG_FIELDS,
    create_fields: &OPTION_FIELDS,
    read_config: DockerConfig::read,
};

/// The digits of a short id, as `docker ps` shows it, and of a whole one.
const SHORT_ID: usize = 12;
const WHOLE_ID: usize = 64;

#[async_trait]
impl Provider for Docker {
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a> {
        Description {
            // The engine itself: events hold its address apart.
            location: Vec::new(),
            region: None,
            image: request.map(|request| self.image(request)),
        }
    }

    fn read_id(&self, _operation: Operation, id: &str) -> Result<String> {
        let id = id.trim();
        if !(SHORT_ID..=WHOLE_ID).contains(&id.len()) || !id.bytes().all(is_hexadecimal) {
            let text =
                "instanceId must be the id of a container: 64 lower-case hexadecimal digits, or the first 12 at least.";
            return Err(Error::argument(text));
        }
        Ok(id.to_owned())
    }

    fn check_create(&self, request: &CreateRequest, handle: &Handle) -> Result<()> {
        self.options.check(self.image(request), handle)
    }

    async fn prepare(&self, context: &CallContext, request: &CreateRequest) -> Result<()> {
        pull::prepare_image(self, context, self.image(request)).await
    }

    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, context, request, handle).await
    }

    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        // By name, because Podman's filter of names knows other patterns than Docker's. A name may be the beginning of an id.
        let Some(inspected) = self.inspect(context, handle.name()).await? else {
            return Ok(Vec::new());
        };
        if inspected.name() != Some(handle.name()) {
            let is_by_id = inspected.id.starts_with(handle.name());
            return absent_if(is_by_id, TITLE).map(|_: Option<Instance>| Vec::new());
        }
        let is_leaving = inspected.is_being_removed();
        let found = (!is_leaving).then(|| self.present(&inspected));
        Ok(found.into_iter().collect())
    }

    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken> {
        Ok(match self.inspect_id(context, &instance.id).await? {
            None => OwnershipToken::NotYetVisible,
            Some(inspected) => match inspected.ownership_token() {
                Some(token) => OwnershipToken::Value(token.to_owned()),
                None => OwnershipToken::Missing,
            },
        })
    }

    async fn complete(
        &self,
        context: &CallContext,
        _request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        create::start(self, context, instance).await.map(Completion::Done)
    }

    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness> {
        readiness::probe(self, context, instance).await
    }

    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult> {
        let inspected = self.inspect_id(context, id).await?;
        let instance = inspected.map(|inspected| self.present(&inspected));
        Ok(ReadResult::found_or_absent(instance))
    }

    async fn list(
        &self,
        context: &CallContext,
        _cursor: Option<&str>,
        filter: &ListFilter,
        sink: &mut dyn InstanceSink,
    ) -> Result<Option<String>> {
        list::fetch_all(self, context, filter, sink).await.map(|()| None)
    }

    async fn destroy(&self, context: &CallContext, id: &str, ownership: Ownership) -> Result<DeleteResult> {
        let id = match ownership {
            Ownership::CreatedHere => id.to_owned(),
            // An engine takes a name for an id, and an id's beginning for the id: only a whole id is deleted.
            Ownership::Unknown => match self.inspect_id(context, id).await? {
                Some(inspected) => inspected.id,
                None => return Ok(DeleteResult::Absent),
            },
        };
        let path = ["containers", id.as_str()];
        let request = self
            .request(
                context,
                Method::DELETE,
                "/containers/{id}",
                &path,
                &[("force", "1"), ("v", "1")],
            )
            .await?;
        let deleted = self
            .send(context, Effect::Idempotent, request, |response| {
                ERRORS.expect_no_content(response)
            })
            .await;
        match deleted {
            Ok(()) => Ok(DeleteResult::Deleted),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(DeleteResult::Deleted),
            // Another client's deletion is under way, and may still fail.
            Err(error) if error.details().http_status == Some(409) => self.wait_until_removed(context, &id).await,
            Err(error) => Err(error),
        }
    }
}

impl Docker {
    /// Waits until a container that is being removed is gone.
    async fn wait_until_removed(&self, context: &CallContext, id: &str) -> Result<DeleteResult> {
        let path = ["containers", id, "wait"];
        let request = self
            .request(
                context,
                Method::POST,
                "/containers/{id}/wait",
                &path,
                &[("condition", "removed")],
            )
            .await?;
        match self
            .send(context, Effect::Idempotent, request, |response| ERRORS.check(response))
            .await
        {
            Ok(()) => Ok(DeleteResult::Deleted),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(DeleteResult::Deleted),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
