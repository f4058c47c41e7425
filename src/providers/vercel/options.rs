//! The options of `create` that only Vercel has, some of which the factory takes as defaults.

use super::daemon_commands::{DaemonCommands, INSTALL_COMMAND, READY_COMMAND};
use super::image::is_foreign;
use crate::error::Result;
use crate::input::reader::{Choice, Reader};

/// The most that `timeout` may be: 30 days. Plans allow less, 24 hours at most at the time of writing (§10).
const LIFETIME_LIMIT_MS: u32 = 2_592_000_000;

/// Ports that can be reached from outside: at most so many, in a range, but for one that Vercel uses (§4).
const PORTS: usize = 15;
const PORT_LOW: u32 = 1_024;
const PORT_HIGH: u32 = 65_535;
const PORT_TAKEN: u32 = 23_456;

/// What the factory takes for every create.
#[derive(Clone, Default)]
pub(super) struct VercelDefaults {
    image: Option<String>,
    vcpus: Option<u32>,
    ports: Option<Vec<u32>>,
    region: Option<String>,
    lifetime_ms: Option<u32>,
}

impl VercelDefaults {
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
            if unique.len() != ports.len() || ports.len() > PORTS || ports.contains(&PORT_TAKEN) {
                let rule = format!("must be at most {PORTS} different ports, without {PORT_TAKEN}");
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

    /// These, and where they say nothing, the others.
    fn with_defaults(self, others: &Self) -> Self {
        let others = others.clone();
        Self {
            image: self.image.or(others.image),
            vcpus: self.vcpus.or(others.vcpus),
            ports: self.ports.or(others.ports),
            region: self.region.or(others.region),
            lifetime_ms: self.lifetime_ms.or(others.lifetime_ms),
        }
    }
}

/// The fields of `create`'s options that only Vercel reads.
pub(super) const CREATE_FIELDS: [&str; 6] = ["vcpus", "ports", "region", "timeout", "installCommand", "readyCommand"];

#[derive(Default)]
pub(super) struct VercelOptions {
    pub(super) image: Option<String>,
    pub(super) vcpus: Option<u32>,
    pub(super) ports: Vec<u32>,
    pub(super) region: Option<String>,
    pub(super) lifetime_ms: Option<u32>,
    pub(super) daemon: Option<DaemonCommands>,
}

impl VercelOptions {
    pub(super) fn read(options: &Reader<'_>, defaults: &VercelDefaults) -> Result<Self> {
        let given = VercelDefaults::read(options)?.with_defaults(defaults);
        let install = match options.text_or_false("installCommand")? {
            Choice::Absent => Some(INSTALL_COMMAND.to_owned()),
            Choice::JsObject(command) => Some(command),
            Choice::Off => None,
        };
        let ready = options.filled_text("readyCommand")?;
        let has_daemon = options.object("daemonConfig")?.is_some();
        Ok(Self {
            image: given.image,
            vcpus: given.vcpus,
            ports: given.ports.unwrap_or_default(),
            region: given.region,
            lifetime_ms: given.lifetime_ms,
            daemon: install.filter(|_| has_daemon).map(|install| DaemonCommands {
                install,
                ready: ready.unwrap_or_else(|| READY_COMMAND.to_owned()),
            }),
        })
    }
}
