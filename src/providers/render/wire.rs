//! Render's requests and answers. Answers are read with tolerance: fields and words that the published document does not
//! know occur, and nulls where it forbids them (`reference/render.md` §4.6, §8).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::options::SERVICE_TYPES;
use crate::model::handle::is_managed_name;
use crate::model::instance::{Instance, Status};

/// `POST /services` (§4.1).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServicePost<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) owner_id: &'a str,
    /// Of no use with an image: a moved tag is not picked up either way.
    pub(super) auto_deploy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_id: Option<&'a str>,
    pub(super) image: ImagePost<'a>,
    pub(super) env_vars: Vec<EnvVarPost<'a>>,
    pub(super) service_details: DetailsPost<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImagePost<'a> {
    pub(super) owner_id: &'a str,
    pub(super) image_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registry_credential_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct EnvVarPost<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
}

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvSpecificDetails<'a> {
    pub(super) docker_command: &'a str,
}

/// The answer to a create (§4.6).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) service: Service,
    pub(super) deploy_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) service: Service,
    pub(super) cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) owner_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    created_at: Option<String>,
    image_path: Option<String>,
    suspended: Option<String>,
    #[serde(default)]
    suspenders: Option<Vec<String>>,
    service_details: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    url: Option<String>,
    plan: Option<String>,
    region: Option<String>,
    /// Set on a preview (§6).
    parent_server: Option<Value>,
}

impl Service {
    /// Whether it is of a kind that `create` makes: no site, job or preview.
    pub(super) fn is_of_our_kind(&self) -> bool {
        let preview = self
            .service_details
            .as_ref()
            .and_then(|details| details.parent_server.as_ref());
        preview.is_none() && self.kind.as_deref().is_some_and(|kind| SERVICE_TYPES.contains(&kind))
    }

    /// Who has suspended the service, if it is: a crash-looping container may be suspended by Render itself (§4.6).
    pub(super) fn suspension(&self) -> Option<String> {
        let suspended = self.suspended.as_deref() == Some("suspended");
        suspended.then(|| self.suspenders.as_deref().unwrap_or_default().join(", "))
    }

    /// The service as callers see it, with the one status that a service tells of itself.
    pub(super) fn into_instance(self) -> Instance {
        let status = match self.suspension() {
            Some(_) => Status::Stopped,
            None => Status::Unknown,
        };
        let details = self.service_details.unwrap_or_default();
        let own = [
            ("serviceId", Some(self.id.clone())),
            ("ownerId", self.owner_id),
            ("type", self.kind),
            ("plan", details.plan),
            ("region", details.region),
        ];
        Instance {
            own: own
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?.into())))
                .collect(),
            managed: self.name.as_deref().is_some_and(is_managed_name),
            name: self.name,
            status,
            created_at: self.created_at,
            // A private service has a host and port without a scheme, a worker nothing (§4.6).
            url: details.url.filter(|url| !url.is_empty()),
            image: self.image_path.filter(|image| !image.is_empty()),
            launch: None,
            id: self.id,
        }
    }
}

/// `GET /services/{id}/env-vars/{key}` (§9). The value is required: what has none is no answer to the question.
#[derive(Deserialize)]
pub(super) struct EnvVar {
    pub(super) value: String,
}

#[derive(Deserialize)]
pub(super) struct ListedDeploy {
    pub(super) deploy: Deploy,
}

/// Everything but the id is optional and may be null (§8); so is the id here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deploy {
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) created_at: Option<String>,
}
