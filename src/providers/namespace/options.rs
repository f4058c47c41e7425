//! The options of `create` that only Namespace has. The factory takes some of them as defaults.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, Result};
use crate::input::reader::Reader;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;

/// The default shape: 2 vCPU and 4 GB, one of the published shapes (docs/providers/namespace.md).
const VIRTUAL_CPU: u32 = 2;
const MEMORY_MEGABYTES: u32 = 4_096;

/// Limits that only catch typing errors. The schema has no limits; Namespace decides which shapes a workspace may use.
const CPU_LIMIT: u32 = 1_024;
const MEMORY_LIMIT: u32 = 4_194_304;

/// How long an instance lives by default. Namespace's own default is not published (docs/providers/namespace.md).
const LIFETIME: Duration = Duration::from_secs(3_600);

/// The maximum of `timeout`: 30 days. A workspace's policy may allow less (docs/providers/namespace.md).
const LIFETIME_LIMIT_MS: u32 = 2_592_000_000;

/// Operating systems. Containers run on Linux only (docs/providers/namespace.md).
const SYSTEMS: [&str; 3] = [LINUX, "macos", "windows"];
const LINUX: &str = "linux";

/// The prefix of this package's own labels.
pub(super) const RESERVED: &str = "computesdk.";

/// The options that `config` and `create` share.
#[derive(Default)]
pub(super) struct NamespaceDefaults {
    virtual_cpu: Option<u32>,
    memory_megabytes: Option<u32>,
    machine_arch: Option<&'static str>,
    system: Option<&'static str>,
    purpose: Option<String>,
    lifetime: Option<Duration>,
}

impl NamespaceDefaults {
    /// Reads and checks the shared options, from `config` or from the options of `create`.
    pub(super) fn read(fields: &Reader<'_>) -> Result<Self> {
        let lifetime = fields.whole("timeout", 1_000, LIFETIME_LIMIT_MS)?;
        Ok(Self {
            virtual_cpu: fields.whole("virtualCpu", 1, CPU_LIMIT)?,
            memory_megabytes: fields.whole("memoryMegabytes", 1, MEMORY_LIMIT)?,
            machine_arch: fields.choice("machineArch", &["amd64", "arm64"])?,
            system: fields.choice("os", &SYSTEMS)?,
            purpose: fields.filled_text("documentedPurpose")?,
            lifetime: lifetime.map(|milliseconds| Duration::from_millis(milliseconds.into())),
        })
    }
}

/// The fields of `create`'s options that only Namespace reads.
pub(super) const CREATE_FIELDS: [&str; 9] = [
    "virtualCpu",
    "memoryMegabytes",
    "machineArch",
    "os",
    "documentedPurpose",
    "timeout",
    "labels",
    "args",
    "exportPorts",
];

/// The options of one create, with all defaults applied.
#[derive(Default)]
pub(super) struct NamespaceOptions {
    pub(super) virtual_cpu: u32,
    pub(super) memory_megabytes: u32,
    pub(super) machine_arch: &'static str,
    pub(super) system: &'static str,
    pub(super) purpose: String,
    /// When Namespace ends the instance, in RFC 3339. It counts from the call, so a create that is sent again asks for the
    /// same time.
    pub(super) deadline: String,
    pub(super) arguments: Vec<String>,
    pub(super) ports: Vec<u32>,
    pub(super) labels: Vec<(String, String)>,
}

