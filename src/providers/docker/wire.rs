//! The wire types of the Docker Engine API. Only what is needed is read, and only what is sure is required.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use serde::de::{Deserializer, MapAccess};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::status::{State, status_of_listed, status_of_state};
use crate::model::handle::is_managed_name;
use crate::model::instance::{InstanceView, OwnFields, OwnValue, Status};
use crate::protocol::lenient::{Fields, Info, Lenient, read_formed, read_object};
use crate::protocol::text::Text;

/// Our labels.
pub(super) const MANAGED: &str = "computesdk.managed";
pub(super) const NAME: &str = "computesdk.name";
pub(super) const OWNERSHIP_TOKEN: &str = "computesdk.create-mark";
/// The owner of the gateway that created the container.
pub(super) const OWNER: &str = "computesdk.owner";
/// When the caller wants the container to end, in RFC 3339.
pub(super) const DEADLINE: &str = "computesdk.deadline";

/// A label of the tasks of a swarm, which `create` cannot make.
const SWARM_SERVICE: &str = "com.docker.swarm.service.id";

/// The answer to `GET /version`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VersionAnswer {
    pub(super) api_version: String,
    #[serde(rename = "MinAPIVersion", default)]
    pub(super) min_api_version: Info<String>,
    #[serde(default)]
    pub(super) components: Info<Vec<Component>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Component {
    pub(super) name: Info<String>,
    pub(super) version: Info<String>,
}

/// The body of a create.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateContainer<'a> {
    pub(super) image: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entrypoint: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cmd: Option<&'a [String]>,
    pub(super) env: Vec<String>,
    pub(super) labels: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) working_dir: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) exposed_ports: BTreeMap<String, BTreeMap<&'a str, &'a str>>,
    pub(super) host_config: HostConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HostConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) network_mode: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) port_bindings: BTreeMap<String, [PortBinding<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    #[serde(rename = "NanoCpus", skip_serializing_if = "Option::is_none")]
    pub(super) nano_cpus: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pids_limit: Option<u32>,
    pub(super) restart_policy: RestartPolicy<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extra_hosts: Vec<&'a str>,
    pub(super) security_opt: [&'static str; 1],
    pub(super) cap_drop: [&'static str; 1],
    pub(super) cap_add: &'static [&'static str],
    pub(super) readonly_rootfs: bool,
    pub(super) privileged: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PortBinding<'a> {
    pub(super) host_ip: &'a str,
    /// Empty: the engine chooses a free one.
    pub(super) host_port: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RestartPolicy<'a> {
    pub(super) name: &'a str,
}

/// The answer to a create.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Created {
    #[serde(deserialize_with = "read_full_id")]
    pub(super) id: String,
}

/// A container, as inspecting it shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Inspected {
    #[serde(deserialize_with = "read_full_id")]
    pub(super) id: String,
    /// Begins with a slash.
    #[serde(default)]
    name: Info<String>,
    #[serde(default)]
    created: Info<String>,
    #[serde(default)]
    pub(super) state: Info<State>,
    #[serde(default)]
    config: Info<Config>,
    #[serde(default)]
    network_settings: Info<NetworkSettings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    image: Info<String>,
    labels: Info<Fields<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    ports: Info<Fields<String, Vec<Binding>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Binding {
    host_ip: Info<String>,
    host_port: Info<String>,
}

/// A container, as a listing shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Text<'de>")]
pub(super) struct Listed<T = String> {
    #[serde(deserialize_with = "read_full_id")]
    id: T,
    /// Begin with a slash.
    #[serde(default)]
    names: Info<Vec<T>>,
    #[serde(default)]
    image: Info<T>,
    /// Seconds since 1970.
    #[serde(default)]
    created: Info<f64>,
    #[serde(default)]
    ports: Info<Vec<ListedPort<T>>>,
    #[serde(default)]
    labels: Info<Fields<T>>,
    #[serde(default)]
    state: Info<T>,
    /// For people: `Up 5 minutes (healthy)`, `Exited (137) 2 hours ago`.
    #[serde(default)]
    status: Info<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Text<'de>")]
struct ListedPort<T> {
    #[serde(rename = "IP")]
    ip: Info<T>,
    private_port: Info<u32>,
    public_port: Info<u32>,
    #[serde(rename = "Type")]
    protocol: Info<T>,
}

impl<'de, T: Text<'de>> Lenient<'de> for ListedPort<T> {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        read_object(object)
    }
}

