//! The variables of Railway's documents and the data of its responses.
//!
//! Responses are read leniently: Railway changes its schema without versions (docs/providers/railway.md), so only the
//! fields that we need are required.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use serde::de::MapAccess;
use serde::{Deserialize, Serialize};

use super::id;
use crate::error::Message;
use crate::model::handle::is_managed_name;
use crate::model::instance::{InstanceView, OwnFields, OwnValue, Status};
use crate::protocol::lenient::{Anything, Cursor, Entries, Info, Lenient, read_object};
use crate::protocol::text::Text;

/// A service's environment variables by name.
pub(super) type Variables<'a> = BTreeMap<&'a str, &'a str>;

/// The variables of a mutation that takes one `input`.
#[derive(Serialize)]
pub(super) struct Input<T> {
    pub(super) input: T,
}

/// The input of `serviceCreate`. Missing options are left out, because a null can unset a field
/// (docs/providers/railway.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceCreateInput<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<SourceInput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registry_credentials: Option<RegistryInput<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) variables: Variables<'a>,
}

/// The image of a service.
#[derive(Serialize)]
pub(super) struct SourceInput<'a> {
    pub(super) image: &'a str,
}

/// The credentials of a private registry.
#[derive(Serialize)]
pub(super) struct RegistryInput<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

/// The variables of the documents that name a service's instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceVariables<'a> {
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
}

/// The variables of `serviceInstanceUpdate`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceUpdateVariables<'a> {
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
    pub(super) input: InstanceUpdateInput<'a>,
}

/// The input of `serviceInstanceUpdate`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceUpdateInput<'a> {
    pub(super) source: SourceInput<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) registry_credentials: Option<RegistryInput<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_command: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) healthcheck_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) num_replicas: Option<u32>,
    /// Sets the region. Railway ignores the plain field `region` (docs/providers/railway.md).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) multi_region_config: Option<BTreeMap<&'a str, RegionConfig>>,
}

/// The settings of one region.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionConfig {
    pub(super) num_replicas: u32,
}

/// The input of `serviceInstanceLimitsUpdate`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LimitsInput<'a> {
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
    #[serde(rename = "memoryGB", skip_serializing_if = "Option::is_none")]
    pub(super) memory_gb: Option<f64>,
    #[serde(rename = "vCPUs", skip_serializing_if = "Option::is_none")]
    pub(super) vcpus: Option<f64>,
}

/// The input of `variableCollectionUpsert`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariablesInput<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
    pub(super) variables: Variables<'a>,
    pub(super) skip_deploys: bool,
}

/// The variables of `serviceDelete`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteVariables<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_id: Option<&'a str>,
}

/// The variables of `service`.
#[derive(Serialize)]
pub(super) struct IdVariables<'a> {
    pub(super) id: &'a str,
}

/// The variables of a document that reads one page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageVariables<'a> {
    pub(super) project_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_id: Option<&'a str>,
    pub(super) first: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<&'a str>,
}

/// The data of `serviceCreate`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateData {
    pub(super) service_create: CreatedService,
}

/// The service that `serviceCreate` made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedService {
    #[serde(deserialize_with = "id::deserialize")]
    pub(super) id: String,
    pub(super) name: Info<String>,
    pub(super) project_id: Info<String>,
    pub(super) created_at: Info<String>,
}

/// The variables of `variables`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadVariables<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
}

/// The data of `variables`.
#[derive(Deserialize)]
pub(super) struct VariablesData {
    pub(super) variables: OwnVariables,
}

/// A service's variables. Only [`OWNERSHIP_VARIABLE`](crate::model::handle::OWNERSHIP_VARIABLE) is read: others are secrets.
#[derive(Deserialize)]
pub(super) struct OwnVariables {
    #[serde(rename = "COMPUTESDK_CREATE_MARK")]
    pub(super) ownership_token: Info<String>,
}

/// The data of `serviceDelete`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteData {
    pub(super) service_delete: Option<bool>,
}

/// The data of a mutation that returns whether it was done.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateData {
    #[serde(
        alias = "serviceInstanceUpdate",
        alias = "serviceInstanceLimitsUpdate",
        alias = "variableCollectionUpsert"
    )]
    pub(super) done: bool,
}

