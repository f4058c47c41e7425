//! The options of `create` that only Docker has. The factory takes each as a default.

use std::net::IpAddr;
use std::time::Duration;

use crate::error::{Error, Result, quote_name};
use crate::input::reader::Reader;
use crate::model::handle::Handle;
use crate::secret::{Redactor, Secret};

/// The prefix of this package's own labels.
const RESERVED: &str = "computesdk.";

/// The least memory that Docker gives a container, in MiB (docs/providers/docker.md).
const MEMORY_LEAST: u32 = 6;

/// Limits that only catch typing errors. The engine knows what its machine has.
const MEMORY_LIMIT: u32 = 16_777_216;
const CPU_LIMIT: f64 = 1_024.0;
const PIDS_LIMIT: u32 = 4_194_304;

/// The maximum of `timeout`: 30 days.
const LIFETIME_LIMIT_MS: u32 = 2_592_000_000;

/// The networks on which a container has no ports of its own.
const HOST: &str = "host";
const NONE: &str = "none";

/// The longest name. Docker has no limit of its own.
const NAME_LIMIT: usize = 128;

/// When the image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pull {
    Missing,
    Always,
    Never,
}

/// The fields that [`DockerOptions::read`] reads besides `image`, of `config` and of the options of `create`.
pub(super) const OPTION_FIELDS: [&str; 17] = [
    "pull",
    "registryCredentials",
    "command",
    "args",
    "workingDir",
    "user",
    "vcpus",
    "memoryMegabytes",
    "pidsLimit",
    "network",
    "ports",
    "hostIp",
    "extraHosts",
    "labels",
    "restart",
    "readOnly",
    "timeout",
];

/// The options of one create, or their defaults.
#[derive(Clone, Default)]
pub(super) struct DockerOptions {
    pub(super) image: Option<String>,
    /// Whether the image is the configuration's.
    pub(super) image_is_default: bool,
    pull: Option<&'static str>,
    pub(super) registry: Option<RegistryCredentials>,
    /// Replaces the image's entrypoint.
    pub(super) command: Option<Vec<String>>,
    /// Replaces the image's command, which is what the entrypoint gets.
    pub(super) arguments: Option<Vec<String>>,
    pub(super) working_directory: Option<String>,
    pub(super) user: Option<String>,
    pub(super) vcpus: Option<f64>,
    pub(super) memory_megabytes: Option<u32>,
    pub(super) pids_limit: Option<u32>,
    pub(super) network: Option<String>,
    pub(super) ports: Option<Vec<u32>>,
    pub(super) host_ip: Option<String>,
    pub(super) extra_hosts: Option<Vec<String>>,
    pub(super) labels: Option<Vec<(String, String)>>,
    pub(super) restart: Option<&'static str>,
    pub(super) read_only: Option<bool>,
    pub(super) lifetime: Option<Duration>,
}

/// Credentials of a private registry.
#[derive(Clone)]
pub(super) struct RegistryCredentials {
    pub(super) username: Secret,
    pub(super) password: Secret,
    /// The host of the registry; by default that of the image.
    pub(super) server_address: Option<String>,
}

impl RegistryCredentials {
    /// Adds them to what is masked. A user name may be an everyday word.
    pub(super) fn add_secrets(&self, redactor: &mut Redactor) {
        redactor.add_value(&self.username);
        redactor.add_credential(&self.password);
    }
}

