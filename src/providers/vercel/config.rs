//! Vercel's settings: what the factory takes, and what it makes of them at a call.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::credentials::Configured;
use super::daemon::Daemon;
use super::options::{VercelDefaults, VercelOptions};
use super::{IDENTITY, Vercel};
use crate::error::{Operation, Result};
use crate::http::effect::Effect;
use crate::http::settings::Settings;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::scope::{Identity, Scope};
use crate::process::Core;
use crate::provider::config::{Bound, Definition};
use crate::provider::connection::{Access, LastAccess, Terms};
use crate::secret::Redactor;

/// What both official clients use (`reference/vercel.md` §2).
const DEFAULT_BASE: &str = "https://vercel.com/api";

/// What `vercel(config)` was given.
pub(crate) struct VercelConfig {
    configured: Configured,
    defaults: VercelDefaults,
    settings: Settings,
    access: LastAccess,
}

impl VercelConfig {
    pub(crate) fn read(config: &Reader<'_>) -> Result<Arc<dyn Definition>> {
        Ok(Arc::new(Self {
            configured: Configured {
                token: config.secret("token")?,
                oidc_token: config.secret("oidcToken")?,
                team_id: config.filled_text("teamId")?,
                project_id: config.filled_text("projectId")?,
            },
            defaults: VercelDefaults::read(config)?,
            settings: Settings::read(config)?,
            access: LastAccess::default(),
        }))
    }
}

impl Definition for VercelConfig {
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
        let credentials = self.configured.resolve(environment, core.clock.date())?;
        let token = &credentials.token;
        let place = [credentials.team_id.as_str(), &credentials.project_id];
        let terms = Terms {
            base: DEFAULT_BASE,
            header: (&AUTHORIZATION, "Bearer "),
            credential: token,
            place: &place,
        };
        let scope = |origin: &str| Scope::new(IDENTITY, origin, token, &place);
        let Access { client, scope } = self.access.on(terms, core, &self.settings, scope)?;
        let options = match operation {
            Operation::Create => VercelOptions::read(options, &self.defaults)?,
            _ => VercelOptions::default(),
        };
        let mut redactor = Redactor::default();
        redactor.add(token);
        let provider = Vercel {
            scope,
            client,
            token_expired: credentials.expired,
            team_id: credentials.team_id,
            project_id: credentials.project_id,
            options,
            daemon: Daemon::new(&*core.random)?,
        };
        Ok(Bound {
            provider: Box::new(provider),
            redactor,
            max_retries: self.settings.max_retries,
            patience: self.settings.patience(Effect::Idempotent),
        })
    }
}
