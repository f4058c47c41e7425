//! Namespace's settings: what the factory takes, what the environment supplies, and which endpoint they lead to.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::options::{NamespaceDefaults, NamespaceOptions};
use super::{IDENTITY, Namespace, token};
use crate::error::{Error, Operation, Result};
use crate::http::effect::Effect;
use crate::http::endpoint::BaseUrl;
use crate::http::settings::Settings;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::scope::{Identity, Scope};
use crate::process::Core;
use crate::provider::config::{Bound, Definition};
use crate::provider::connection::{Access, LastAccess, Terms};
use crate::secret::{Redactor, Secret};

/// The default of both current clients (`reference/namespace.md` §2).
const DEFAULT_REGION: &str = "us";

const DESTROY_REASON: &str = "Destroyed by the ComputeSDK gateway";

/// What `namespace(config)` was given.
pub(crate) struct NamespaceConfig {
    token: Option<Secret>,
    region: Option<String>,
    destroy_reason: Option<String>,
    defaults: NamespaceDefaults,
    settings: Settings,
    access: LastAccess,
}

impl NamespaceConfig {
    pub(crate) fn read(config: &Reader<'_>) -> Result<Arc<dyn Definition>> {
        let region = config.filled_text("region")?;
        // It becomes part of a host name, and the token goes to that host.
        let label = |region: &str| {
            region
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if region.as_deref().is_some_and(|region| !label(region)) {
            return Err(config.refusal(
                "region",
                "must hold only lower-case letters, digits and hyphens, such as us",
            ));
        }
        Ok(Arc::new(Self {
            token: config.secret("token")?,
            region,
            destroy_reason: config.filled_text("destroyReason")?,
            defaults: NamespaceDefaults::read(config)?,
            settings: Settings::read(config)?,
            access: LastAccess::default(),
        }))
    }

    /// The Compute API's address, unless `baseUrl` replaces it: configuration first, then the environment.
    fn endpoint(&self, environment: &dyn Environment) -> Result<String> {
        if self.settings.base_url.is_some() || self.region.is_some() {
            let region = self.region.as_deref().unwrap_or(DEFAULT_REGION);
            return Ok(regional(region));
        }
        let Some(endpoint) = environment.variable("NSC_ENDPOINT") else {
            return Ok(regional(DEFAULT_REGION));
        };
        // Its form is not documented; a bare host is taken for one.
        let endpoint = match endpoint.trim() {
            url if url.contains("://") => url.to_owned(),
            host => format!("https://{host}"),
        };
        match BaseUrl::parse(&endpoint) {
            Ok(_) => Ok(endpoint),
            Err(problem) => Err(Error::config(format!("NSC_ENDPOINT {problem}."))),
        }
    }
}

fn regional(region: &str) -> String {
    format!("https://{region}.compute.namespaceapis.com")
}

impl Definition for NamespaceConfig {
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
        let token = token::resolve(self.token.as_ref(), environment)?;
        let endpoint = self.endpoint(environment)?;
        let terms = Terms {
            base: &endpoint,
            header: (&AUTHORIZATION, "Bearer "),
            credential: &token,
            place: &[],
        };
        // The workspace is the token's, which need not tell it. Tags and lists belong to an endpoint (§2), so this is part
        // of the place: the same key makes another instance in another region.
        let scope = |origin: &str| Scope::new(IDENTITY, origin, &token, &[origin]).shared_by_tenants();
        let Access { client, scope } = self.access.on(terms, core, &self.settings, scope)?;
        let options = match operation {
            Operation::Create => NamespaceOptions::read(options, &self.defaults, core.clock.date())?,
            _ => NamespaceOptions::default(),
        };
        let mut redactor = Redactor::default();
        redactor.add(&token);
        let provider = Namespace {
            scope,
            token_expired: token::expired(&token, core.clock.date()),
            destroy_reason: self.destroy_reason.clone().unwrap_or_else(|| DESTROY_REASON.to_owned()),
            client,
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