impl DockerOptions {
    /// Reads and checks the options.
    pub(super) fn read(fields: &Reader<'_>) -> Result<Self> {
        let lifetime = fields.whole("timeout", 1_000, LIFETIME_LIMIT_MS)?;
        let options = Self {
            image: fields.filled_text("image")?,
            image_is_default: false,
            pull: fields.choice("pull", &["missing", "always", "never"])?,
            registry: read_registry(fields)?,
            command: read_command(fields, "command")?,
            arguments: read_command(fields, "args")?,
            working_directory: fields.filled_text("workingDir")?,
            user: fields.filled_text("user")?,
            vcpus: fields.number("vcpus", 0.01, CPU_LIMIT)?,
            memory_megabytes: fields.whole("memoryMegabytes", MEMORY_LEAST, MEMORY_LIMIT)?,
            pids_limit: fields.whole("pidsLimit", 1, PIDS_LIMIT)?,
            network: fields.filled_text("network")?,
            ports: fields.wholes("ports", 1, 65_535)?,
            host_ip: fields.filled_text("hostIp")?,
            extra_hosts: fields.texts("extraHosts")?,
            labels: read_labels(fields)?,
            restart: fields.choice("restart", &["no", "on-failure", "always", "unless-stopped"])?,
            read_only: fields.boolean("readOnly")?,
            lifetime: lifetime.map(|milliseconds| Duration::from_millis(milliseconds.into())),
        };
        options.check_texts(fields)?;
        Ok(options)
    }

    /// Checks the form of texts.
    fn check_texts(&self, fields: &Reader<'_>) -> Result<()> {
        if self.network.as_deref().is_some_and(|network| !is_name(network)) {
            return Err(fields.invalid(
                "network",
                "must be host, none, bridge or the name of a network: letters, digits, hyphens, underscores and dots",
            ));
        }
        if self
            .working_directory
            .as_deref()
            .is_some_and(|path| !path.starts_with('/'))
        {
            return Err(fields.invalid("workingDir", "must be an absolute path in the container"));
        }
        if self.host_ip.as_deref().is_some_and(|ip| ip.parse::<IpAddr>().is_err()) {
            return Err(fields.invalid(
                "hostIp",
                "must be an IP address of the engine's machine, such as 127.0.0.1",
            ));
        }
        for (index, entry) in self.extra_hosts.iter().flatten().enumerate() {
            if !is_extra_host(entry) {
                let rule = "must be the name of a host and its IP address (or host-gateway), such as db:10.0.0.7";
                return Err(fields.invalid(&format!("extraHosts[{index}]"), rule));
            }
        }
        Ok(())
    }

    /// Returns these options, and a default for each that is not given.
    pub(super) fn with_defaults(self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        Self {
            image_is_default: self.image.is_none() && defaults.image.is_some(),
            image: self.image.or(defaults.image),
            pull: self.pull.or(defaults.pull),
            registry: self.registry.or(defaults.registry),
            command: self.command.or(defaults.command),
            arguments: self.arguments.or(defaults.arguments),
            working_directory: self.working_directory.or(defaults.working_directory),
            user: self.user.or(defaults.user),
            vcpus: self.vcpus.or(defaults.vcpus),
            memory_megabytes: self.memory_megabytes.or(defaults.memory_megabytes),
            pids_limit: self.pids_limit.or(defaults.pids_limit),
            network: self.network.or(defaults.network),
            ports: self.ports.or(defaults.ports),
            host_ip: self.host_ip.or(defaults.host_ip),
            extra_hosts: self.extra_hosts.or(defaults.extra_hosts),
            labels: self.labels.or(defaults.labels),
            restart: self.restart.or(defaults.restart),
            read_only: self.read_only.or(defaults.read_only),
            lifetime: self.lifetime.or(defaults.lifetime),
        }
    }

    /// Returns when the image is pulled.
    pub(super) fn pull(&self) -> Pull {
        match self.pull {
            Some("always") => Pull::Always,
            Some("never") => Pull::Never,
            _ => Pull::Missing,
        }
    }

    /// Returns whether the container shares the network of the engine's machine.
    pub(super) fn is_on_host_network(&self) -> bool {
        self.network.as_deref() == Some(HOST)
    }

    /// Returns whether the container has no network.
    pub(super) fn has_no_network(&self) -> bool {
        self.network.as_deref() == Some(NONE)
    }

