//! The bodies of Render's requests and responses.
//!
//! Responses are read leniently: Render sends fields and words that its published schema lacks, and nulls where it forbids
//! them (docs/providers/render.md).

use std::borrow::Cow;
use std::ops::Deref;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

use super::id::is_service_id;
use super::options::SERVICE_TYPES;
use crate::model::handle::is_managed_name;
use crate::model::instance::{InstanceView, OwnFields, OwnValue, Status};
use crate::protocol::lenient::{Anything, Entries, Info, Isolated, Lenient, read_object};
use crate::protocol::text::Text;

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
#[serde(try_from = "Entries<Listed<T>, T>", bound = "T: Text<'de>")]
pub(super) struct Services<T = String>(pub(super) Vec<Option<Listed<T>>>);

impl<T> TryFrom<Entries<Listed<T>, T>> for Services<T> {
    type Error = &'static str;

    fn try_from(entries: Entries<Listed<T>, T>) -> Result<Self, Self::Error> {
        let entries = entries.0;
        let holds_service = |entry: &Listed<T>| entry.service.0.is_some();
        if entries.is_empty() || entries.iter().flatten().any(holds_service) {
            return Ok(Self(entries));
        }
        Err("no entry holds a service with id, ownerId and type")
    }
}

/// One entry of a page of services.
#[derive(Deserialize)]
#[serde(bound = "T: Text<'de>")]
pub(super) struct Listed<T = String> {
    pub(super) service: Isolated<Service<T>, T>,
    pub(super) cursor: Info<T>,
}

/// A service. Its id, owner and type are needed: they decide whether it is in scope.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Service<T = String> {
    pub(super) id: T,
    pub(super) name: Info<T>,
    pub(super) owner_id: Option<T>,
    #[serde(rename = "type")]
    kind: Option<T>,
    created_at: Info<T>,
    image_path: Info<T>,
    suspended: Info<T>,
    suspenders: Info<Vec<T>>,
    service_details: Info<Details<T>>,
}

/// The settings of a service that depend on its type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
struct Details<T> {
    url: Info<T>,
    plan: Info<T>,
    region: Info<T>,
    /// Set if the service is a preview (docs/providers/render.md).
    parent_server: Info<Anything>,
}

impl<'de, T: Text<'de>> Lenient<'de> for Details<T> {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

impl<T: Deref<Target = str>> Service<T> {
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
        let suspenders = || self.suspenders.as_deref().unwrap_or_default();
        self.is_suspended()
            .then(|| suspenders().iter().map(|text| &**text).collect::<Vec<_>>().join(", "))
    }

    fn is_suspended(&self) -> bool {
        self.suspended.as_deref() == Some("suspended")
    }

    /// Returns the service as callers see it. A suspension is the only status that a service shows itself.
    pub(super) fn view(&self) -> InstanceView<'_> {
        let status = if self.is_suspended() {
            Status::Stopped
        } else {
            Status::Unknown
        };
        let details = self.service_details.as_ref();
        let plan = details.and_then(|details| details.plan.as_deref());
        let region = details.and_then(|details| details.region.as_deref());
        // A private service has a host and port without a scheme, a worker has none (docs/providers/render.md).
        let url = details.and_then(|details| details.url.as_deref());
        InstanceView {
            id: &self.id,
            own: OwnFields::from([
                ("serviceId", Some(OwnValue::Text(&self.id))),
                ("ownerId", self.owner_id.as_deref().map(OwnValue::Shared)),
                ("type", self.kind.as_deref().map(OwnValue::Shared)),
                ("plan", plan.map(OwnValue::Text)),
                ("region", region.map(OwnValue::Text)),
            ]),
            name: self.name.as_deref(),
            status,
            created_at: self.created_at.as_deref().map(Cow::Borrowed),
            url: url.filter(|url| !url.is_empty()).map(Cow::Borrowed),
            managed: self.name.as_deref().is_some_and(is_managed_name),
            owner: None,
            image: self.image_path.as_deref().filter(|image| !image.is_empty()),
            launch: None,
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

impl<'de> Lenient<'de> for Deploy {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::lenient::tests::check_drifts;
    use crate::protocol::text::Borrowed;

    #[test]
    fn a_page_shows_the_same_borrowed_and_owned() {
        fn show<T: Deref<Target = str>>(Services(entries): Services<T>) -> Vec<String> {
            let services = entries.iter().flatten().filter_map(|listed| listed.service.0.as_ref());
            services
                .map(|service| format!("{:?} {}", service.view(), service.is_creatable()))
                .collect()
        }
        let entry = |id: &str, name: &str| {
            let details = json!({"url": "https://u", "plan": "starter", "region": "oregon", "parentServer": null});
            json!({"cursor": "c", "service": {"id": id, "name": name, "ownerId": "tea-1", "type": "web_service",
                "createdAt": "2026", "imagePath": "i", "suspended": "not_suspended", "suspenders": ["user"],
                "serviceDetails": details}})
        };
        let page = json!([entry("srv-a", "one"), entry("srv-b", "ä\n\"two\"")]);
        let whole = check_drifts(
            &page,
            |text| serde_json::from_str::<Services<Borrowed<'_>>>(text).map(show),
            |text| serde_json::from_str::<Services>(text).map(show),
        );
        assert!(whole > 100, "{whole}");
    }
}
