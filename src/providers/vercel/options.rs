//! The options of `create` that only Vercel has. The factory takes some of them as defaults.

use super::daemon_commands::{DaemonCommands, INSTALL_COMMAND, READY_COMMAND};
use super::image::is_foreign;
use crate::error::Result;
use crate::input::reader::{Choice, Reader};

/// The maximum of `timeout`: 30 days. Plans allow less, at most 24 hours today (docs/providers/vercel.md).
const LIFETIME_LIMIT_MS: u32 = 2_592_000_000;

/// How many ports can be reached from outside (docs/providers/vercel.md).
const PORTS_LIMIT: usize = 15;

/// The range of these ports, and the one in it that Vercel excludes (docs/providers/vercel.md).
const PORT_LOW: u32 = 1_024;
const PORT_HIGH: u32 = 65_535;
const PORT_EXCLUDED: u32 = 23_456;

/// The options that `config` and `create` share.
#[derive(Clone, Default)]
pub(super) struct VercelDefaults {
    image: Option<String>,
    vcpus: Option<u32>,
    ports: Option<Vec<u32>>,
    region: Option<String>,
    lifetime_ms: Option<u32>,
}

impl VercelDefaults {
    /// Reads and checks the shared options, from `config` or from the options of `create`.
    pub(super) fn read(fields: &Reader<'_>) -> Result<Self> {
        let image = fields.filled_text("image")?;
        if image.as_deref().is_some_and(is_foreign) {
            let rule = "must be of Vercel's own registry, such as repo:tag or team/project/repo:tag, for a sandbox runs no other: push the image there, or leave image out and let installCommand install the daemon";
            return Err(fields.invalid("image", rule));
        }
        let vcpus = fields.whole("vcpus", 1, 64)?;
        if vcpus.is_some_and(|vcpus| vcpus > 1 && vcpus % 2 == 1) {
            return Err(fields.invalid("vcpus", "must be 1 or an even number"));
        }
        let ports = fields.wholes("ports", PORT_LOW, PORT_HIGH)?;
        if let Some(ports) = &ports {
            let mut unique = ports.clone();
            unique.sort_unstable();
            unique.dedup();
            if unique.len() != ports.len() || ports.len() > PORTS_LIMIT || ports.contains(&PORT_EXCLUDED) {
                let rule = format!("must be at most {PORTS_LIMIT} different ports, without {PORT_EXCLUDED}");
                return Err(fields.invalid("ports", &rule));
            }
        }
        Ok(Self {
            image,
            vcpus,
            ports,
            region: fields.filled_text("region")?,
            lifetime_ms: fields.whole("timeout", 1_000, LIFETIME_LIMIT_MS)?,
        })
    }

    /// Returns these options, with `defaults` for the absent ones.
    fn with_defaults(self, defaults: &Self) -> Self {
        let defaults = defaults.clone();
        Self {
            image: self.image.or(defaults.image),
            vcpus: self.vcpus.or(defaults.vcpus),
            ports: self.ports.or(defaults.ports),
            region: self.region.or(defaults.region),
            lifetime_ms: self.lifetime_ms.or(defaults.lifetime_ms),
        }
    }
}

/// The fields of `create`'s options that only Vercel reads.
pub(super) const CREATE_FIELDS: [&str; 6] = ["vcpus", "ports", "region", "timeout", "installCommand", "readyCommand"];

/// The options of one create, with all defaults applied.
#[derive(Default)]
pub(super) struct VercelOptions {
    pub(super) image: Option<String>,
    pub(super) vcpus: Option<u32>,
    pub(super) ports: Vec<u32>,
    pub(super) region: Option<String>,
    pub(super) lifetime_ms: Option<u32>,
    /// `None` if no daemon is to be installed.
    pub(super) daemon: Option<DaemonCommands>,
}

impl VercelOptions {
    /// Reads and checks the options of a create.
    pub(super) fn read(options: &Reader<'_>, defaults: &VercelDefaults) -> Result<Self> {
        let shared = VercelDefaults::read(options)?.with_defaults(defaults);
        let install = match options.text_or_false("installCommand")? {
            Choice::Absent => Some(INSTALL_COMMAND.to_owned()),
            Choice::JsObject(command) => Some(command),
            Choice::Off => None,
        };
        let ready = options.filled_text("readyCommand")?;
        let has_daemon = options.object("daemonConfig")?.is_some();
        Ok(Self {
            image: shared.image,
            vcpus: shared.vcpus,
            ports: shared.ports.unwrap_or_default(),
            region: shared.region,
            lifetime_ms: shared.lifetime_ms,
            daemon: install.filter(|_| has_daemon).map(|install| DaemonCommands {
                install,
                ready: ready.unwrap_or_else(|| READY_COMMAND.to_owned()),
            }),
        })
    }
}
