//! What a provider's factory keeps.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Operation, Result};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::scope::Identity;
use crate::process::Core;
use crate::provider::Provider;
use crate::secret::Redactor;

/// A factory's result in the core: settings that were checked, from which each call makes a [`Provider`].
pub(crate) trait Definition: Send + Sync {
    fn identity(&self) -> Identity;

    /// Resolves credentials, configuration first, then the environment as it is at this call; and, for a create, the
    /// options that only this provider has.
    ///
    /// Errors: `INVALID_CONFIG` for a missing credential, `INVALID_ARGUMENT` for a bad option. Sends nothing.
    fn bind(
        &self,
        core: &Arc<Core>,
        operation: Operation,
        environment: &dyn Environment,
        options: &Reader<'_>,
    ) -> Result<Bound>;
}

/// A provider for one call, with the secrets that no text of that call may show.
pub(crate) struct Bound {
    pub(crate) provider: Box<dyn Provider>,
    pub(crate) redactor: Redactor,
    /// How often a create may be sent again.
    pub(crate) max_retries: u32,
    /// How long one exchange with the provider may take, with every repetition.
    pub(crate) patience: Duration,
}
