//! Resolves the credential of a call again while the call goes on: platforms renew token files and variables.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::config::ProviderConfig;
use crate::http::credential::{Credential, CredentialOrigin, CredentialSource};
use crate::input::environment::{Environment, EnvironmentReader, read_file};
use crate::model::scope::CallScopes;

/// Renews the credentials of one configuration.
pub(super) struct Renewal {
    config: Arc<dyn ProviderConfig>,
    environment: Arc<dyn EnvironmentReader>,
    /// Those of the call, which learn of each renewed credential.
    scopes: Arc<CallScopes>,
}

impl Renewal {
    pub(super) fn new(
        config: Arc<dyn ProviderConfig>,
        environment: Arc<dyn EnvironmentReader>,
        scopes: Arc<CallScopes>,
    ) -> Self {
        Self {
            config,
            environment,
            scopes,
        }
    }

    /// Resolves the credential again, as [`CredentialSource::renew`] does.
    async fn find_renewed(&self, used: &Credential) -> Option<Credential> {
        // A file is read first, without JavaScript: its thread may be busy, or have ended.
        if let CredentialOrigin::File { variable, path } = &used.origin {
            let variables = Variables([(*variable, path.clone())].into());
            if let Some(renewed) = self.resolve(variables).await
                && renewed.differs_from(used)
            {
                return Some(renewed);
            }
        }
        let mut variables = HashMap::new();
        for name in self.config.credential_variables() {
            variables.insert(*name, self.environment.variable(name).await?);
        }
        let renewed = self.resolve(Variables(variables)).await?;
        renewed.differs_from(used).then_some(renewed)
    }

    /// Resolves the credential from these variables and the files that they name.
    async fn resolve(&self, variables: Variables) -> Option<Credential> {
        let config = Arc::clone(&self.config);
        let resolving = tokio::task::spawn_blocking(move || config.credential(&variables));
        resolving.await.ok()?.ok()
    }
}

#[async_trait]
impl CredentialSource for Renewal {
    async fn renew(&self, used: &Credential) -> Option<Credential> {
        let renewed = self.find_renewed(used).await?;
        self.scopes.renew(&renewed.secret);
        Some(renewed)
    }
}

/// Variables as they were at one moment.
struct Variables(HashMap<&'static str, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.trim().is_empty()).cloned()
    }

    fn file(&self, path: &str) -> io::Result<String> {
        read_file(path)
    }
}