/// The data of `serviceInstanceDeployV2`.
#[derive(Deserialize)]
pub(super) struct DeployData {
    /// The id of the deployment that was started.
    #[serde(rename = "serviceInstanceDeployV2")]
    pub(super) deployment_id: Info<String>,
}

/// The data of `service`.
#[derive(Deserialize)]
pub(super) struct ServiceData {
    pub(super) service: Service,
}

/// The data of `project`.
#[derive(Deserialize)]
pub(super) struct ProjectData {
    pub(super) project: Project,
}

/// A project with one page of its services.
#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) services: Connection<Service>,
}

/// A service, which all environments of a project share.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Service<T = String> {
    #[serde(default, deserialize_with = "id::deserialize_some")]
    pub(super) id: Option<T>,
    pub(super) name: Info<T>,
    pub(super) project_id: Option<T>,
    pub(super) created_at: Info<T>,
    pub(super) deleted_at: Info<Anything>,
}

/// The data of `serviceInstance`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceData {
    pub(super) service_instance: InstanceNode,
}

/// The data of `environment`.
#[derive(Deserialize)]
#[serde(bound = "T: Text<'de>")]
pub(super) struct EnvironmentData<T = String> {
    pub(super) environment: Environment<T>,
}

/// An environment with one page of its instances.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Environment<T = String> {
    pub(super) project_id: Option<T>,
    pub(super) deleted_at: Info<Anything>,
    pub(super) service_instances: Connection<InstanceNode<T>, T>,
}

/// The data of `environments`.
#[derive(Deserialize)]
pub(super) struct EnvironmentsData {
    pub(super) environments: Connection<EnvironmentNode>,
}

/// An environment as the project's list shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentNode {
    pub(super) id: String,
    pub(super) deleted_at: Info<Anything>,
    /// Set if the environment is a fork (docs/providers/railway.md).
    pub(super) source_environment: Info<Anything>,
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "N: Deserialize<'de>, T: Text<'de>")]
pub(super) struct Connection<N, T = String> {
    pub(super) edges: Entries<Edge<N>, T>,
    pub(super) page_info: PageInfo,
}

/// One entry of a page.
#[derive(Deserialize)]
pub(super) struct Edge<N> {
    pub(super) node: N,
}

/// Where the next page begins.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<Cursor>,
}

/// A service's instance in one environment. Its own id differs from the service's id and is not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct InstanceNode<T = String> {
    #[serde(deserialize_with = "id::deserialize")]
    pub(super) service_id: T,
    pub(super) service_name: Info<T>,
    pub(super) environment_id: Option<T>,
    pub(super) created_at: Info<T>,
    deleted_at: Info<Anything>,
    source: Info<Source<T>>,
    service: Option<Service<T>>,
    latest_deployment: Info<Deployment<T>>,
}

#[derive(Deserialize)]
#[serde(bound = "T: Text<'de>")]
struct Source<T> {
    image: Info<T>,
    repo: Info<Anything>,
}

impl<'de, T: Text<'de>> Lenient<'de> for Source<T> {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
struct Deployment<T> {
    id: Info<T>,
    status: Info<T>,
    url: Info<T>,
    static_url: Info<T>,
    deployment_stopped: Info<bool>,
}

impl<T> Default for Deployment<T> {
    fn default() -> Self {
        Self {
            id: Info(None),
            status: Info(None),
            url: Info(None),
            static_url: Info(None),
            deployment_stopped: Info(None),
        }
    }
}

/// A deployment of another type than an object is there, too, and nothing more is known of it.
impl<'de, T: Text<'de>> Lenient<'de> for Deployment<T> {
    fn from_text(_value: &str) -> Option<Self> {
        Some(Self::default())
    }

    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

/// How far the latest deployment is.
pub(super) enum Progress {
    Starting,
    Ready,
    /// The text says why.
    Failed(Message),
}

impl<T: Deref<Target = str>> InstanceNode<T> {
    /// Returns whether the instance or its service is deleted.
    pub(super) fn is_deleted(&self) -> bool {
        let service_deleted = self.service.as_ref().and_then(|service| service.deleted_at.as_ref());
        self.deleted_at.is_some() || service_deleted.is_some()
    }

    /// Returns the project of the instance's service, if the response names it.
    pub(super) fn project_id(&self) -> Option<&str> {
        self.service.as_ref()?.project_id.as_deref()
    }

