//! Render: one service per instance, through the public REST API (`reference/render.md`).

mod config;
mod create;
mod deploys;
mod errors;
mod list;
mod options;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
pub(crate) use config::RenderConfig;
use http::Method;
use serde::de::DeserializeOwned;

use crate::context::Cx;
use crate::error::{Error, ErrorCode, Operation, Outcome, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::{Request, Response};
use crate::model::create_request::CreateRequest;
use crate::model::handle::{Handle, MARK_VARIABLE};
use crate::model::instance::{Instance, Status};
use crate::model::scope::{Identity, Scope};
use crate::provider::{Completion, Ownership, Page, Provider, Readiness, Removal};

use self::errors::DIALECT;
use self::options::RenderOptions;
use self::wire::{EnvVar, Service};

pub(crate) const IDENTITY: Identity = Identity {
    name: "render",
    title: "Render",
};

/// No source tells of reads that lag behind writes, or that they do not. Half of [`ABSENCE_WINDOW`] is a guess on the
/// safe side.
const VISIBILITY_LAG: Duration = Duration::from_secs(30);

/// The slowest create on record took 13.4 s (`reference/render.md` §1): this is more than four times as long.
const ABSENCE_WINDOW: Duration = Duration::from_secs(60);

/// The bucket of everything but reads and creates (`reference/render.md` §2).
const WRITES: &str = "writes";

/// Render for one call.
pub(crate) struct Render {
    client: Client,
    scope: Scope,
    owner_id: String,
    /// The service that this process itself runs in, if it runs at Render.
    own_service_id: Option<String>,
    options: RenderOptions,
}

impl Render {
    /// A request to a path below the base URL, each segment percent-encoded.
    fn request(&self, method: Method, segments: &[&str]) -> Result<Request> {
        Ok(Request::new(method, self.client.base().join(segments)?))
    }

    /// Sends a request and reads the body of its answer.
    async fn read<T: DeserializeOwned + Send>(&self, cx: &Cx, effect: Effect, request: Request) -> Result<T> {
        let date = cx.core.clock.date();
        self.client
            .call(cx, effect, request, |response| DIALECT.read(response, date))
            .await
    }

    /// Reads what is at a path; `None` if nothing is.
    async fn fetch<T: DeserializeOwned + Send>(&self, cx: &Cx, segments: &[&str]) -> Result<Option<T>> {
        let request = self.request(Method::GET, segments)?;
        match self.read(cx, Effect::Idempotent, request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The service, if it is there and an instance in scope.
    async fn service(&self, cx: &Cx, id: &str) -> Result<Option<Service>> {
        let service: Option<Service> = self.fetch(cx, &["services", id]).await?;
        Ok(service.filter(|service| self.is_instance(service)))
    }

    /// Whether a service is of the configured workspace, for a key reaches every workspace of its user (§1); and of a
    /// kind that `create` makes.
    fn is_instance(&self, service: &Service) -> bool {
        service.owner_id.as_deref() == Some(self.owner_id.as_str()) && service.is_of_our_kind()
    }
}

#[async_trait]
impl Provider for Render {
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
        // Neither pattern nor length of a name is documented (§4.1); only what surely is wrong is refused here.
        let name = handle.name();
        if name.trim() != name || name.chars().any(char::is_control) {
            let text = "options.name must not hold a control character or begin or end with a space.";
            return Err(Error::argument(text));
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        create::create(self, cx, request, handle).await
    }

    async fn find(&self, cx: &Cx, handle: &Handle) -> Result<Option<Instance>> {
        list::find(self, cx, handle.name()).await
    }

    async fn has_mark(&self, cx: &Cx, instance: &Instance, mark: &str) -> Result<Option<bool>> {
        let path = ["services", &instance.id, "env-vars", MARK_VARIABLE];
        let variable: Option<EnvVar> = self.fetch(cx, &path).await?;
        Ok(variable.map(|variable| variable.value == mark))
    }

    /// One request makes everything; what was adopted only lacks the deploy that is to be followed.
    async fn complete(&self, cx: &Cx, _request: &CreateRequest, instance: &Instance) -> Result<Completion> {
        let mut instance = instance.clone();
        if instance.launch.is_none() {
            let deploys = deploys::of(self, cx, &instance.id).await?;
            instance.launch = deploys::telling(&deploys).and_then(|deploy| deploy.id.clone());
            // A suspended service says so itself.
            if instance.status == Status::Unknown {
                instance.status = deploys::status(&deploys);
            }
        }
        Ok(Completion::Done(instance))
    }

    async fn readiness(&self, cx: &Cx, instance: &Instance) -> Result<Readiness> {
        deploys::readiness(self, cx, instance).await
    }

    async fn get(&self, cx: &Cx, id: &str) -> Result<Option<Instance>> {
        let Some(service) = self.service(cx, id).await? else {
            return Ok(None);
        };
        let instance = service.into_instance();
        if instance.status != Status::Unknown {
            return Ok(Some(instance));
        }
        let deploys = deploys::of(self, cx, id).await?;
        let status = deploys::status(&deploys);
        Ok(Some(Instance { status, ..instance }))
    }

    async fn list(&self, cx: &Cx, cursor: Option<&str>, _managed_only: bool) -> Result<Page> {
        list::page(self, cx, cursor).await
    }

    async fn destroy(&self, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal> {
        if ownership == Ownership::Unchecked && self.service(cx, id).await?.is_none() {
            return Ok(Removal::Gone);
        }
        let date = cx.core.clock.date();
        let mut request = self.request(Method::DELETE, &["services", id])?;
        request.bucket = WRITES;
        let done = |response: &Response| DIALECT.done(response, date);
        match self.client.call(cx, Effect::Idempotent, request, done).await {
            // What is not there was there: every recorded deletion right after a create was carried out (§7).
            Ok(()) => Ok(Removal::Gone),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Removal::Gone),
            // An answer that is none of Render's: only a look tells what has come of the request.
            Err(error) if error.code() == ErrorCode::Protocol && error.outcome() == Outcome::Unknown => {
                match (self.service(cx, id).await?, ownership) {
                    (Some(_), _) => Err(error),
                    // Too young to be seen, perhaps.
                    (None, Ownership::Ours) => Ok(Removal::Unsettled),
                    (None, Ownership::Unchecked) => Ok(Removal::Gone),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// Render's own command line knows `srv-` and 20 characters (§1); the number is not relied on.
fn is_service_id(id: &str) -> bool {
    id.strip_prefix("srv-").is_some_and(|rest| {
        (1..=60).contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_service_id;

    #[test]
    fn ids_are_those_of_services() {
        assert!(is_service_id("srv-d1abcdefghij01234567"));
        for id in [
            "",
            "srv-",
            "srv-../owners",
            "srv-A",
            "crn-d1abcdefghij01234567",
            "srv-a b",
            "d1abcdefghij01234567",
            "srv-d1%2Fx",
        ] {
            assert!(!is_service_id(id), "{id}");
        }
    }
}
