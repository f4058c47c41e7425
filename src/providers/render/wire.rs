//! The bodies of Render's requests and responses.
//!
//! Responses are read leniently: Render sends fields and words that its published schema lacks, and nulls where it forbids
//! them (docs/providers/render.md).

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

use super::id::is_service_id;
use super::options::SERVICE_TYPES;
use crate::model::handle::is_managed_name;
use crate::model::instance::{Instance, Status};
use crate::protocol::lenient::{Anything, Entries, Info, Isolated, Lenient, read_object};

/// The body of `POST /services` (docs/providers/render.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServicePost<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) owner_id: &'a str,
    /// Has no effect with an image: Render does not follow a tag that moves (docs/providers/render.md).
    pub(super) auto_deploy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_id: Option<&'a str>,
    pub(super) image: ImagePost<'a>,
    pub(super) env_vars: Vec<EnvVarPost<'a>>,
    pub(super) service_details: DetailsPost<'a>,
}

/// The image of a new service.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImagePost<'a> {
    pub(super) owner_id: &'a str,
    pub(super) image_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registry_credential_id: Option<&'a str>,
}

/// A variable of a new service.
#[derive(Serialize)]
pub(super) struct EnvVarPost<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

/// The settings of a new service that depend on its type.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DetailsPost<'a> {
    pub(super) runtime: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) num_instances: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) health_check_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env_specific_details: Option<EnvSpecificDetails<'a>>,
}

/// The settings of a new service that depend on its runtime.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvSpecificDetails<'a> {
    pub(super) docker_command: &'a str,
}

/// The response to a create (docs/providers/render.md).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) service: Service,
    pub(super) deploy_id: Info<String>,
}

/// A page of services. If it has entries and none holds a service that can be read, it cannot be read either.
#[derive(Deserialize)]
#[serde(try_from = "Entries<Listed>")]
pub(super) struct Services(pub(super) Vec<Isolated<Listed>>);

impl TryFrom<Entries<Listed>> for Services {
    type Error = &'static str;

    fn try_from(Entries(entries): Entries<Listed>) -> Result<Self, Self::Error> {
        let holds_service =
            |entry: &Isolated<Listed>| entry.0.as_ref().is_some_and(|listed| listed.service.0.is_some());
        if entries.is_empty() || entries.iter().any(holds_service) {
            return Ok(Self(entries));
        }
        Err("no entry holds a service with id, ownerId and type")
    }
}

/// One entry of a page of services.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) service: Isolated<Service>,
    pub(super) cursor: Info<String>,
}

/// A service. Its id, owner and type are needed: they decide whether it is in scope.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) name: Info<String>,
    pub(super) owner_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    created_at: Info<String>,
    image_path: Info<String>,
    suspended: Info<String>,
    suspenders: Info<Vec<String>>,
    service_details: Info<Details>,
}

/// The settings of a service that depend on its type.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    url: Info<String>,
    plan: Info<String>,
    region: Info<String>,
    /// Set if the service is a preview (docs/providers/render.md).
    parent_server: Info<Anything>,
}

impl Lenient for Details {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

impl Service {
    /// Returns whether `create` makes services of this type, and `getById` accepts its id. It makes no sites, jobs or
    /// previews.
    pub(super) fn is_creatable(&self) -> bool {
        let preview = self
            .service_details
            .as_ref()
            .and_then(|details| details.parent_server.0);
        preview.is_none()
            && is_service_id(&self.id)
            && self.kind.as_deref().is_some_and(|kind| SERVICE_TYPES.contains(&kind))
    }

    /// Returns who suspended the service; `None` if it is not suspended. Render may suspend a container that keeps crashing
    /// (docs/providers/render.md).
    pub(super) fn suspension(&self) -> Option<String> {
        let suspended = self.suspended.as_deref() == Some("suspended");
        suspended.then(|| self.suspenders.as_deref().unwrap_or_default().join(", "))
    }

    /// Returns the service as callers see it. A suspension is the only status that a service shows itself.
    pub(super) fn into_instance(self) -> Instance {
        let status = match self.suspension() {
            Some(_) => Status::Stopped,
            None => Status::Unknown,
        };
        let details = self.service_details.0.unwrap_or_default();
        let own = [
            ("serviceId", Some(self.id.clone())),
            ("ownerId", self.owner_id),
            ("type", self.kind),
            ("plan", details.plan.0),
            ("region", details.region.0),
        ];
        Instance {
            own: own
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?.into())))
                .collect(),
            managed: self.name.as_deref().is_some_and(is_managed_name),
            owner: None,
            name: self.name.0,
            status,
            created_at: self.created_at.0,
            // A private service has a host and port without a scheme, a worker has none (docs/providers/render.md).
            url: details.url.0.filter(|url| !url.is_empty()),
            image: self.image_path.0.filter(|image| !image.is_empty()),
            launch: None,
            id: self.id,
        }
    }
}

/// The response to `GET /services/{id}/env-vars/{key}`. Without a value it says nothing, so the value is required.
#[derive(Deserialize)]
pub(super) struct EnvVar {
    pub(super) value: String,
}

/// One entry of a page of deploys.
#[derive(Deserialize)]
pub(super) struct ListedDeploy {
    pub(super) deploy: Info<Deploy>,
}

/// A deploy. Only its id is certain; other fields may be missing or null (docs/providers/render.md). Here the id may be too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deploy {
    pub(super) id: Info<String>,
    pub(super) status: Info<String>,
    pub(super) created_at: Info<String>,
}

impl Lenient for Deploy {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}
