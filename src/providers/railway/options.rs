//! The options of `create` that only Railway has.

use crate::error::{Error, Result, quote_name};
use crate::input::reader::Reader;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::secret::{Redactor, Secret};

/// The longest name of a service, in characters (docs/providers/railway.md).
const NAME_LIMIT: usize = 32;

/// The start of a reference to another service's variable (docs/providers/railway.md).
const REFERENCE: &str = "${{";

/// The fields of `create`'s options that only Railway reads.
pub(super) const CREATE_FIELDS: [&str; 8] = [
    "region",
    "startCommand",
    "numReplicas",
    "healthcheckPath",
    "vcpus",
    "memoryGB",
    "registryCredentials",
    "allowVariableReferences",
];

/// The options of one create. Empty for the other operations.
#[derive(Default)]
pub(super) struct RailwayOptions {
    pub(super) region: Option<String>,
    pub(super) start_command: Option<String>,
    pub(super) replicas: Option<u32>,
    pub(super) healthcheck_path: Option<String>,
    pub(super) vcpus: Option<f64>,
    pub(super) memory_gb: Option<f64>,
    pub(super) registry: Option<RegistryCredentials>,
    allow_variable_references: bool,
}

/// Returns whether a value holds a reference to another service's variable.
pub(super) fn has_reference(value: &str) -> bool {
    value.contains(REFERENCE)
}

/// Credentials of a private registry.
#[derive(Clone)]
pub(super) struct RegistryCredentials {
    pub(super) username: Secret,
    pub(super) password: Secret,
}

impl RegistryCredentials {
    /// Adds them to what is masked. A user name may be an everyday word.
    pub(super) fn add_secrets(&self, redactor: &mut Redactor) {
        redactor.add_value(&self.username);
        redactor.add_credential(&self.password);
    }
}

impl RailwayOptions {
    /// Reads and checks the options.
    pub(super) fn read(options: &Reader<'_>) -> Result<Self> {
        let healthcheck_path = options.filled_text("healthcheckPath")?;
        if healthcheck_path.as_deref().is_some_and(|path| !path.starts_with('/')) {
            return Err(options.invalid("healthcheckPath", "must begin with \"/\""));
        }
        let registry = match options.object("registryCredentials")? {
            None => None,
            Some(object) => {
                let reader = options.nested("registryCredentials", &object);
                let required_secret = |name| {
                    let text = reader.filled_text(name)?;
                    text.map(Secret::new)
                        .ok_or_else(|| reader.invalid(name, "is required and must not be empty"))
                };
                Some(RegistryCredentials {
                    username: required_secret("username")?,
                    password: required_secret("password")?,
                })
            }
        };
        Ok(Self {
            region: options.filled_text("region")?,
            start_command: options.filled_text("startCommand")?,
            replicas: options.whole("numReplicas", 1, 1_000)?,
            healthcheck_path,
            vcpus: options.number("vcpus", 0.01, 1_024.0)?,
            memory_gb: options.number("memoryGB", 0.01, 16_384.0)?,
            registry,
            allow_variable_references: options.boolean("allowVariableReferences")?.unwrap_or(false),
        })
    }

    /// Returns whether an option is given that `serviceCreate` does not take (docs/providers/railway.md).
    pub(super) fn need_instance_settings(&self) -> bool {
        self.region.is_some()
            || self.start_command.is_some()
            || self.replicas.is_some()
            || self.healthcheck_path.is_some()
            || self.need_limits()
    }

    /// Returns whether a limit of CPU or memory is given.
    pub(super) fn need_limits(&self) -> bool {
        self.vcpus.is_some() || self.memory_gb.is_some()
    }

    /// Checks the name and the variables of a create before any request.
    pub(super) fn check(&self, request: &CreateRequest, handle: &Handle) -> Result<()> {
        // Railway does not document the allowed characters. Only names that are certainly wrong are rejected here.
        let name = handle.name();
        if name.chars().count() > NAME_LIMIT || name.trim() != name || name.chars().any(char::is_control) {
            let text = format!(
                "options.name must have at most {NAME_LIMIT} characters, none of them a control character, and no space at either end."
            );
            return Err(Error::argument(text));
        }
        if self.allow_variable_references {
            return Ok(());
        }
        match request
            .variables
            .iter()
            .find(|(_, value)| has_reference(value.expose()))
        {
            None => Ok(()),
            Some((name, _)) => Err(Error::argument(format!(
                "The variable {} holds \"{REFERENCE} … }}}}\", which Railway replaces by the values of other services, their secrets included. \
                 Pass allowVariableReferences: true if that is wanted.",
                quote_name(name)
            ))),
        }
    }
}
