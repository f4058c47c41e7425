//! Calls the methods of Namespace's Compute API.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::errors::ERRORS;
use super::options::NamespaceOptions;
use super::semantics::TITLE;
use super::wire::{Described, InstanceId};
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::protocol::connect;
use crate::protocol::subject::expect_id;

const SERVICE: &str = "namespace.cloud.compute.v1beta.ComputeService";

/// The path of every method, for events.
const TEMPLATE: &str = "/namespace.cloud.compute.v1beta.ComputeService/{method}";

/// The provider of one call.
pub(crate) struct Namespace {
    pub(super) client: Client,
    /// The configured region; `None` if an address was configured instead, or nothing.
    pub(super) region: Option<String>,
    pub(super) destroy_reason: String,
    pub(super) options: NamespaceOptions,
}

impl Namespace {
    /// Calls a method of the Compute API and returns its response.
    pub(super) async fn call<T: DeserializeOwned + Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        method: &'static str,
        message: &(impl Serialize + Sync),
    ) -> Result<T> {
        let interpret = |response: &Response| ERRORS.read_json(response);
        self.send(context, effect, method, message, interpret).await
    }

    /// Calls a method of the Compute API and returns what `interpret` reads in the response.
    pub(super) async fn send<T: Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        method: &'static str,
        message: &(impl Serialize + Sync),
        interpret: impl FnMut(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        let request = connect::request(self.client.base(), SERVICE, method, message)?.template(TEMPLATE);
        self.client.call(context, effect, request, interpret).await
    }

    /// Returns the instance; `None` if Namespace does not know it. Namespace also returns deleted instances
    /// (docs/providers/namespace.md).
    pub(super) async fn describe(&self, context: &CallContext, id: &str) -> Result<Option<Described>> {
        let described: Result<Described> = self
            .call(
                context,
                Effect::Idempotent,
                "DescribeInstance",
                &InstanceId { instance_id: id },
            )
            .await;
        match described {
            Ok(described) => {
                expect_id(id, &described.metadata.instance_id, TITLE)?;
                Ok(Some(described))
            }
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