    /// Checks that an engine can carry out this create with these options.
    pub(super) fn check(&self, image: &str, handle: &Handle) -> Result<()> {
        // The image becomes part of a path.
        let is_unfit = |character: char| character.is_whitespace() || character.is_control();
        if image.contains(is_unfit) || image.contains("..") {
            return Err(Error::argument(
                "options.image must be the name of an image, such as acme/box:1.",
            ));
        }
        let name = handle.name();
        if name.len() < 2 || name.len() > NAME_LIMIT || !is_name(name) {
            let text = format!(
                "options.name must have 2 to {NAME_LIMIT} letters, digits, hyphens, underscores and dots, and begin with a letter or digit."
            );
            return Err(Error::argument(text));
        }
        // The engine drops such ports in silence (docs/providers/docker.md).
        let has_ports = self.ports.as_ref().is_some_and(|ports| !ports.is_empty());
        if has_ports && (self.is_on_host_network() || self.has_no_network()) {
            let text = "options.ports cannot be published on the networks host and none: on host the container's ports are the machine's own, on none it has no network.";
            return Err(Error::argument(text));
        }
        Ok(())
    }
}

/// Reads the words of a command. An empty list counts as absent, as it does for the engine.
fn read_command(fields: &Reader<'_>, name: &str) -> Result<Option<Vec<String>>> {
    let words = fields.texts(name)?.filter(|words| !words.is_empty());
    if let Some(index) = words.iter().flatten().position(|word| word.contains('\0')) {
        return Err(fields.invalid(&format!("{name}[{index}]"), "must not hold a NUL character"));
    }
    Ok(words)
}

fn read_registry(fields: &Reader<'_>) -> Result<Option<RegistryCredentials>> {
    let Some(object) = fields.object("registryCredentials")? else {
        return Ok(None);
    };
    let reader = fields.nested("registryCredentials", &object);
    let required_secret = |name| {
        let text = reader.filled_text(name)?;
        text.map(Secret::new)
            .ok_or_else(|| reader.invalid(name, "is required and must not be empty"))
    };
    Ok(Some(RegistryCredentials {
        username: required_secret("username")?,
        password: required_secret("password")?,
        server_address: reader.filled_text("serverAddress")?,
    }))
}

fn read_labels(fields: &Reader<'_>) -> Result<Option<Vec<(String, String)>>> {
    let labels = fields.variables("labels")?;
    let reserved = labels.iter().find(|(name, _)| name.starts_with(RESERVED));
    if let Some((name, _)) = reserved {
        let rule = format!("must not be set: names that begin with \"{RESERVED}\" are this package's own");
        return Err(fields.invalid(&format!("labels.{}", quote_name(name)), &rule));
    }
    let labels: Vec<_> = labels
        .into_iter()
        .map(|(name, value)| (name, value.expose().to_owned()))
        .collect();
    Ok((!labels.is_empty()).then_some(labels))
}

/// Returns whether a text has the form of a container's or network's name (docs/providers/docker.md).
pub(super) fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && text.bytes().all(is_inner)
}

fn is_extra_host(entry: &str) -> bool {
    entry.split_once(':').is_some_and(|(name, address)| {
        is_name(name) && (address == "host-gateway" || address.parse::<IpAddr>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_dockers_alphabet() {
        for name in ["a1", "A.b_c-d", "0x", "computesdk-0123456789abcdefghjk"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", ".a", "a b", "a/b", "ä", "a:b", "container:x"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn an_extra_host_is_a_name_and_an_address() {
        for entry in [
            "db:10.0.0.7",
            "host.docker.internal:host-gateway",
            "v6:::1",
            "v6:fe80::1",
        ] {
            assert!(is_extra_host(entry), "{entry}");
        }
        for entry in ["", "db", "db:", ":10.0.0.7", "db:10.0.0", "a b:10.0.0.7", "db:other"] {
            assert!(!is_extra_host(entry), "{entry}");
        }
    }
}
