//! The Namespace provider. Each create makes one instance: a virtual machine, with one container on Linux. The Compute API
//! speaks the Connect protocol in JSON (docs/providers/namespace.md).

mod api;
mod config;
mod create;
mod errors;
mod id;
mod list;
mod options;
mod semantics;
mod token;
mod wire;

use async_trait::async_trait;

use self::api::Namespace;
use self::config::{CONFIG_FIELDS, NamespaceConfig};
use self::id::is_instance_id;
use self::options::CREATE_FIELDS;
use self::semantics::SEMANTICS;
use self::wire::{DestroyInstance, Destroyed};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Operation, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::provider::config::ProviderFactory;
use crate::provider::{
    DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult, Readiness,
};

/// Namespace as the package exports it.
pub(crate) static FACTORY: ProviderFactory = ProviderFactory {
    semantics: &SEMANTICS,
    config_fields: &CONFIG_FIELDS,
    create_fields: &CREATE_FIELDS,
    read_config: NamespaceConfig::read,
};

#[async_trait]
impl Provider for Namespace {
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a> {
        Description {
            // The token determines the workspace and need not name it.
            location: Vec::new(),
            region: self.region.as_deref(),
            image: request.map(|request| request.image.as_str()),
        }
    }

    fn read_id(&self, _operation: Operation, id: &str) -> Result<String> {
        let id = id.trim();
        if !is_instance_id(id) {
            let text = "instanceId must be the id of a Namespace instance: lower-case letters and digits.";
            return Err(Error::argument(text));
        }
        Ok(id.to_owned())
    }

    fn check_create(&self, request: &CreateRequest, handle: &Handle) -> Result<()> {
        self.options.check(request, handle)
    }

    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, context, request, handle).await
    }

    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        list::find(self, context, handle.name()).await
    }

    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken> {
        Ok(match self.describe(context, &instance.id).await? {
            None => OwnershipToken::NotYetVisible,
            Some(described) => match described.metadata.ownership_token() {
                Some(token) => OwnershipToken::Value(token.to_owned()),
                None => OwnershipToken::Missing,
            },
        })
    }

    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness> {
        // Namespace also has a method that waits, but it keeps a request open for minutes, and proxies cut such requests.
        Ok(match self.describe(context, &instance.id).await? {
            Some(described) => described.readiness(),
            None => Readiness::Starting,
        })
    }

    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult> {
        Ok(match self.describe(context, id).await? {
            None => ReadResult::Absent,
            Some(described) if described.metadata.is_deleted() => ReadResult::Deleted,
            Some(described) => ReadResult::Found(described.view().into()),
        })
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
        let message = DestroyInstance {
            instance_id: id,
            reason: &self.destroy_reason,
        };
        let response: Result<Destroyed> = self
            .call(context, Effect::Idempotent, "DestroyInstance", &message)
            .await;
        match response {
            Ok(Destroyed) => Ok(DeleteResult::Deleted),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(match ownership {
                // The detail "no longer running" proves that the instance existed and is gone, although reads may still show
                // it (docs/providers/namespace.md).
                _ if is_failed_precondition(&error) && !mutated!(NamespaceForgetsGoneInstances) => {
                    DeleteResult::Deleted
                }
                // The instance may be too young to be visible, and so to be deleted.
                Ownership::CreatedHere => DeleteResult::NotYetVisible,
                Ownership::Unknown => DeleteResult::Absent,
            }),
            // Only a read tells whether the instance is deleted. A read that does not show it may lag.
            Err(error) if may_mean_deleted(&error) => match self.describe(context, id).await? {
                Some(described) if described.metadata.is_deleted_or_deleting() => Ok(DeleteResult::Deleted),
                Some(_) => Err(error),
                None => Ok(DeleteResult::NotYetVisible),
            },
            Err(error) => Err(error),
        }
    }
}

/// Returns whether the error of a deletion leaves open that the instance is deleted.
fn may_mean_deleted(error: &Error) -> bool {
    let is_unreadable_success = error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown;
    is_unreadable_success || is_failed_precondition(error)
}

/// Returns whether Connect's code is `failed_precondition`, with any details.
fn is_failed_precondition(error: &Error) -> bool {
    error.details().provider_code.as_deref() == Some("failed_precondition")
}
