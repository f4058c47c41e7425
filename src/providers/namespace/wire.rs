//! Namespace's messages in proto JSON. Responses leave out fields with default values. The schema grows, so unknown names
//! of enums are accepted and unknown fields are ignored (docs/providers/namespace.md).
//!
//! A response may hold private keys. This module reads only the fields named here, and no error quotes a response.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::id;
use crate::error::Message;
use crate::model::instance::{InstanceView, OwnFields, OwnValue, Status};
use crate::protocol::lenient::{Anything, Cursor, Entries, Info, Lenient, read_object};
use crate::protocol::text::Text;
use crate::provider::Readiness;

/// The label of every instance that this package creates.
pub(super) const MANAGED: &str = "computesdk.managed";

/// The label that holds the handle's name.
pub(super) const NAME: &str = "computesdk.name";

/// The label that holds the ownership token.
pub(super) const OWNERSHIP_TOKEN: &str = "computesdk.create-mark";

/// The label that holds the owner.
pub(super) const OWNER: &str = "computesdk.owner";

/// The request of `CreateInstance`.
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

/// The machine that an instance asks for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shape<'a> {
    pub(super) virtual_cpu: u32,
    pub(super) memory_megabytes: u32,
    pub(super) machine_arch: &'a str,
    pub(super) os: &'a str,
}

/// A label in a request.
#[derive(Serialize)]
pub(super) struct LabelPost<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// The container of an instance.
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

/// A port of the container that can be reached from outside.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Port {
    pub(super) container_port: u32,
    pub(super) proto: &'static str,
}

/// The fields that Namespace calls experimental.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Experimental<'a> {
    pub(super) unique_tag: &'a str,
}

/// The request of `DescribeInstance`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceId<'a> {
    pub(super) instance_id: &'a str,
}

/// The request of `DestroyInstance`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DestroyInstance<'a> {
    pub(super) instance_id: &'a str,
    pub(super) reason: &'a str,
}

/// The response of `DestroyInstance`: `google.protobuf.Empty`, which has no fields. An object with fields does not come from
/// Namespace. (A derived reader would accept an empty array too.)
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

/// The request of `ListInstances`.
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

/// Selects the instances that have a label.
#[derive(Serialize)]
pub(super) struct LabelFilter<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) op: &'static str,
}

/// The response of `ListInstances`. An object without known fields is an empty page: proto JSON leaves out a field of default
/// value, and a newer server may send fields that this version does not know.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Listed<T = String> {
    pub(super) instances: Option<Entries<Metadata<T>, T>>,
    pub(super) pagination_cursor: Option<Cursor>,
    /// An error that came as a success. It is no empty page.
    pub(super) error: Info<Anything>,
}

/// The response of `CreateInstance` and `DescribeInstance`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) metadata: Metadata,
    containers: Info<Vec<Allocated>>,
    shutdown_reasons: Info<Vec<ShutdownReason>>,
}

/// An instance as all responses show it; also an entry of a list. Its id is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Text<'de>")]
pub(super) struct Metadata<T = String> {
    #[serde(deserialize_with = "id::deserialize")]
    pub(super) instance_id: T,
    created_at: Info<T>,
    deadline: Info<T>,
    destroyed_at: Info<Anything>,
    status: Info<InstanceStatus<T>>,
    labels: Info<Vec<Label<T>>>,
}

/// The status of an instance, by its name. Proto JSON allows the number in its place.
struct InstanceStatus<T>(T);

/// The names of the statuses, by number.
const STATUS_NAMES: [&str; 9] = [
    "STATUS_UNKNOWN",
    "PENDING",
    "CREATING",
    "RUNNING",
    "DESTROYED",
    "DESTROYING",
    "SUSPENDING",
    "SUSPENDED",
    "ERROR",
];

impl<'de, T: Text<'de>> Lenient<'de> for InstanceStatus<T> {
    fn from_text(value: &str) -> Option<Self> {
        T::from_text(value).map(Self)
    }

    fn from_borrowed_text(value: &'de str) -> Option<Self> {
        T::from_borrowed_text(value).map(Self)
    }

    fn from_number(value: f64) -> Option<Self> {
        let index = u32::from_number(value)?;
        let name = STATUS_NAMES.get(usize::try_from(index).ok()?);
        let name = name.map_or_else(|| index.to_string(), |name| (*name).to_owned());
        Some(Self(name.into()))
    }
}

