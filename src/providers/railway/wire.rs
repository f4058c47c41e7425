//! Railway's requests and answers. Answers are read with tolerance: the schema changes without versions
//! (`reference/railway.md` §4), so only what we cannot do without is required.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::handle::is_managed_name;
use crate::model::instance::{Instance, Status};

/// Variables of a service, in Railway's form: names and values.
pub(super) type Variables<'a> = BTreeMap<&'a str, &'a str>;

#[derive(Serialize)]
pub(super) struct Input<T> {
    pub(super) input: T,
}

/// Absent optionals are left out: a null unsets a field (`reference/railway.md` §4).
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

#[derive(Serialize)]
pub(super) struct SourceInput<'a> {
    pub(super) image: &'a str,
}

#[derive(Serialize)]
pub(super) struct RegistryInput<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceVariables<'a> {
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceUpdateVariables<'a> {
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
    pub(super) input: InstanceUpdateInput<'a>,
}

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
    /// Where a region is really set and read; the plain `region` reads null (`reference/railway.md` §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) multi_region_config: Option<BTreeMap<&'a str, RegionConfig>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionConfig {
    pub(super) num_replicas: u32,
}

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariablesInput<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
    pub(super) variables: Variables<'a>,
    pub(super) skip_deploys: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteVariables<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment_id: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct IdVariables<'a> {
    pub(super) id: &'a str,
}

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateData {
    pub(super) service_create: CreatedService,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedService {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) created_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadVariables<'a> {
    pub(super) project_id: &'a str,
    pub(super) environment_id: &'a str,
    pub(super) service_id: &'a str,
}

#[derive(Deserialize)]
pub(super) struct VariablesData {
    pub(super) variables: OwnVariables,
}

/// Of all variables only [`OWNERSHIP_VARIABLE`](crate::model::handle::OWNERSHIP_VARIABLE) is read: the others are secrets.
#[derive(Deserialize)]
pub(super) struct OwnVariables {
    #[serde(rename = "COMPUTESDK_CREATE_MARK")]
    pub(super) ownership_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteData {
    pub(super) service_delete: Option<bool>,
}

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

#[derive(Deserialize)]
pub(super) struct DeployData {
    /// The id of the deployment that was started.
    #[serde(rename = "serviceInstanceDeployV2")]
    pub(super) deployment_id: String,
}

#[derive(Deserialize)]
pub(super) struct ServiceData {
    pub(super) service: Service,
}

#[derive(Deserialize)]
pub(super) struct ProjectData {
    pub(super) project: Project,
}

#[derive(Deserialize)]
pub(super) struct Project {
    pub(super) services: Connection<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) project_id: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) deleted_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceData {
    pub(super) service_instance: InstanceNode,
}

#[derive(Deserialize)]
pub(super) struct EnvironmentData {
    pub(super) environment: Environment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Environment {
    pub(super) project_id: Option<String>,
    pub(super) deleted_at: Option<String>,
    pub(super) service_instances: Connection<InstanceNode>,
}

#[derive(Deserialize)]
pub(super) struct EnvironmentsData {
    pub(super) environments: Connection<EnvironmentNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentNode {
    pub(super) id: String,
    pub(super) deleted_at: Option<String>,
    /// Set on a fork (`reference/railway.md` §8.1).
    pub(super) source_environment: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    pub(super) edges: Vec<Edge<T>>,
    pub(super) page_info: PageInfo,
}

#[derive(Deserialize)]
pub(super) struct Edge<T> {
    pub(super) node: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

/// A service in one environment. Its own id is not the service's and is not asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceNode {
    pub(super) service_id: String,
    pub(super) service_name: Option<String>,
    pub(super) environment_id: Option<String>,
    pub(super) created_at: Option<String>,
    deleted_at: Option<String>,
    source: Option<Source>,
    service: Option<Service>,
    latest_deployment: Option<Deployment>,
}

#[derive(Deserialize)]
struct Source {
    image: Option<String>,
    repo: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    id: Option<String>,
    status: Option<String>,
    url: Option<String>,
    static_url: Option<String>,
    deployment_stopped: Option<bool>,
}

/// How far the latest deployment has come.
pub(super) enum Progress {
    Starting,
    Ready,
    Failed(String),
}

impl InstanceNode {
    pub(super) fn is_deleted(&self) -> bool {
        let service_deleted = self.service.as_ref().and_then(|service| service.deleted_at.as_ref());
        self.deleted_at.is_some() || service_deleted.is_some()
    }