macro_rules! lenient {
    ($($name:ty),+) => {
        $(impl<'de> Lenient<'de> for $name {
            fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                read_object(object)
            }
        })+
    };
}

lenient!(Component, Config, NetworkSettings, Binding);

/// Reads a whole id: 64 hexadecimal digits. Something that names no such id is no answer of an engine.
fn read_full_id<'de, D: Deserializer<'de>, T: Text<'de>>(deserializer: D) -> Result<T, D::Error> {
    read_formed(deserializer, |id| id.len() == 64 && id.bytes().all(is_hexadecimal))
}

/// Returns whether a byte is a digit of an id.
pub(super) fn is_hexadecimal(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// Published ports of a container: each port of it with the address at which the engine's machine has it.
type Ports<'a> = BTreeMap<u32, (&'a str, u32)>;

impl Inspected {
    /// Returns the name; `None` if it does not show.
    pub(super) fn name(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        Some(name.strip_prefix('/').unwrap_or(name))
    }

    pub(super) fn ownership_token(&self) -> Option<&str> {
        self.label(OWNERSHIP_TOKEN)
    }

    /// Returns whether the engine is removing it.
    pub(super) fn is_being_removed(&self) -> bool {
        self.status_text() == Some("removing")
    }

    /// Returns whether it was made and has not run yet.
    pub(super) fn was_never_started(&self) -> bool {
        matches!(self.status_text(), Some("created" | "configured" | "initialized"))
    }

    /// Returns whether its health is checked.
    pub(super) fn has_health_check(&self) -> bool {
        let health = self
            .state
            .as_ref()
            .and_then(|state| state.health.as_ref()?.status.as_deref());
        health.is_some_and(|health| !matches!(health, "" | "none"))
    }

    /// Returns the engine's word for its state.
    pub(super) fn status_text(&self) -> Option<&str> {
        self.state.as_ref()?.status.as_deref()
    }

    fn label(&self, name: &str) -> Option<&str> {
        let labels = self.config.as_ref()?.labels.as_ref()?;
        labels.get(name).map(String::as_str)
    }

    fn ports(&self) -> Ports<'_> {
        let ports = self
            .network_settings
            .as_ref()
            .and_then(|network| network.ports.as_ref());
        let entries = ports.into_iter().flat_map(Fields::iter).filter_map(|(port, bindings)| {
            let (number, _) = port.split_once('/').filter(|(_, protocol)| *protocol == "tcp")?;
            let binding = bindings.iter().find_map(|binding| {
                let address = binding.host_ip.as_deref().unwrap_or_default();
                Some((address, binding.host_port.as_ref()?.parse().ok()?))
            })?;
            Some((number.parse().ok()?, binding))
        });
        entries.collect()
    }

    /// Returns the container as an instance. `remote_host` is the host of the engine's machine, if that is another one.
    pub(super) fn view<'a>(&'a self, remote_host: Option<&str>) -> InstanceView<'a> {
        let config = self.config.as_ref();
        let image = config.and_then(|config| config.image.as_deref());
        let labels = config.and_then(|config| config.labels.as_ref());
        InstanceView {
            status: self.state.as_ref().map_or(Status::Unknown, status_of_state),
            created_at: self.created.as_deref().map(Cow::Borrowed),
            // Podman completes a name without a host to one of its own choice.
            image: image.filter(|image| !image.starts_with("localhost/")),
            ..make_view(&self.id, self.name(), labels, image, &self.ports(), remote_host)
        }
    }
}