/// A label in a response.
#[derive(Deserialize)]
#[serde(bound = "T: Text<'de>")]
pub(super) struct Label<T = String> {
    name: Info<T>,
    value: Info<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allocated {
    exported_port: Info<Vec<Exported>>,
}

#[derive(Deserialize)]
struct Exported {
    fqdn: Info<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShutdownReason {
    error_message: Info<String>,
    container_failed_reason: Info<String>,
}

impl<'de, T: Text<'de>> Lenient<'de> for Label<T> {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

/// Objects whose fields are all information.
macro_rules! read_as_object {
    ($($name:ty),*) => {$(
        impl<'de> Lenient<'de> for $name {
            fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                read_object(object)
            }
        }
    )*};
}

read_as_object!(Allocated, Exported, ShutdownReason);

impl<T: Deref<Target = str>> Metadata<T> {
    fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter().flatten();
        let label = labels.find(|label| label.name.as_deref() == Some(name))?;
        Some(label.value.as_deref().unwrap_or_default())
    }

    /// Returns whether the response shows any labels.
    pub(super) fn has_labels(&self) -> bool {
        self.labels.as_ref().is_some_and(|labels| !labels.is_empty())
    }

    /// Returns the handle's name, which a label holds.
    pub(super) fn name(&self) -> Option<&str> {
        self.label(NAME)
    }

    /// Returns the ownership token, which a label holds.
    pub(super) fn ownership_token(&self) -> Option<&str> {
        self.label(OWNERSHIP_TOKEN)
    }

    /// Returns whether the instance is deleted.
    pub(super) fn is_deleted(&self) -> bool {
        self.destroyed_at.is_some() || self.status_name() == Some("DESTROYED")
    }

    /// Returns whether the instance is deleted, or its deletion has begun.
    pub(super) fn is_deleted_or_deleting(&self) -> bool {
        self.is_deleted() || self.status_name() == Some("DESTROYING")
    }

    /// Returns the name of the status.
    fn status_name(&self) -> Option<&str> {
        self.status.as_ref().map(|status| &*status.0)
    }

    /// Returns what the status means (docs/providers/namespace.md).
    fn status(&self) -> Status {
        match self.status_name() {
            Some("PENDING" | "CREATING") => Status::Pending,
            Some("RUNNING") => Status::Running,
            Some("DESTROYING" | "DESTROYED" | "SUSPENDING" | "SUSPENDED") => Status::Stopped,
            // The instance still exists and still costs money.
            Some("ERROR") => Status::Failed,
            _ => Status::Unknown,
        }
    }

    /// Returns the instance, without a URL.
    pub(super) fn view(&self) -> InstanceView<'_> {
        InstanceView {
            id: &self.instance_id,
            own: OwnFields::from([
                ("instanceId", Some(OwnValue::Text(&self.instance_id))),
                ("deadline", self.deadline.as_deref().map(OwnValue::Text)),
            ]),
            // Namespace's instances have no names, so a label holds it.
            name: self.name(),
            status: self.status(),
            created_at: self.created_at.as_deref().map(Cow::Borrowed),
            url: None,
            managed: self.label(MANAGED).is_some(),
            owner: self.label(OWNER),
            image: None,
            launch: None,
        }
    }
}

