//! The options of `create` that only Render has, some of which the factory takes as defaults.

use crate::error::{Error, Result};
use crate::input::reader::Reader;

/// The types of service that can run an image permanently: neither jobs nor sites (docs/providers/render.md).
pub(super) const SERVICE_TYPES: [&str; 3] = [WEB_SERVICE, "private_service", "background_worker"];

const WEB_SERVICE: &str = "web_service";

/// Options that the factory takes as defaults of every create.
#[derive(Default)]
pub(super) struct RenderDefaults {
    service_type: Option<&'static str>,
    plan: Option<String>,
    region: Option<String>,
    registry_credential_id: Option<String>,
}

impl RenderDefaults {
    /// Reads and checks the defaults, from the configuration or from the options of a create.
    pub(super) fn read(fields: &Reader<'_>) -> Result<Self> {
        Ok(Self {
            service_type: fields.choice("serviceType", &SERVICE_TYPES)?,
            // Plan and region are not restricted, because Render adds new ones (docs/providers/render.md).
            plan: fields.filled_text("plan")?,
            region: fields.filled_text("region")?,
            registry_credential_id: fields.filled_text("registryCredentialId")?,
        })
    }
}

/// The fields of `create`'s options that only Render reads.
pub(super) const CREATE_FIELDS: [&str; 8] = [
    "serviceType",
    "plan",
    "region",
    "registryCredentialId",
    "numInstances",
    "healthCheckPath",
    "dockerCommand",
    "environmentId",
];

/// The options of one create. Empty for the other operations.
#[derive(Default)]
pub(super) struct RenderOptions {
    pub(super) service_type: &'static str,
    pub(super) plan: Option<String>,
    pub(super) region: Option<String>,
    pub(super) registry_credential_id: Option<String>,
    pub(super) instances: Option<u32>,
    pub(super) health_check_path: Option<String>,
    pub(super) docker_command: Option<String>,
    pub(super) environment_id: Option<String>,
}

impl RenderOptions {
    /// Reads and checks the options. A default counts where an option is missing.
    pub(super) fn read(options: &Reader<'_>, defaults: &RenderDefaults) -> Result<Self> {
        let given = RenderDefaults::read(options)?;
        let service_type = given.service_type.or(defaults.service_type).unwrap_or(WEB_SERVICE);
        let plan = given.plan.or_else(|| defaults.plan.clone());
        if plan.as_deref() == Some("free") && service_type != WEB_SERVICE {
            let text = format!("The plan \"free\" exists for serviceType {WEB_SERVICE} only, not for {service_type}.");
            return Err(Error::argument(text));
        }
        let health_check_path = options.filled_text("healthCheckPath")?;
        match &health_check_path {
            Some(_) if service_type != WEB_SERVICE => {
                let rule = format!("exists for serviceType {WEB_SERVICE} only, not for {service_type}");
                return Err(options.invalid("healthCheckPath", &rule));
            }
            Some(path) if !path.starts_with('/') => {
                return Err(options.invalid("healthCheckPath", "must begin with \"/\""));
            }
            _ => {}
        }
        Ok(Self {
            service_type,
            plan,
            region: given.region.or_else(|| defaults.region.clone()),
            registry_credential_id: given
                .registry_credential_id
                .or_else(|| defaults.registry_credential_id.clone()),
            instances: options.whole("numInstances", 1, 1_000)?,
            health_check_path,
            docker_command: options.filled_text("dockerCommand")?,
            environment_id: options.filled_text("environmentId")?,
        })
    }
}
