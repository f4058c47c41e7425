//! Reads Namespace's configuration at the factory, and resolves the token and the endpoint at each call.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::api::Namespace;
use super::options::{NamespaceDefaults, NamespaceOptions};
use super::semantics::SEMANTICS;
use super::token;
use crate::error::{Error, Operation, Result};
use crate::http::credential::{Credential, Presentation};
use crate::http::endpoint::BaseUrl;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::connection::{CachedConnection, ConnectionParameters, Location};
use crate::provider::settings;
use crate::secret::Secret;

/// The default region of both Namespace SDKs (docs/providers/namespace.md).
const DEFAULT_REGION: &str = "us";

const DESTROY_REASON: &str = "Destroyed by the ComputeSDK gateway";

/// The fields of `config` that [`NamespaceConfig::read`] reads.
pub(super) const CONFIG_FIELDS: [&str; 9] = [
    "token",
    "region",
    "destroyReason",
    "virtualCpu",
    "memoryMegabytes",
    "machineArch",
    "os",
    "documentedPurpose",
    "timeout",
];

/// The configuration of `namespace(config)`.
pub(super) struct NamespaceConfig {
    token: Option<Secret>,
    region: Option<String>,
    destroy_reason: Option<String>,
    defaults: NamespaceDefaults,
    connection: CachedConnection,
}

impl NamespaceConfig {
    /// Reads and checks the configuration.
    pub(super) fn read(config: &Reader<'_>) -> Result<Arc<dyn ProviderConfig>> {
        let region = config.filled_text("region")?;
        if region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(config.invalid(
                "region",
                "must be a region, such as us: at most 63 lower-case letters, digits and hyphens, as a host name has them",
            ));
        }
        Ok(Arc::new(Self {
            token: config.secret("token")?,
            region,
            destroy_reason: config.filled_text("destroyReason")?,
            defaults: NamespaceDefaults::read(config)?,
            connection: CachedConnection::new(settings::read(config)?),
        }))
    }

    /// Returns the Compute API's address: that of the configured region, else `NSC_ENDPOINT`, else that of the default
    /// region. `baseUrl` replaces it.
    fn resolve_endpoint(&self, environment: &dyn Environment) -> Result<String> {
        if self.connection.settings().base_url.is_some() || self.region.is_some() {
            let region = self.region.as_deref().unwrap_or(DEFAULT_REGION);
            return Ok(regional_endpoint(region));
        }
        let Some(endpoint) = environment.variable("NSC_ENDPOINT") else {
            return Ok(regional_endpoint(DEFAULT_REGION));
        };
        // The form of the variable is not documented, so a bare host is accepted too.
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

/// Returns whether a text can be a region. It becomes part of a host name, and the token is sent to that host.
fn is_region(region: &str) -> bool {
    let is_label = region.len() <= 63
        && !region.starts_with('-')
        && !region.ends_with('-')
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    // Not every text that begins with `xn--` stands for a name.
    is_label && BaseUrl::parse(&regional_endpoint(region)).is_ok()
}

/// Returns the Compute API's address in a region (docs/providers/namespace.md).
fn regional_endpoint(region: &str) -> String {
    format!("https://{region}.compute.namespaceapis.com")
}

impl ProviderConfig for NamespaceConfig {
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider> {
        let credential = self.credential(call.environment)?;
        let endpoint = self.resolve_endpoint(call.environment)?;
        let parameters = ConnectionParameters {
            identity: SEMANTICS.identity,
            base: &endpoint,
            credential: &credential,
            // The token determines the workspace but need not name it. Tags and lists belong to an endpoint, so the same
            // key creates another instance in another region (docs/providers/namespace.md).
            location: Location::Endpoint,
        };
        let connection = self.connection.connection_for(call.http, parameters)?;
        let date = call.clock.date();
        let options = call.create_options(|options| NamespaceOptions::read(options, &self.defaults, date))?;
        connection.bind(call, credential, |client, _| {
            Box::new(Namespace {
                client,
                region: self.region.clone(),
                destroy_reason: self.destroy_reason.clone().unwrap_or_else(|| DESTROY_REASON.to_owned()),
                options,
            })
        })
    }

    fn credential(&self, environment: &dyn Environment) -> Result<Credential> {
        let (origin, secret) = token::resolve(self.token.as_ref(), environment)?;
        Ok(Credential {
            is_denied_when_expired: false,
            expires: token::expires_at(&secret),
            presentation: Presentation::Header(AUTHORIZATION, "Bearer "),
            origin,
            secret,
        })
    }

    fn credential_variables(&self) -> &'static [&'static str] {
        &token::VARIABLES
    }

    fn variables(&self, _operation: Operation) -> Vec<&'static str> {
        let settings = self.connection.settings();
        let mut variables = self.connection.variables();
        if self.token.is_none() {
            variables.extend(token::VARIABLES);
        }
        let has_endpoint = settings.base_url.is_some() || self.region.is_some();
        variables.extend((!has_endpoint).then_some("NSC_ENDPOINT"));
        variables
    }
}