impl Described {
    /// Returns the instance, with the URL of its first port that has one.
    pub(super) fn view(&self) -> InstanceView<'_> {
        let containers = self.containers.iter().flatten();
        let ports = containers
            .filter_map(|container| container.exported_port.as_ref())
            .flatten();
        let mut hosts = ports.filter_map(|port| port.fqdn.as_deref());
        let host = hosts.find(|host| !host.is_empty());
        InstanceView {
            url: host.map(|host| Cow::Owned(format!("https://{host}"))),
            ..self.metadata.view()
        }
    }

    /// Returns whether the instance runs, still starts, or will not run.
    pub(super) fn readiness(self) -> Readiness {
        match self.metadata.status() {
            Status::Running if !self.metadata.is_deleted() => Readiness::Ready(self.view().into()),
            Status::Failed | Status::Stopped => Readiness::Failed(self.describe_failure()),
            _ if self.metadata.is_deleted() => Readiness::Failed(self.describe_failure()),
            _ => Readiness::Starting,
        }
    }

    /// Returns the status of an instance that does not run, and Namespace's reasons for it.
    fn describe_failure(self) -> Message {
        let status = self.metadata.status_name().unwrap_or("unknown");
        let reasons = self.shutdown_reasons.0.into_iter().flatten();
        let messages = reasons
            .flat_map(|reason| [reason.error_message.0, reason.container_failed_reason.0])
            .flatten()
            .filter(|text| !text.is_empty());
        let messages: Vec<String> = messages.collect();
        let text = Message::from("it has the status ").then(Message::foreign(status));
        if messages.is_empty() {
            text.then(".")
        } else {
            text.then(": ").then(messages.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    use crate::protocol::lenient::tests::check_drifts;
    use crate::protocol::text::Borrowed;

    #[test]
    fn an_empty_list_is_an_object_without_instances() {
        let read = |text| {
            let listed = serde_json::from_str::<Listed>(text)?;
            Ok::<_, serde_json::Error>(listed.instances.map_or(0, |entries| entries.0.len()))
        };
        for (text, count) in [
            ("{}", 0),
            (r#"{"instances":null}"#, 0),
            (r#"{"paginationCursor":"AAEC"}"#, 0),
            (r#"{"newer":{"field":1}}"#, 0),
            (r#"{"instances":[{"instanceId":"a","new":{}}],"newer":1}"#, 1),
        ] {
            assert_eq!(read(text).unwrap(), count, "{text}");
        }
        for text in ["null", "[]", r#"{"instances":{}}"#, r#"{"paginationCursor":{}}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_entry_without_an_id_does_not_spoil_a_list() {
        let text = r#"{"instances":[{},{"instanceId":7},{"instanceId":"a","status":3,"labels":null,"createdAt":1}]}"#;
        let listed: Listed = serde_json::from_str(text).unwrap();
        let readable: Vec<Metadata> = listed.instances.unwrap().0.into_iter().flatten().collect();
        assert_eq!(readable.len(), 1);
        assert_eq!(readable[0].status(), Status::Running);
    }

    #[test]
    fn only_an_empty_object_means_destroyed() {
        assert!(serde_json::from_str::<Destroyed>("{}").is_ok());
        for text in ["[]", "null", "", r#"{"data":null}"#, "0"] {
            assert!(serde_json::from_str::<Destroyed>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_status_has_its_meaning() {
        for (word, status, deleted) in [
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
            assert_eq!((metadata.status(), metadata.is_deleted()), (status, deleted), "{word}");
        }
        for (number, name) in STATUS_NAMES.iter().enumerate() {
            let by_number = serde_json::json!({"instanceId": "a", "status": number});
            let by_name = serde_json::json!({"instanceId": "a", "status": name});
            let [one, other] = [by_number, by_name].map(|body| serde_json::from_value::<Metadata>(body).unwrap());
            assert_eq!(
                (one.status(), one.is_deleted()),
                (other.status(), other.is_deleted()),
                "{name}"
            );
        }
        let silent: Metadata = serde_json::from_str(r#"{"instanceId":"a"}"#).unwrap();
        assert_eq!(silent.status(), Status::Unknown);
    }

    #[test]
    fn a_page_shows_the_same_borrowed_and_owned() {
        fn show<T: Deref<Target = str>>(listed: Listed<T>) -> Vec<String> {
            let entries = listed.instances.unwrap_or_default().0;
            let instances = entries.iter().flatten();
            instances
                .map(|metadata| format!("{:?} {}", metadata.view(), metadata.is_deleted()))
                .collect()
        }
        let entry = |id: &str, name: &str| {
            let labels = json!([{"name": NAME, "value": name}, {"name": MANAGED, "value": "true"}]);
            json!({"instanceId": id, "createdAt": "2026", "deadline": "2027", "status": "RUNNING", "labels": labels})
        };
        let page = json!({"instances": [entry("a", "one"), entry("b", "ä\n\"two\"")], "paginationCursor": "c"});
        let whole = check_drifts(
            &page,
            |text| serde_json::from_str::<Listed<Borrowed<'_>>>(text).map(show),
            |text| serde_json::from_str::<Listed>(text).map(show),
        );
        assert!(whole > 100, "{whole}");
    }
}