    pub(super) fn project_id(&self) -> Option<&str> {
        self.service.as_ref()?.project_id.as_deref()
    }

    /// Whether anything runs, or was ever told to run, in this environment. A create in another environment leaves an
    /// empty instance here (§8.1), which is none of ours.
    pub(super) fn is_in_use(&self) -> bool {
        self.has_source() || self.latest_deployment.is_some()
    }

    pub(super) fn is_managed(&self) -> bool {
        self.service_name.as_deref().is_some_and(is_managed_name)
    }

    pub(super) fn deployment_id(&self) -> Option<&str> {
        self.latest_deployment.as_ref()?.id.as_deref()
    }

    pub(super) fn has_source(&self) -> bool {
        self.source
            .as_ref()
            .is_some_and(|source| source.image.is_some() || source.repo.is_some())
    }

    pub(super) fn progress(&self) -> Progress {
        let Some(deployment) = &self.latest_deployment else {
            return Progress::Starting;
        };
        let status = deployment.status.as_deref().unwrap_or_default();
        match status {
            "SUCCESS" if deployment.deployment_stopped == Some(true) => {
                Progress::Failed("its process has ended (deployment status SUCCESS, stopped)".to_owned())
            }
            "SUCCESS" | "SLEEPING" => Progress::Ready,
            "NEEDS_APPROVAL" => Progress::Failed(
                "its deployment waits for somebody's approval at Railway (status NEEDS_APPROVAL)".to_owned(),
            ),
            "FAILED" | "CRASHED" | "REMOVED" | "REMOVING" | "SKIPPED" => {
                Progress::Failed(format!("its deployment has the status {status}"))
            }
            _ => Progress::Starting,
        }
    }

    fn status(&self) -> Status {
        let Some(deployment) = &self.latest_deployment else {
            // May be null at first (`reference/railway.md` §8.4); without a source nothing was ever to run.
            return if self.has_source() {
                Status::Pending
            } else {
                Status::Unknown
            };
        };
        match deployment.status.as_deref().unwrap_or_default() {
            "QUEUED" | "WAITING" | "INITIALIZING" | "BUILDING" | "DEPLOYING" | "NEEDS_APPROVAL" => Status::Pending,
            "SUCCESS" if deployment.deployment_stopped == Some(true) => Status::Stopped,
            // Asleep is up: the next request wakes it (`reference/railway.md` §7).
            "SUCCESS" | "SLEEPING" => Status::Running,
            "FAILED" | "CRASHED" => Status::Failed,
            "REMOVING" | "REMOVED" | "SKIPPED" => Status::Stopped,
            _ => Status::Unknown,
        }
    }

    fn url(&self) -> Option<String> {
        let deployment = self.latest_deployment.as_ref()?;
        let found = [&deployment.url, &deployment.static_url]
            .into_iter()
            .flatten()
            .find(|url| !url.is_empty())?;
        // Railway sends a bare host; that it always does is not documented.
        Some(if found.contains("://") {
            found.clone()
        } else {
            format!("https://{found}")
        })
    }

    pub(super) fn into_instance(self, project_id: &str, environment_id: &str) -> Instance {
        let status = self.status();
        let url = self.url();
        Instance {
            own: own_fields(&self.service_id, project_id, environment_id),
            managed: self.is_managed(),
            name: self.service_name,
            status,
            created_at: self.created_at,
            url,
            image: self.source.and_then(|source| source.image),
            launch: self.latest_deployment.and_then(|deployment| deployment.id),
            id: self.service_id,
        }
    }
}

/// The fields of 0.3.24, in its order.
pub(super) fn own_fields(service_id: &str, project_id: &str, environment_id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("serviceId", Value::from(service_id)),
        ("projectId", Value::from(project_id)),
        ("environmentId", Value::from(environment_id)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(deployment: &str) -> InstanceNode {
        let text = format!(r#"{{"serviceId":"s","source":{{"image":"i"}},"latestDeployment":{deployment}}}"#);
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
}