impl NamespaceOptions {
    /// Reads and checks the options of a create that begins at `now`.
    pub(super) fn read(options: &Reader<'_>, defaults: &NamespaceDefaults, now: SystemTime) -> Result<Self> {
        let shared = NamespaceDefaults::read(options)?;
        let mut labels = Vec::new();
        for (name, value) in options.variables("labels")? {
            check_label(options, &name, value.expose())?;
            labels.push((name, value.expose().to_owned()));
        }
        let lifetime = shared.lifetime.or(defaults.lifetime).unwrap_or(LIFETIME);
        let deadline = OffsetDateTime::from(now + lifetime).format(&Rfc3339);
        let purpose = shared.purpose.or_else(|| defaults.purpose.clone());
        Ok(Self {
            virtual_cpu: shared.virtual_cpu.or(defaults.virtual_cpu).unwrap_or(VIRTUAL_CPU),
            memory_megabytes: shared
                .memory_megabytes
                .or(defaults.memory_megabytes)
                .unwrap_or(MEMORY_MEGABYTES),
            machine_arch: shared.machine_arch.or(defaults.machine_arch).unwrap_or("amd64"),
            system: shared.system.or(defaults.system).unwrap_or(LINUX),
            purpose: purpose.unwrap_or_else(|| "ComputeSDK instance".to_owned()),
            deadline: deadline.map_err(|_| Error::internal("A deadline could not be written."))?,
            arguments: options.texts("args")?.unwrap_or_default(),
            ports: options.wholes("exportPorts", 1, 65_535)?.unwrap_or_default(),
            labels,
        })
    }

    /// Returns whether a container runs in the instance.
    pub(super) fn has_container(&self) -> bool {
        self.system == LINUX
    }

    /// Checks that Namespace can carry out this create with these options.
    pub(super) fn check(&self, request: &CreateRequest, handle: &Handle) -> Result<()> {
        // The valid unique tags are not published, so only plain names are allowed (docs/providers/namespace.md).
        let name = handle.name();
        if !is_plain_name(name) {
            let text = "options.name must have at most 63 lower-case letters, digits, hyphens, underscores and dots, and begin and end with a letter or digit.";
            return Err(Error::argument(text));
        }
        let wants_container = !request.variables.is_empty() || !self.arguments.is_empty() || !self.ports.is_empty();
        if wants_container && !self.has_container() {
            let text = format!(
                "On os {} Namespace runs no container, so daemonConfig, envs, args and exportPorts cannot be given.",
                self.system
            );
            return Err(Error::argument(text));
        }
        Ok(())
    }
}

/// Checks a label and names the broken rule. Namespace itself says only `invalid_argument`
/// (docs/providers/namespace.md).
fn check_label(options: &Reader<'_>, name: &str, value: &str) -> Result<()> {
    let path = format!("labels.{name}");
    if name.starts_with(RESERVED) {
        let rule = format!("must not be set: names that begin with \"{RESERVED}\" are this package's own");
        return Err(options.invalid(&path, &rule));
    }
    if !is_label_name(name) {
        let rule = "must have a name of at most 63 lower-case letters, digits, hyphens and dots, which begins with a letter and ends with a letter or digit";
        return Err(options.invalid(&path, rule));
    }
    if value.len() > 255 {
        return Err(options.invalid(&path, "must have at most 255 bytes"));
    }
    Ok(())
}

/// Returns whether a name can safely be used as a unique tag.
fn is_plain_name(name: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [name.bytes().next(), name.bytes().last()];
    name.len() <= 63
        && ends.iter().all(|end| end.is_some_and(is_alphanumeric))
        && name
            .bytes()
            .all(|byte| is_alphanumeric(byte) || matches!(byte, b'-' | b'_' | b'.'))
}

/// Returns whether Namespace accepts the name of a label (docs/providers/namespace.md).
fn is_label_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last().is_some_and(|&last| is_alphanumeric(last))
        && bytes
            .iter()
            .all(|&byte| is_alphanumeric(byte) || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::{is_label_name, is_plain_name};

    #[test]
    fn names_keep_to_what_surely_passes() {
        for name in ["a", "my-box", "computesdk-0123456789abcdefghjk", "a_b.c", "7"] {
            assert!(is_plain_name(name), "{name}");
        }
        for name in ["", "A", "-a", "a-", "a b", "ä", "a/b", &"a".repeat(64)] {
            assert!(!is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn label_names_keep_to_the_pattern() {
        for name in ["a", "team", "computesdk.create-mark", "a1", &"a".repeat(63)] {
            assert!(is_label_name(name), "{name}");
        }
        for name in ["", "1a", "a-", "A", "a_b", "a/b", "a.", &"a".repeat(64)] {
            assert!(!is_label_name(name), "{name}");
        }
    }
}