    /// Returns whether the instance has, or ever had, something to run. A create in another environment leaves an empty
    /// instance in this one (docs/providers/railway.md).
    pub(super) fn is_in_use(&self) -> bool {
        self.has_source() || self.latest_deployment.is_some()
    }

    /// Returns whether this package made the service, judging by its name.
    pub(super) fn is_managed(&self) -> bool {
        self.service_name.as_deref().is_some_and(is_managed_name)
    }

    /// Returns the id of the latest deployment.
    pub(super) fn deployment_id(&self) -> Option<&str> {
        self.latest_deployment.as_ref()?.id.as_deref()
    }

    /// Returns whether the instance has an image or a repository.
    pub(super) fn has_source(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|source| source.image.is_some() || source.repo.is_some())
    }

    /// Returns how far the latest deployment is, for a caller that waits for the instance to run.
    pub(super) fn progress(&self) -> Progress {
        let Some(deployment) = self.latest_deployment.as_ref() else {
            return Progress::Starting;
        };
        let status = deployment.status.as_deref().unwrap_or_default();
        match status {
            "SUCCESS" if deployment.deployment_stopped.0 == Some(true) => {
                Progress::Failed("its process has ended (deployment status SUCCESS, stopped)".into())
            }
            "SUCCESS" | "SLEEPING" => Progress::Ready,
            "NEEDS_APPROVAL" => {
                Progress::Failed("its deployment needs approval at Railway (status NEEDS_APPROVAL)".into())
            }
            "FAILED" | "CRASHED" | "REMOVED" | "REMOVING" | "SKIPPED" => {
                Progress::Failed(Message::ours(format!("its deployment has the status {status}")))
            }
            _ => Progress::Starting,
        }
    }

    /// Returns the status of the instance.
    fn status(&self) -> Status {
        let Some(deployment) = self.latest_deployment.as_ref() else {
            // A young instance may have no deployment yet (docs/providers/railway.md). Without a source it never gets one.
            return if self.has_source() {
                Status::Pending
            } else {
                Status::Unknown
            };
        };
        match deployment.status.as_deref().unwrap_or_default() {
            "QUEUED" | "WAITING" | "INITIALIZING" | "BUILDING" | "DEPLOYING" | "NEEDS_APPROVAL" => Status::Pending,
            "SUCCESS" if deployment.deployment_stopped.0 == Some(true) => Status::Stopped,
            // A sleeping service is up: the next request wakes it (docs/providers/railway.md).
            "SUCCESS" | "SLEEPING" => Status::Running,
            "FAILED" | "CRASHED" => Status::Failed,
            "REMOVING" | "REMOVED" | "SKIPPED" => Status::Stopped,
            _ => Status::Unknown,
        }
    }

    /// Returns the URL of the latest deployment.
    fn url(&self) -> Option<Cow<'_, str>> {
        let deployment = self.latest_deployment.as_ref()?;
        let mut urls = [&deployment.url, &deployment.static_url].into_iter();
        let found = urls.find_map(|url| url.as_deref().filter(|url| !url.is_empty()))?;
        // Railway sends a host without a scheme, but does not document that it always does.
        Some(if found.contains("://") {
            Cow::Borrowed(found)
        } else {
            Cow::Owned(["https://", found].concat())
        })
    }

    /// Returns the instance as callers see it.
    pub(super) fn view<'a>(&'a self, project_id: &'a str, environment_id: &'a str) -> InstanceView<'a> {
        InstanceView {
            id: &self.service_id,
            own: own_fields(&self.service_id, project_id, environment_id),
            name: self.service_name.as_deref(),
            status: self.status(),
            created_at: self.created_at.as_deref().map(Cow::Borrowed),
            url: self.url(),
            managed: self.is_managed(),
            owner: None,
            image: self.source.as_ref().and_then(|source| source.image.as_deref()),
            launch: self.deployment_id(),
        }
    }
}

