//! Namespace: one instance (a virtual machine with one container) each, through the Compute API, which speaks the Connect
//! protocol in JSON (`reference/namespace.md`).

mod config;
mod create;
mod errors;
mod list;
mod options;
mod token;
mod wire;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
pub(crate) use config::NamespaceConfig;
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::errors::DIALECT;
use self::options::NamespaceOptions;
use self::wire::{Described, Destroyed, InstanceId, Removal as RemovalRequest};
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Operation, Outcome, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::model::scope::{Identity, Scope};
use crate::protocol::{json, jwt};
use crate::provider::{Ownership, Page, Provider, Readiness, Removal};

pub(crate) const IDENTITY: Identity = Identity {
    name: "namespace",
    title: "Namespace",
};

const SERVICE: &str = "namespace.cloud.compute.v1beta.ComputeService";

/// Clients should send it, and servers may demand it (§4).
const CONNECT_PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

/// No source tells of reads that lag behind writes, or that they do not: a guess on the safe side.
const VISIBILITY_LAG: Duration = Duration::from_secs(30);

/// No slow create is on record: an answer comes before the instance runs (§5). As long as a request that creates may
/// take here, by default.
const ABSENCE_WINDOW: Duration = Duration::from_secs(60);

/// Namespace for one call.
pub(crate) struct Namespace {
    client: Client,
    scope: Scope,
    /// When the token has expired by its own claim, as far as it can be read.
    token_expired: Option<SystemTime>,
    destroy_reason: String,
    options: NamespaceOptions,
}

impl Namespace {
    /// Calls a method of the Compute API.
    async fn call<T: DeserializeOwned + Send>(
        &self,
        cx: &Cx,
        effect: Effect,
        method: &str,
        message: &(impl Serialize + Sync),
    ) -> Result<T> {
        let url = self.client.base().join(&[SERVICE, method])?;
        let request = Request::new(Method::POST, url)
            .header(CONNECT_PROTOCOL_VERSION, HeaderValue::from_static("1"))
            .json(json::write(message)?);
        let date = cx.core.clock.date();
        let answer = self
            .client
            .call(cx, effect, request, |response| DIALECT.read(response, date));
        answer.await.map_err(|error| jwt::explain(error, self.token_expired))
    }

    /// The instance, if it is there; also one that was destroyed, for which Namespace goes on answering (§1).
    async fn describe(&self, cx: &Cx, id: &str) -> Result<Option<Described>> {
        let described: Result<Described> = self
            .call(
                cx,
                Effect::Idempotent,
                "DescribeInstance",
                &InstanceId { instance_id: id },
            )
            .await;
        match described {
            Ok(described) => Ok(Some(described)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Provider for Namespace {
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

    /// By the unique tag (§9).
    fn repeats_safely(&self) -> bool {
        true
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

    async fn create(&self, cx: &Cx, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, cx, request, handle).await
    }

    async fn find(&self, cx: &Cx, handle: &Handle) -> Result<Option<Instance>> {
        list::find(self, cx, handle.name()).await
    }

    async fn has_mark(&self, cx: &Cx, instance: &Instance, mark: &str) -> Result<Option<bool>> {
        let described = self.describe(cx, &instance.id).await?;
        Ok(described.map(|described| described.metadata.mark() == Some(mark)))
    }

    async fn readiness(&self, cx: &Cx, instance: &Instance) -> Result<Readiness> {
        // Polled, although there is a method that waits: it keeps a request open for minutes, which proxies cut.
        Ok(match self.describe(cx, &instance.id).await? {
            Some(described) => described.readiness(),
            None => Readiness::Starting,
        })
    }

    async fn get(&self, cx: &Cx, id: &str) -> Result<Option<Instance>> {
        let Some(described) = self.describe(cx, id).await? else {
            return Ok(None);
        };
        if described.metadata.is_gone() {
            // Shown as destroyed: it does not merely lag.
            cx.core.memory.seen(&self.scope, id);
            return Ok(None);
        }
        Ok(Some(described.into_instance()))
    }

    async fn list(&self, cx: &Cx, cursor: Option<&str>, managed_only: bool) -> Result<Page> {
        list::page(self, cx, cursor, managed_only).await
    }

    async fn destroy(&self, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal> {
        let message = RemovalRequest {
            instance_id: id,
            reason: &self.destroy_reason,
        };
        let answer: Result<Destroyed> = self.call(cx, Effect::Idempotent, "DestroyInstance", &message).await;
        match answer {
            Ok(Destroyed) => Ok(Removal::Gone),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(match ownership {
                // With the detail that says "no longer running" (§11) it was there.
                _ if says_precondition(&error) => Removal::Gone,
                // Too young to be seen, perhaps, and so to be destroyed.
                Ownership::Ours => Removal::Unsettled,
                Ownership::Unchecked => Removal::Gone,
            }),
            // Without the detail, or an answer that is none of Namespace's: only a look tells, and one that shows nothing
            // may lag behind.
            Err(error) if is_double_edged(&error) => match self.describe(cx, id).await? {
                Some(described) if described.metadata.is_gone_or_going() => Ok(Removal::Gone),
                Some(_) => Err(error),
                None => Ok(Removal::Unsettled),
            },
            Err(error) => Err(error),
        }
    }
}

/// Whether a failed deletion may mean "gone already" or "done".
fn is_double_edged(error: &Error) -> bool {
    let strange = error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown;
    strange || says_precondition(error)
}

fn says_precondition(error: &Error) -> bool {
    error.details().provider_code.as_deref() == Some("failed_precondition")
}

/// All examples have 13 lower-case letters and digits; ids are opaque (§7), so only the alphabet is relied on.
fn is_instance_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::is_instance_id;

    #[test]
    fn ids_are_of_one_alphabet() {
        assert!(is_instance_id("ui3e3e3g7cfrg"));
        for id in ["", "UI3E", "a b", "../x", "a/b", "é", &"a".repeat(65)] {
            assert!(!is_instance_id(id), "{id}");
        }
    }
}
