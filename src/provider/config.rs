//! The contract of a factory: what a provider declares, reads at its factory, and makes of it at each call.

use std::sync::Arc;
use std::time::Duration;

use super::Provider;
use super::facts::Facts;
use super::semantics::Semantics;
use crate::context::clock::Clock;
use crate::context::random::Random;
use crate::error::{Operation, Result};
use crate::http::credential::Credential;
use crate::http::endpoint::BaseUrl;
use crate::http::resources::HttpResources;
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::owner::Owner;
use crate::model::scope::CallScopes;
use crate::secret::Redactor;

/// A provider as the package exports it.
pub(crate) struct ProviderFactory {
    pub(crate) semantics: &'static Semantics,
    /// The fields of `config` that only this provider reads.
    pub(crate) config_fields: &'static [&'static str],
    /// The fields of `create`'s options that only this provider reads.
    pub(crate) create_fields: &'static [&'static str],
    /// Reads and checks a configuration. Does no I/O.
    pub(crate) read_config: fn(&Reader<'_>) -> Result<Arc<dyn ProviderConfig>>,
}

/// A configuration that was checked. Each call connects with it.
pub(crate) trait ProviderConfig: Send + Sync {
    /// Resolves credentials, from the configuration first, then from the environment as it is at this call; and reads, for
    /// a create, the options that only this provider has. Sends nothing.
    ///
    /// Errors: `INVALID_CONFIG` for a missing credential, `INVALID_ARGUMENT` for an invalid option.
    fn connect(&self, call: &ConnectRequest<'_>) -> Result<BoundProvider>;

    /// Resolves the credential alone, as [`ProviderConfig::connect`] does.
    fn credential(&self, environment: &dyn Environment) -> Result<Credential>;

    /// Returns the variables that [`ProviderConfig::credential`] may read.
    fn credential_variables(&self) -> &'static [&'static str];

    /// Returns the variables that [`ProviderConfig::connect`] may read, given what the configuration holds. Each costs a call
    /// about half a microsecond on JavaScript's thread.
    fn variables(&self, operation: Operation) -> Vec<&'static str>;
}

/// A factory and the configuration that it has read: what a provider object of JavaScript stands for.
pub(crate) struct ConfiguredProvider {
    pub(crate) factory: &'static ProviderFactory,
    pub(crate) config: Arc<dyn ProviderConfig>,
    variables: [(Operation, Vec<&'static str>); 4],
}

impl ConfiguredProvider {
    /// Puts a configuration to its factory.
    pub(crate) fn new(factory: &'static ProviderFactory, config: Arc<dyn ProviderConfig>) -> Self {
        use Operation::{Create, Destroy, GetById, List};
        Self {
            factory,
            variables: [Create, GetById, List, Destroy].map(|operation| (operation, config.variables(operation))),
            config,
        }
    }

    /// Returns the variables that a call of this operation may read.
    pub(crate) fn variables(&self, operation: Operation) -> &[&'static str] {
        let found = self.variables.iter().find(|(known, _)| *known == operation);
        found.map_or(&[], |(_, names)| names)
    }
}

/// Everything that a configuration needs to connect for one call.
pub(crate) struct ConnectRequest<'a> {
    pub(crate) operation: Operation,
    /// The configuration that connects. It resolves the credential again when that is refused.
    pub(crate) config: &'a Arc<dyn ProviderConfig>,
    /// The options of the call.
    pub(crate) options: &'a Reader<'a>,
    pub(crate) environment: &'a dyn Environment,
    pub(crate) http: &'a Arc<HttpResources>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) random: &'a dyn Random,
    pub(crate) facts: &'a Arc<dyn Facts>,
}

impl ConnectRequest<'_> {
    /// Reads a provider's options of `create`; the default for every other operation.
    pub(crate) fn create_options<T: Default>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T>) -> Result<T> {
        match self.operation {
            Operation::Create => read(self.options),
            _ => Ok(T::default()),
        }
    }
}

/// A provider for one call.
pub(crate) struct BoundProvider {
    pub(crate) provider: Box<dyn Provider>,
    pub(crate) scopes: Arc<CallScopes>,
    /// The address of the API.
    pub(crate) base: Arc<BaseUrl>,
    /// The owner of what the call creates, or lists as owned.
    pub(crate) owner: Option<Owner>,
    /// The secrets that no text of the call may show.
    pub(crate) redactor: Redactor,
    /// How often a create may be sent again.
    pub(crate) max_retries: u32,
    /// How long one exchange with the provider may take, with every retry.
    pub(crate) exchange_timeout: Duration,
}