impl<T: Deref<Target = str>> Listed<T> {
    /// Returns whether `create` could have made it.
    pub(super) fn is_no_task(&self) -> bool {
        let labels = self.labels.as_ref();
        labels.is_none_or(|labels| labels.get(SWARM_SERVICE).is_none())
    }

    /// Returns the container as an instance.
    pub(super) fn view<'a>(&'a self, remote_host: Option<&str>) -> InstanceView<'a> {
        // A container of the same network may have given it a second name, `/other/alias`.
        let names = self.names.as_deref().unwrap_or_default();
        let mut names = names.iter().map(|name| name.strip_prefix('/').unwrap_or(name));
        let name = names.find(|name| !name.contains('/'));
        #[expect(clippy::cast_possible_truncation, reason = "a date beyond what fits is left out")]
        let created = self
            .created
            .map(|seconds| OffsetDateTime::from_unix_timestamp(seconds as i64));
        let created_at = created.and_then(|date| date.ok()?.format(&Rfc3339).ok());
        let labels = self.labels.as_ref();
        InstanceView {
            status: status_of_listed(self.state.as_deref(), self.status.as_deref()),
            created_at: created_at.map(Cow::Owned),
            ..make_view(
                &self.id,
                name,
                labels,
                self.image.as_deref(),
                &self.ports(),
                remote_host,
            )
        }
    }

    /// Returns the published ports. A port may be published on several addresses: the first counts.
    fn ports(&self) -> Ports<'_> {
        let mut published = Ports::new();
        for port in self.ports.iter().flatten() {
            let is_tcp = port.protocol.as_deref().is_none_or(|protocol| protocol == "tcp");
            let public = port.public_port.filter(|&public| is_tcp && public > 0);
            if let (Some(private), Some(public)) = (port.private_port.0, public) {
                let address = port.ip.as_deref().unwrap_or_default();
                published.entry(private).or_insert((address, public));
            }
        }
        published
    }
}

/// Returns a container as an instance without status, date and image to compare.
fn make_view<'a, T: Deref<Target = str>>(
    id: &'a str,
    name: Option<&'a str>,
    labels: Option<&'a Fields<T>>,
    image: Option<&'a str>,
    ports: &Ports<'_>,
    remote_host: Option<&str>,
) -> InstanceView<'a> {
    let label = |name: &str| labels?.get(name).map(|value| &**value);
    let addresses = ports
        .iter()
        .filter_map(|(port, (address, public))| Some((port, reachable(address, *public, remote_host)?)));
    let addresses: Vec<(&u32, String)> = addresses.collect();
    let url = addresses.first().map(|(_, address)| format!("http://{address}"));
    let ports = addresses
        .into_iter()
        .map(|(port, address)| (port.to_string(), Value::String(address)));
    let ports: Map<String, Value> = ports.collect();
    InstanceView {
        id,
        own: OwnFields::from([
            ("containerId", Some(OwnValue::Text(id))),
            ("image", image.map(OwnValue::Text)),
            ("deadline", label(DEADLINE).map(OwnValue::Text)),
            (
                "ports",
                (!ports.is_empty()).then_some(OwnValue::Json(Value::Object(ports))),
            ),
        ]),
        name,
        status: Status::Unknown,
        created_at: None,
        url: url.map(Cow::Owned),
        managed: label(MANAGED) == Some("true") || name.is_some_and(is_managed_name),
        owner: label(OWNER),
        image: None,
        launch: None,
    }
}

/// Returns host and port at which this process reaches a published port; `None` for one on another machine's loopback.
fn reachable(address: &str, port: u32, remote_host: Option<&str>) -> Option<String> {
    let host = match address {
        "" | "0.0.0.0" | "::" => remote_host.unwrap_or("127.0.0.1"),
        "127.0.0.1" | "::1" if remote_host.is_some() => return None,
        other => other,
    };
    let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
    Some(if is_bare_ipv6 {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    })
}

#[cfg(test)]
mod tests;
