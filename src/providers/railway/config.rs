//! Railway's configuration: what the factory takes, what the environment supplies, and the texts for what is missing.

use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::api::Railway;
use super::id::normalize_id;
use super::options::RailwayOptions;
use super::semantics::SEMANTICS;
use super::started_deployment::StartedDeployment;
use crate::error::{Error, Operation, Result};
use crate::http::credential::{Credential, CredentialOrigin, Presentation};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::connection::{CachedConnection, ConnectionParameters, Location};
use crate::provider::settings;
use crate::secret::Secret;

/// The documented host (docs/providers/railway.md); `/graphql/v2` is appended.
const DEFAULT_BASE: &str = "https://backboard.railway.com";

/// The header of a project token; all other tokens are bearers (docs/providers/railway.md).
static PROJECT_ACCESS_TOKEN: HeaderName = HeaderName::from_static("project-access-token");

// The texts of version 0.3.24, word for word: callers match on them.
const MISSING_API_KEY: &str =
    "Missing Railway API key. Provide apiKey in config or set RAILWAY_API_KEY environment variable.";
const MISSING_PROJECT_ID: &str =
    "Missing Railway Project ID. Provide projectId in config or set RAILWAY_PROJECT_ID environment variable.";
const MISSING_ENVIRONMENT_ID: &str = "Missing Railway Environment ID. Provide environmentId in config or set RAILWAY_ENVIRONMENT_ID environment variable.";

/// The variable of the project token.
const PROJECT_TOKEN: &str = "RAILWAY_TOKEN";

/// The variables of the credential, the first that is set first.
const CREDENTIAL_VARIABLES: [&str; 3] = ["RAILWAY_API_KEY", "RAILWAY_API_TOKEN", PROJECT_TOKEN];

/// The fields of `config` that [`RailwayConfig::read`] reads.
pub(super) const CONFIG_FIELDS: [&str; 4] = ["apiKey", "projectToken", "projectId", "environmentId"];

/// The configuration of `railway(config)`.
pub(super) struct RailwayConfig {
    api_key: Option<Secret>,
    project_token: Option<Secret>,
    project_id: Option<String>,
    environment_id: Option<String>,
    connection: CachedConnection,
}

impl RailwayConfig {
    /// Reads and checks the configuration.
    pub(super) fn read(config: &Reader<'_>) -> Result<Arc<dyn ProviderConfig>> {
        Ok(Arc::new(Self {
            api_key: config.secret("apiKey")?,
            project_token: config.secret("projectToken")?,
            project_id: config.filled_text("projectId")?,
            environment_id: config.filled_text("environmentId")?,
            connection: CachedConnection::new(settings::read(config)?),
        }))
    }
}

impl ProviderConfig for RailwayConfig {
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider> {
        let environment = call.environment;
        let required = |configured: &Option<String>, name, missing| {
            let found = configured.clone().or_else(|| environment.variable(name));
            found
                .map(|id| normalize_id(&id))
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Error::config(missing))
        };
        let credential = self.credential(environment)?;
        let project_id = required(&self.project_id, "RAILWAY_PROJECT_ID", MISSING_PROJECT_ID)?;
        let environment_id = required(&self.environment_id, "RAILWAY_ENVIRONMENT_ID", MISSING_ENVIRONMENT_ID)?;
        let parameters = ConnectionParameters {
            identity: SEMANTICS.identity,
            base: DEFAULT_BASE,
            credential: &credential,
            location: Location::Tenant(&[&project_id, &environment_id]),
        };
        let connection = self.connection.connection_for(call.http, parameters)?;
        let options = call.create_options(RailwayOptions::read)?;
        // Only `destroy` checks it.
        let own_service_id = match call.operation {
            Operation::Destroy => environment.variable("RAILWAY_SERVICE_ID").map(|id| normalize_id(&id)),
            _ => None,
        };
        let registry = options.registry.clone();
        let mut bound = connection.bind(call, credential, |client, scope| {
            Box::new(Railway {
                client,
                scope,
                facts: Arc::clone(call.facts),
                project_id,
                environment_id,
                own_service_id,
                options,
                deployment: StartedDeployment::default(),
            })
        })?;
        if let Some(registry) = registry {
            registry.add_secrets(&mut bound.redactor);
        }
        Ok(bound)
    }

    /// Returns the token: from the configuration, else from the environment; in each, the API key before the project token.
    fn credential(&self, environment: &dyn Environment) -> Result<Credential> {
        let bearer = || (AUTHORIZATION, "Bearer ");
        let project = || (PROJECT_ACCESS_TOKEN.clone(), "");
        let (header, secret, origin) = match (&self.api_key, &self.project_token) {
            (Some(key), _) => (bearer(), key.clone(), CredentialOrigin::Config),
            (None, Some(token)) => (project(), token.clone(), CredentialOrigin::Config),
            (None, None) => match environment.credential(&CREDENTIAL_VARIABLES)? {
                None => return Err(Error::config(MISSING_API_KEY)),
                Some((name @ PROJECT_TOKEN, token)) => (project(), token, CredentialOrigin::Variable(name)),
                Some((name, key)) => (bearer(), key, CredentialOrigin::Variable(name)),
            },
        };
        Ok(Credential {
            is_denied_when_expired: false,
            secret,
            presentation: Presentation::Header(header.0, header.1),
            origin,
            expires: None,
        })
    }

    fn credential_variables(&self) -> &'static [&'static str] {
        &CREDENTIAL_VARIABLES
    }

    fn variables(&self, operation: Operation) -> Vec<&'static str> {
        let mut variables = self.connection.variables();
        if self.api_key.is_none() && self.project_token.is_none() {
            variables.extend(CREDENTIAL_VARIABLES);
        }
        variables.extend(self.project_id.is_none().then_some("RAILWAY_PROJECT_ID"));
        variables.extend(self.environment_id.is_none().then_some("RAILWAY_ENVIRONMENT_ID"));
        variables.extend((operation == Operation::Destroy).then_some("RAILWAY_SERVICE_ID"));
        variables
    }
}
