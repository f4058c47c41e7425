//! The Vercel provider. Each instance is a sandbox, which is a micro virtual machine, of the REST API of named sandboxes
//! (docs/providers/vercel.md).

mod api;
mod config;
mod create;
mod credentials;
mod daemon;
mod daemon_commands;
mod errors;
mod id;
mod image;
mod list;
mod options;
mod semantics;
mod session_commands;
mod started_commands;
mod wire;

use async_trait::async_trait;
use http::Method;

use self::api::Vercel;
use self::config::{CONFIG_FIELDS, VercelConfig};
use self::errors::is_snapshot_gone;
use self::id::is_sandbox_name;
use self::options::CREATE_FIELDS;
use self::semantics::SEMANTICS;
use self::wire::Deleted;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Operation, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, Status};
use crate::provider::config::ProviderFactory;
use crate::provider::{
    Completion, DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult,
    Readiness,
};

/// The bucket of deletions, which have a rate window of their own (docs/providers/vercel.md).
const DELETIONS: &str = "deletions";

/// Vercel as the package exports it.
pub(crate) static FACTORY: ProviderFactory = ProviderFactory {
    semantics: &SEMANTICS,
    config_fields: &CONFIG_FIELDS,
    create_fields: &CREATE_FIELDS,
    read_config: VercelConfig::read,
};

#[async_trait]
impl Provider for Vercel {
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a> {
        Description {
            location: vec![("team", &self.team_id), ("project", &self.project_id)],
            region: self.options.region.as_deref(),
            image: request.and(self.options.image.as_deref()),
        }
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

    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, context, request, handle).await
    }

    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        let found = self.find_sandbox(context, handle.name()).await?;
        Ok(found.map(|found| self.present(&found)).into_iter().collect())
    }

    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken> {
        Ok(match self.find_sandbox(context, &instance.id).await? {
            None => OwnershipToken::NotYetVisible,
            Some(found) => match found.sandbox.ownership_token() {
                Some(token) => OwnershipToken::Value(token.to_owned()),
                None => OwnershipToken::Missing,
            },
        })
    }

    async fn complete(
        &self,
        context: &CallContext,
        request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        daemon::complete(self, context, request, instance).await
    }

    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness> {
        let Some(found) = self.find_sandbox(context, &instance.id).await? else {
            return Ok(Readiness::Starting);
        };
        match found.sandbox.status() {
            Status::Running => daemon::readiness(self, context, self.present(&found)).await,
            Status::Stopped | Status::Failed => Ok(Readiness::Failed(
                Message::from("the sandbox has the status ")
                    .then(Message::foreign(found.sandbox.status_name()))
                    .then("."),
            )),
            Status::Pending | Status::Unknown => Ok(Readiness::Starting),
        }
    }

    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult> {
        let found = self.find_sandbox(context, id).await?;
        Ok(ReadResult::found_or_absent(found.map(|found| self.present(&found))))
    }

    async fn list(
        &self,
        context: &CallContext,
        cursor: Option<&str>,
        filter: &ListFilter,
        sink: &mut dyn InstanceSink,
    ) -> Result<Option<String>> {
        list::fetch_page(self, context, cursor, filter, sink).await
    }

    async fn destroy(&self, context: &CallContext, id: &str, ownership: Ownership) -> Result<DeleteResult> {
        let mut request = self.sandbox_request(Method::DELETE, id)?;
        request.bucket = DELETIONS;
        let response: Result<Deleted> = self.read(context, Effect::Idempotent, request).await;
        match response {
            Ok(deleted) if deleted.sandbox.name == id => return Ok(DeleteResult::Deleted),
            Err(error) if error.code() == ErrorCode::NotFound => {}
            // Something other than Vercel responded: only a read tells whether the sandbox is deleted.
            Ok(_) => self.expect_deleted(context, id, wrong_sandbox()).await?,
            Err(error) if error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown => {
                self.expect_deleted(context, id, error).await?;
            }
            // Only a read shows whether such a sandbox is deleted.
            Err(error) if is_snapshot_gone(&error) => self.expect_deleted(context, id, error).await?,
            Err(error) => return Err(error),
        }
        // A sandbox that was created here may be too young to be visible, and so to be deleted.
        Ok(match ownership {
            Ownership::CreatedHere => DeleteResult::NotYetVisible,
            Ownership::Unknown => DeleteResult::Absent,
        })
    }
}

/// Makes the error of a deletion whose response names another sandbox.
fn wrong_sandbox() -> Error {
    let text = "Vercel's answer to the deletion names another sandbox.";
    Error::ambiguous(ErrorCode::Protocol, text)
}
