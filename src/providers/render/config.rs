//! Render's configuration: what the factory takes, what the environment supplies, and the texts for what is missing.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::api::Render;
use super::options::{RenderDefaults, RenderOptions};
use super::semantics::SEMANTICS;
use crate::error::{Error, Operation, Result};
use crate::http::credential::{Credential, CredentialOrigin, Presentation};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::connection::{CachedConnection, ConnectionParameters, Location};
use crate::provider::settings;
use crate::secret::Secret;

/// The documented address (docs/providers/render.md).
const DEFAULT_BASE: &str = "https://api.render.com/v1";

// The texts of version 0.3.24, word for word: callers match on them.
const MISSING_API_KEY: &str =
    "Missing Render API key. Provide apiKey in config or set RENDER_API_KEY environment variable.";
const MISSING_OWNER_ID: &str =
    "Missing Render Owner ID. Provide ownerId in config or set RENDER_OWNER_ID environment variable.";

const CREDENTIAL_VARIABLES: [&str; 1] = ["RENDER_API_KEY"];

const OWNER_ID_RULE: &str =
    "must be the id of a Render workspace, such as tea-…: at most 128 letters, digits and hyphens";

const OWNER_ID_LIMIT: usize = 128;

/// The fields of `config` that [`RenderConfig::read`] reads.
pub(super) const CONFIG_FIELDS: [&str; 6] = [
    "apiKey",
    "ownerId",
    "serviceType",
    "plan",
    "region",
    "registryCredentialId",
];

/// The configuration of `render(config)`.
pub(super) struct RenderConfig {
    api_key: Option<Secret>,
    owner_id: Option<String>,
    defaults: RenderDefaults,
    connection: CachedConnection,
}

impl RenderConfig {
    /// Reads and checks the configuration.
    pub(super) fn read(config: &Reader<'_>) -> Result<Arc<dyn ProviderConfig>> {
        let owner_id = config.filled_text("ownerId")?.map(|id| id.trim().to_owned());
        if owner_id.as_deref().is_some_and(|id| !is_owner_id(id)) {
            return Err(config.invalid("ownerId", OWNER_ID_RULE));
        }
        Ok(Arc::new(Self {
            api_key: config.secret("apiKey")?,
            owner_id,
            defaults: RenderDefaults::read(config)?,
            connection: CachedConnection::new(settings::read(config)?),
        }))
    }

    /// Returns the workspace's id: from the configuration, else from the environment.
    fn owner_id(&self, environment: &dyn Environment) -> Result<String> {
        if let Some(id) = &self.owner_id {
            return Ok(id.clone());
        }
        let id = environment.variable("RENDER_OWNER_ID").map(|id| id.trim().to_owned());
        match id.filter(|id| !id.is_empty()) {
            None => Err(Error::config(MISSING_OWNER_ID)),
            Some(id) if !is_owner_id(&id) => Err(Error::config(format!("RENDER_OWNER_ID {OWNER_ID_RULE}."))),
            Some(id) => Ok(id),
        }
    }
}

/// Returns whether a text can be an owner's id. Ids are opaque, but a comma in one would make a list of it in a query
/// (docs/providers/render.md).
fn is_owner_id(id: &str) -> bool {
    id.len() <= OWNER_ID_LIMIT && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl ProviderConfig for RenderConfig {
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider> {
        let environment = call.environment;
        let credential = self.credential(environment)?;
        let owner_id = self.owner_id(environment)?;
        let parameters = ConnectionParameters {
            identity: SEMANTICS.identity,
            base: DEFAULT_BASE,
            credential: &credential,
            location: Location::Tenant(&[&owner_id]),
        };
        let connection = self.connection.connection_for(call.http, parameters)?;
        let options = call.create_options(|options| RenderOptions::read(options, &self.defaults))?;
        // Only `destroy` checks it.
        let own_service_id = match call.operation {
            Operation::Destroy => environment.variable("RENDER_SERVICE_ID").map(|id| id.trim().to_owned()),
            _ => None,
        };
        connection.bind(call, credential, |client, _| {
            Box::new(Render {
                client,
                owner_id,
                own_service_id,
                options,
            })
        })
    }

    fn credential(&self, environment: &dyn Environment) -> Result<Credential> {
        let (origin, secret) = match &self.api_key {
            Some(key) => (CredentialOrigin::Config, key.clone()),
            None => match environment.credential(&CREDENTIAL_VARIABLES)? {
                Some((name, key)) => (CredentialOrigin::Variable(name), key),
                None => return Err(Error::config(MISSING_API_KEY)),
            },
        };
        Ok(Credential {
            is_denied_when_expired: false,
            secret,
            presentation: Presentation::Header(AUTHORIZATION, "Bearer "),
            origin,
            expires: None,
        })
    }

    fn credential_variables(&self) -> &'static [&'static str] {
        &CREDENTIAL_VARIABLES
    }

    fn variables(&self, operation: Operation) -> Vec<&'static str> {
        let mut variables = self.connection.variables();
        if self.api_key.is_none() {
            variables.extend(CREDENTIAL_VARIABLES);
        }
        variables.extend(self.owner_id.is_none().then_some("RENDER_OWNER_ID"));
        variables.extend((operation == Operation::Destroy).then_some("RENDER_SERVICE_ID"));
        variables
    }
}