/// Returns the fields that only Railway has, in the order of version 0.3.24.
pub(super) fn own_fields<'a>(service_id: &'a str, project_id: &'a str, environment_id: &'a str) -> OwnFields<'a> {
    OwnFields::from([
        ("serviceId", Some(OwnValue::Text(service_id))),
        ("projectId", Some(OwnValue::Shared(project_id))),
        ("environmentId", Some(OwnValue::Shared(environment_id))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::protocol::lenient::tests::check_drifts;
    use crate::protocol::text::Borrowed;

    fn node(deployment: &str) -> InstanceNode {
        let text = format!(
            r#"{{"serviceId":"7f9a4b1e-1234-4abc-9def-0123456789ab","source":{{"image":"i"}},"latestDeployment":{deployment}}}"#
        );
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_deployment_status_has_a_meaning() {
        for (deployment, status, ready) in [
            ("null", Status::Pending, "starting"),
            (r#"{"status":"QUEUED"}"#, Status::Pending, "starting"),
            (r#"{"status":"WAITING"}"#, Status::Pending, "starting"),
            (r#"{"status":"INITIALIZING"}"#, Status::Pending, "starting"),
            (r#"{"status":"BUILDING"}"#, Status::Pending, "starting"),
            (r#"{"status":"DEPLOYING"}"#, Status::Pending, "starting"),
            (r#"{"status":"NEEDS_APPROVAL"}"#, Status::Pending, "failed"),
            (r#"{"status":"SUCCESS"}"#, Status::Running, "ready"),
            (
                r#"{"status":"SUCCESS","deploymentStopped":true}"#,
                Status::Stopped,
                "failed",
            ),
            (r#"{"status":"SLEEPING"}"#, Status::Running, "ready"),
            (r#"{"status":"FAILED"}"#, Status::Failed, "failed"),
            (r#"{"status":"CRASHED"}"#, Status::Failed, "failed"),
            (r#"{"status":"REMOVING"}"#, Status::Stopped, "failed"),
            (r#"{"status":"REMOVED"}"#, Status::Stopped, "failed"),
            (r#"{"status":"SKIPPED"}"#, Status::Stopped, "failed"),
            (r#"{"status":"INVENTED_NEXT_YEAR"}"#, Status::Unknown, "starting"),
            (r#"{"status":null}"#, Status::Unknown, "starting"),
        ] {
            let node = node(deployment);
            assert_eq!(node.status(), status, "{deployment}");
            let progress = match node.progress() {
                Progress::Starting => "starting",
                Progress::Ready => "ready",
                Progress::Failed(_) => "failed",
            };
            assert_eq!(progress, ready, "{deployment}");
        }
    }

    #[test]
    fn a_bare_host_becomes_a_url() {
        assert_eq!(
            node(r#"{"url":"x.up.railway.app"}"#).url().as_deref(),
            Some("https://x.up.railway.app")
        );
        assert_eq!(
            node(r#"{"url":"","staticUrl":"y"}"#).url().as_deref(),
            Some("https://y")
        );
        assert_eq!(node(r#"{"url":"http://z"}"#).url().as_deref(), Some("http://z"));
        assert_eq!(node(r#"{"url":null}"#).url(), None);
    }

    #[test]
    fn a_page_shows_the_same_borrowed_and_owned() {
        fn show<T: Deref<Target = str>>(data: EnvironmentData<T>) -> Vec<String> {
            let Environment {
                project_id,
                service_instances,
                ..
            } = data.environment;
            let project = format!("{:?}", project_id.as_deref());
            let nodes = service_instances.edges.0.iter().flatten().map(|edge| &edge.node);
            let nodes =
                nodes.map(|node| format!("{:?} {} {}", node.view("p", "e"), node.is_deleted(), node.is_in_use()));
            nodes.chain([project]).collect()
        }
        let deployment =
            json!({"id": "d", "status": "SUCCESS", "url": "u", "staticUrl": "s", "deploymentStopped": false});
        let node = |id: &str, name: &str| {
            json!({"node": {"serviceId": id, "serviceName": name, "environmentId": "e", "createdAt": "2026", "deletedAt": null,
                "source": {"image": "i", "repo": null}, "service": {"projectId": "p"}, "latestDeployment": deployment}})
        };
        let edges = [
            node("7f9a4b1e-1234-4abc-9def-0123456789ab", "one"),
            node("7F9A4B1E-1234-4ABC-9DEF-0123456789AC", "ä\n\"two\""),
        ];
        let connection = json!({"edges": edges, "pageInfo": {"hasNextPage": true, "endCursor": "c"}});
        let page = json!({"environment": {"projectId": "p", "deletedAt": null, "serviceInstances": connection}});
        let whole = check_drifts(
            &page,
            |text| serde_json::from_str::<EnvironmentData<Borrowed<'_>>>(text).map(show),
            |text| serde_json::from_str::<EnvironmentData>(text).map(show),
        );
        assert!(whole > 100, "{whole}");
    }
}
