//! Render's settings: what the factory takes, what the environment supplies, and the texts for what is missing.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::options::{RenderDefaults, RenderOptions};
use super::{IDENTITY, Render};
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

/// `reference/render.md` §1.
const DEFAULT_BASE: &str = "https://api.render.com/v1";

// The texts of version 0.3.24, word for word: callers match on them.
const MISSING_API_KEY: &str =
    "Missing Render API key. Provide apiKey in config or set RENDER_API_KEY environment variable.";
const MISSING_OWNER_ID: &str =
    "Missing Render Owner ID. Provide ownerId in config or set RENDER_OWNER_ID environment variable.";

const OWNER_ID_RULE: &str = "must be the id of a Render workspace, such as tea-…: letters, digits and hyphens";

/// What `render(config)` was given.
pub(crate) struct RenderConfig {
    api_key: Option<Secret>,
    owner_id: Option<String>,
    defaults: RenderDefaults,
    settings: Settings,
    access: LastAccess,
}

impl RenderConfig {
    pub(crate) fn read(config: &Reader<'_>) -> Result<Arc<dyn Definition>> {
        let owner_id = config.filled_text("ownerId")?.map(|id| id.trim().to_owned());
        if owner_id.as_deref().is_some_and(|id| !is_owner_id(id)) {
            return Err(config.refusal("ownerId", OWNER_ID_RULE));
        }
        Ok(Arc::new(Self {
            api_key: config.secret("apiKey")?,
            owner_id,
            defaults: RenderDefaults::read(config)?,
            settings: Settings::read(config)?,
            access: LastAccess::default(),
        }))
    }

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

/// Ids are opaque, but a comma in one would make a list of it in a query (`reference/render.md` §6).
fn is_owner_id(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl Definition for RenderConfig {
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
        let key = match &self.api_key {
            Some(key) => key.clone(),
            None => environment
                .credential("RENDER_API_KEY")?
                .ok_or_else(|| Error::config(MISSING_API_KEY))?,
        };
        let owner_id = self.owner_id(environment)?;
        let terms = Terms {
            base: DEFAULT_BASE,
            header: (&AUTHORIZATION, "Bearer "),
            credential: &key,
            place: &[&owner_id],
        };
        let scope = |origin: &str| Scope::new(IDENTITY, origin, &key, &[&owner_id]);
        let Access { client, scope } = self.access.on(terms, core, &self.settings, scope)?;
        let options = match operation {
            Operation::Create => RenderOptions::read(options, &self.defaults)?,
            _ => RenderOptions::default(),
        };
        let mut redactor = Redactor::default();
        redactor.add(&key);
        // Only a deletion could hit it.
        let own_service_id = match operation {
            Operation::Destroy => environment.variable("RENDER_SERVICE_ID").map(|id| id.trim().to_owned()),
            _ => None,
        };
        let provider = Render {
            client,
            scope,
            owner_id,
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
