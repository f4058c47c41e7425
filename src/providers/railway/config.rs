//! Railway's settings: what the factory takes, what the environment supplies, and the texts for what is missing.

use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;

use super::options::RailwayOptions;
use super::{IDENTITY, Railway, canonical};
use crate::error::{Error, Operation, Result};
use crate::http::effect::Effect;
use crate::http::settings::Settings;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::scope::{Identity, Scope};
use crate::process::Core;
use crate::provider::config::{Bound, Definition};
use crate::provider::connection::{Access, LastAccess, Terms};
use crate::secret::{Redactor, Secret};

/// The documented host (`reference/railway.md` §1); `/graphql/v2` is appended.
const DEFAULT_BASE: &str = "https://backboard.railway.com";

/// The header of a project token; all other tokens are bearers (`reference/railway.md` §1).
static PROJECT_ACCESS_TOKEN: HeaderName = HeaderName::from_static("project-access-token");

// The texts of version 0.3.24, word for word: callers match on them.
const MISSING_API_KEY: &str =
    "Missing Railway API key. Provide apiKey in config or set RAILWAY_API_KEY environment variable.";
const MISSING_PROJECT_ID: &str =
    "Missing Railway Project ID. Provide projectId in config or set RAILWAY_PROJECT_ID environment variable.";
const MISSING_ENVIRONMENT_ID: &str = "Missing Railway Environment ID. Provide environmentId in config or set RAILWAY_ENVIRONMENT_ID environment variable.";

/// What `railway(config)` was given.
pub(crate) struct RailwayConfig {
    api_key: Option<Secret>,
    project_token: Option<Secret>,
    project_id: Option<String>,
    environment_id: Option<String>,
    settings: Settings,
    access: LastAccess,
}

/// The two kinds of token, by the header they travel in.
enum Token {
    Bearer(Secret),
    Project(Secret),
}

impl RailwayConfig {
    pub(crate) fn read(config: &Reader<'_>) -> Result<Arc<dyn Definition>> {
        Ok(Arc::new(Self {
            api_key: config.secret("apiKey")?,
            project_token: config.secret("projectToken")?,
            project_id: config.filled_text("projectId")?,
            environment_id: config.filled_text("environmentId")?,
            settings: Settings::read(config)?,
            access: LastAccess::default(),
        }))
    }

    /// Configuration first, then the environment; within each, the API key before the project token.
    fn token(&self, environment: &dyn Environment) -> Result<Token> {
        if let Some(key) = &self.api_key {
            return Ok(Token::Bearer(key.clone()));
        }
        if let Some(token) = &self.project_token {
            return Ok(Token::Project(token.clone()));
        }
        for name in ["RAILWAY_API_KEY", "RAILWAY_API_TOKEN"] {
            if let Some(key) = environment.credential(name)? {
                return Ok(Token::Bearer(key));
            }
        }
        let token = environment.credential("RAILWAY_TOKEN")?;
        token.map(Token::Project).ok_or_else(|| Error::config(MISSING_API_KEY))
    }
}

impl Definition for RailwayConfig {
    fn identity(&self) -> Identity {
        IDENTITY
    }

    fn bind(
        &self,
        core: &Arc<Core>,
        operation: Operation,
        environment: &dyn Environment,
        options: &Reader<'_>,
    ) -> Result<Bound> {
        let required = |configured: &Option<String>, name, missing| {
            let found = configured.clone().or_else(|| environment.variable(name));
            found
                .map(|id| canonical(&id))
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Error::config(missing))
        };
        let token = self.token(environment)?;
        let project_id = required(&self.project_id, "RAILWAY_PROJECT_ID", MISSING_PROJECT_ID)?;
        let environment_id = required(&self.environment_id, "RAILWAY_ENVIRONMENT_ID", MISSING_ENVIRONMENT_ID)?;
        let (header, secret) = match &token {
            Token::Bearer(secret) => ((&AUTHORIZATION, "Bearer "), secret),
            Token::Project(secret) => ((&PROJECT_ACCESS_TOKEN, ""), secret),
        };
        let place = [project_id.as_str(), &environment_id];
        let terms = Terms {
            base: DEFAULT_BASE,
            header,
            credential: secret,
            place: &place,
        };
        let scope = |origin: &str| Scope::new(IDENTITY, origin, secret, &place);
        let Access { client, scope } = self.access.on(terms, core, &self.settings, scope)?;
        let options = match operation {
            Operation::Create => RailwayOptions::read(options)?,
            _ => RailwayOptions::default(),
        };
        let mut redactor = Redactor::default();
        redactor.add(secret);
        redactor.extend(options.secrets());
        // Only a deletion could hit it.
        let own_service_id = match operation {
            Operation::Destroy => environment.variable("RAILWAY_SERVICE_ID").map(|id| canonical(&id)),
            _ => None,
        };
        let provider = Railway {
            client,
            scope,
            project_id,
            environment_id,
            own_service_id,
            options,
        };
        Ok(Bound {
            provider: Box::new(provider),
            redactor,
            max_retries: self.settings.max_retries,
            patience: self.settings.patience(Effect::Idempotent),
        })
    }
}
