//! Reads the configuration at the factory, and makes the provider of each call from it.

use std::sync::Arc;

use super::api::Docker;
use super::endpoint::{EndpointConfig, VARIABLES};
use super::options::{DockerOptions, OPTION_FIELDS};
use super::semantics::SEMANTICS;
use crate::error::{Operation, Result};
use crate::http::credential::Credential;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::connection::{CachedConnection, ConnectionParameters, Location};
use crate::provider::settings;

/// The fields of `config` that [`DockerConfig::read`] reads: where the engine is, and a default of each option.
pub(super) const CONFIG_FIELDS: [&str; OPTION_FIELDS.len() + 3] = {
    let mut fields = [""; OPTION_FIELDS.len() + 3];
    [fields[0], fields[1], fields[2]] = ["host", "certPath", "image"];
    let mut index = 0;
    while index < OPTION_FIELDS.len() {
        fields[index + 3] = OPTION_FIELDS[index];
        index += 1;
    }
    fields
};

/// The configuration of `docker(config)`.
pub(super) struct DockerConfig {
    endpoint: EndpointConfig,
    defaults: DockerOptions,
    connection: CachedConnection,
}

impl DockerConfig {
    /// Reads and checks the configuration.
    pub(super) fn read(config: &Reader<'_>) -> Result<Arc<dyn ProviderConfig>> {
        let settings = settings::read(config)?;
        let host = config.filled_text("host")?.map(|host| host.trim().to_owned());
        let base_url = config.filled_text("baseUrl")?;
        if host.is_some() && base_url.is_some() {
            return Err(config.invalid("host", "cannot be given together with baseUrl"));
        }
        let endpoint = EndpointConfig {
            host: host.or(base_url),
            cert_path: config.filled_text("certPath")?,
        };
        endpoint.check().map_err(|rule| config.invalid("host", &rule))?;
        Ok(Arc::new(Self {
            endpoint,
            defaults: DockerOptions::read(config)?,
            connection: CachedConnection::new(settings),
        }))
    }
}

impl ProviderConfig for DockerConfig {
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider> {
        let endpoint = self.endpoint.resolve(call.environment)?;
        let parameters = ConnectionParameters {
            identity: SEMANTICS.identity,
            base: &endpoint.base,
            credential: &endpoint.credential,
            // One engine may be reached by several addresses, and has each name once.
            location: Location::Server,
        };
        let connection = self.connection.connection_for(call.http, parameters)?;
        let options = call.create_options(|options| {
            DockerOptions::read(options).map(|options| options.with_defaults(&self.defaults))
        })?;
        let registry = options.registry.clone();
        let (facts, date) = (Arc::clone(call.facts), call.clock.date());
        let mut bound = connection.bind(call, endpoint.credential, |client, scope| {
            Box::new(Docker::new(client, scope, facts, endpoint.remote_host, options, date))
        })?;
        if let Some(registry) = registry {
            registry.add_secrets(&mut bound.redactor);
        }
        Ok(bound)
    }

    fn credential(&self, environment: &dyn Environment) -> Result<Credential> {
        self.endpoint.resolve(environment).map(|endpoint| endpoint.credential)
    }

    fn credential_variables(&self) -> &'static [&'static str] {
        &VARIABLES
    }

    fn variables(&self, _operation: Operation) -> Vec<&'static str> {
        let mut variables = self.connection.variables();
        variables.extend(VARIABLES);
        variables
    }
}
