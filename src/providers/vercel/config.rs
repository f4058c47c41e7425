//! Reads Vercel's configuration at the factory, and makes the provider of each call from it.

use std::sync::Arc;

use super::api::Vercel;
use super::credentials::{CredentialConfig, VARIABLES};
use super::options::{VercelDefaults, VercelOptions};
use super::semantics::SEMANTICS;
use super::started_commands::StartedCommands;
use crate::error::{Operation, Result};
use crate::http::credential::Credential;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::connection::{CachedConnection, ConnectionParameters, Location};
use crate::provider::settings;

/// The address that both of Vercel's SDKs use (docs/providers/vercel.md).
const DEFAULT_BASE: &str = "https://vercel.com/api";

/// The fields of `config` that [`VercelConfig::read`] reads.
pub(super) const CONFIG_FIELDS: [&str; 9] = [
    "token",
    "oidcToken",
    "teamId",
    "projectId",
    "image",
    "vcpus",
    "ports",
    "region",
    "timeout",
];

/// The configuration of `vercel(config)`.
pub(super) struct VercelConfig {
    credentials: CredentialConfig,
    defaults: VercelDefaults,
    connection: CachedConnection,
}

impl VercelConfig {
    /// Reads and checks the configuration.
    pub(super) fn read(config: &Reader<'_>) -> Result<Arc<dyn ProviderConfig>> {
        Ok(Arc::new(Self {
            credentials: CredentialConfig::read(config)?,
            defaults: VercelDefaults::read(config)?,
            connection: CachedConnection::new(settings::read(config)?),
        }))
    }
}

impl ProviderConfig for VercelConfig {
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider> {
        let credentials = self.credentials.resolve(call.environment)?;
        let parameters = ConnectionParameters {
            identity: SEMANTICS.identity,
            base: DEFAULT_BASE,
            credential: &credentials.credential,
            location: Location::Tenant(&[&credentials.team_id, &credentials.project_id]),
        };
        let connection = self.connection.connection_for(call.http, parameters)?;
        let options = call.create_options(|options| VercelOptions::read(options, &self.defaults))?;
        let commands = StartedCommands::new(call.random)?;
        connection.bind(call, credentials.credential, |client, _| {
            Box::new(Vercel {
                client,
                team_id: credentials.team_id,
                project_id: credentials.project_id,
                options,
                commands,
            })
        })
    }

    fn credential(&self, environment: &dyn Environment) -> Result<Credential> {
        self.credentials.choose(environment)
    }

    fn credential_variables(&self) -> &'static [&'static str] {
        &VARIABLES
    }

    fn variables(&self, _operation: Operation) -> Vec<&'static str> {
        let mut variables = self.connection.variables();
        variables.extend(self.credentials.variables());
        variables
    }
}
