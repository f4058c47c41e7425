//! Namespace's messages in proto JSON. Fields with default values are left out of answers, enums may have names that this
//! version does not know, and unknown fields are passed over: the schema grows (`reference/namespace.md` §4).
//!
//! An answer may hold private keys (§7). Only what is named here is read of it, and none is ever quoted.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::instance::{Instance, Status};
use crate::provider::Readiness;

/// Our labels: who made it, under which handle, and by which create.
pub(super) const MANAGED: &str = "computesdk.managed";
pub(super) const NAME: &str = "computesdk.name";
pub(super) const OWNERSHIP_TOKEN: &str = "computesdk.create-mark";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateInstance<'a> {
    pub(super) shape: Shape<'a>,
    pub(super) documented_purpose: &'a str,
    pub(super) deadline: &'a str,
    pub(super) labels: Vec<LabelPost<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) containers: Vec<Container<'a>>,
    pub(super) experimental: Experimental<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape<'a> {
    pub(super) virtual_cpu: u32,
    pub(super) memory_megabytes: u32,
    pub(super) machine_arch: &'a str,
    pub(super) os: &'a str,
}

#[derive(Serialize)]
pub(super) struct LabelPost<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container<'a> {
    pub(super) name: &'a str,
    pub(super) image_ref: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) args: &'a [String],
    pub(super) environment: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) export_ports: Vec<Port>,
    pub(super) workload_type: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Port {
    pub(super) container_port: u32,
    pub(super) proto: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Experimental<'a> {
    pub(super) unique_tag: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceId<'a> {
    pub(super) instance_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DestroyInstance<'a> {
    pub(super) instance_id: &'a str,
    pub(super) reason: &'a str,
}

/// `google.protobuf.Empty`, which has no fields and never will: an object that has some is somebody else's answer. (A derived
/// reader would take an empty array as well.)
pub(super) struct Destroyed;

impl<'de> Deserialize<'de> for Destroyed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DestroyedVisitor)
    }
}

struct DestroyedVisitor;

impl<'de> Visitor<'de> for DestroyedVisitor {
    type Value = Destroyed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an empty object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Destroyed, A::Error> {
        match map.next_key::<IgnoredAny>()? {
            None => Ok(Destroyed),
            Some(_) => Err(serde::de::Error::custom("not an empty object")),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListInstances<'a> {
    pub(super) max_entries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pagination_cursor: Option<&'a str>,
    pub(super) include_complete_runs: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) label_filter: Vec<LabelFilter<'a>>,
}

#[derive(Serialize)]
pub(super) struct LabelFilter<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) op: &'static str,
}

/// A page of instances. Nothing at all means none; an object with other things only is not a list, and must not count as
/// an empty one. (serde's `flatten` tells the two apart as well, but keeps a copy of everything meanwhile.)
#[derive(Default)]
pub(super) struct Listed {
    pub(super) instances: Vec<Metadata>,
    pub(super) pagination_cursor: Option<String>,
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ListedVisitor)
    }
}

struct ListedVisitor;

impl<'de> Visitor<'de> for ListedVisitor {
    type Value = Listed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of instances")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
        let (mut listed, mut known, mut unknown) = (Listed::default(), false, false);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "instances" => listed.instances = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "paginationCursor" => listed.pagination_cursor = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    unknown = true;
                    continue;
                }
            }
            known = true;
        }
        if unknown && !known {
            return Err(serde::de::Error::custom("not a list of instances"));
        }
        Ok(listed)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) metadata: Metadata,
    #[serde(default)]
    containers: Vec<Allocated>,
    #[serde(default)]
    shutdown_reasons: Vec<ShutdownReason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) instance_id: String,
    created_at: Option<String>,
    deadline: Option<String>,
    destroyed_at: Option<String>,
    #[serde(default, deserialize_with = "word")]
    status: Option<String>,
    #[serde(default)]
    labels: Option<Vec<ErrorContext>>,
}

/// An enum's name. What is none is passed over, so that one entry does not spoil a list.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(word) => Some(word),
        _ => None,
    })
}

#[derive(Deserialize)]
pub(super) struct ErrorContext {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocated {
    #[serde(default)]
    exported_port: Vec<Exported>,
}

#[derive(Deserialize)]
struct Exported {
    fqdn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShutdownReason {
    error_message: Option<String>,
    container_failed_reason: Option<String>,
}

impl Metadata {
    fn label(&self, name: &str) -> Option<&str> {
        let label = self.labels.iter().flatten().find(|label| label.name == name)?;
        Some(&label.value)
    }

    pub(super) fn has_labels(&self) -> bool {
        self.labels.as_ref().is_some_and(|labels| !labels.is_empty())
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.label(NAME)
    }

    pub(super) fn ownership_token(&self) -> Option<&str> {
        self.label(OWNERSHIP_TOKEN)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.destroyed_at.is_some() || self.status.as_deref() == Some("DESTROYED")
    }

    pub(super) fn is_gone_or_going(&self) -> bool {
        self.is_gone() || self.status.as_deref() == Some("DESTROYING")
    }

    /// `reference/namespace.md` §7.
    fn status(&self) -> Status {
        match self.status.as_deref() {
            Some("PENDING" | "CREATING") => Status::Pending,
            Some("RUNNING") => Status::Running,
            Some("DESTROYING" | "DESTROYED" | "SUSPENDING" | "SUSPENDED") => Status::Stopped,
            // Still there, and paid for.
            Some("ERROR") => Status::Failed,
            _ => Status::Unknown,
        }
    }

    pub(super) fn into_instance(self) -> Instance {
        let own = [
            ("instanceId", Some(self.instance_id.clone())),
            ("deadline", self.deadline.clone()),
        ];
        Instance {
            own: own
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?.into())))
                .collect(),
            // An instance has no name of its own: it is the one that our label holds.
            name: self.name().map(str::to_owned),
            status: self.status(),
            managed: self.label(MANAGED).is_some(),
            created_at: self.created_at,
            url: None,
            image: None,
            launch: None,
            id: self.instance_id,
        }
    }
}

impl Described {
    pub(super) fn into_instance(self) -> Instance {
        let ports = self
            .containers
            .into_iter()
            .flat_map(|container| container.exported_port);
        let host = ports.filter_map(|port| port.fqdn).find(|host| !host.is_empty());
        Instance {
            url: host.map(|host| format!("https://{host}")),
            ..self.metadata.into_instance()
        }
    }

    pub(super) fn readiness(self) -> Readiness {
        match self.metadata.status() {
            Status::Running if !self.metadata.is_gone() => Readiness::Ready(self.into_instance()),
            Status::Failed | Status::Stopped => Readiness::Failed(self.failure()),
            _ if self.metadata.is_gone() => Readiness::Failed(self.failure()),
            _ => Readiness::Starting,
        }
    }

    /// What Namespace says of the end of an instance.
    fn failure(self) -> String {
        let status = self.metadata.status.as_deref().unwrap_or("unknown");
        let reasons = self.shutdown_reasons.into_iter();
        let said = reasons
            .flat_map(|reason| [reason.error_message, reason.container_failed_reason])
            .flatten()
            .filter(|text| !text.is_empty());
        let said: Vec<String> = said.collect();
        if said.is_empty() {
            format!("it has the status {status}.")
        } else {
            format!("it has the status {status}: {}", said.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_an_empty_object_and_nothing_else() {
        let read = |text| serde_json::from_str::<Listed>(text).map(|listed| listed.instances.len());
        for (text, count) in [
            ("{}", 0),
            (r#"{"instances":null}"#, 0),
            (r#"{"paginationCursor":"AAEC"}"#, 0),
            (r#"{"instances":[{"instanceId":"a","new":{}}],"newer":1}"#, 1),
        ] {
            assert_eq!(read(text).unwrap(), count, "{text}");
        }
        for text in [
            r#"{"data":null}"#,
            "[]",
            "null",
            r#"{"instances":{}}"#,
            r#"{"instances":[{}]}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_an_empty_object_means_destroyed() {
        assert!(serde_json::from_str::<Destroyed>("{}").is_ok());
        for text in ["[]", "null", "", r#"{"data":null}"#, "0"] {
            assert!(serde_json::from_str::<Destroyed>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_strange_entry_does_not_spoil_a_list() {
        let text = r#"{"instances":[{"instanceId":"a","status":3,"labels":null},{"instanceId":"b"}]}"#;
        let listed: Listed = serde_json::from_str(text).unwrap();
        assert_eq!(listed.instances.len(), 2);
    }

    #[test]
    fn every_status_has_its_meaning() {
        for (word, status, gone) in [
            ("PENDING", Status::Pending, false),
            ("CREATING", Status::Pending, false),
            ("RUNNING", Status::Running, false),
            ("DESTROYED", Status::Stopped, true),
            ("DESTROYING", Status::Stopped, false),
            ("SUSPENDING", Status::Stopped, false),
            ("SUSPENDED", Status::Stopped, false),
            ("ERROR", Status::Failed, false),
            ("STATUS_OF_TOMORROW", Status::Unknown, false),
        ] {
            let metadata: Metadata =
                serde_json::from_value(serde_json::json!({"instanceId": "a", "status": word})).unwrap();
            assert_eq!((metadata.status(), metadata.is_gone()), (status, gone), "{word}");
        }
        let silent: Metadata = serde_json::from_str(r#"{"instanceId":"a"}"#).unwrap();
        assert_eq!(silent.status(), Status::Unknown);
    }
}
