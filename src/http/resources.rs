//! The resources that all HTTP clients of the process share.

use std::sync::Arc;

use super::tenant::Tenants;
use super::transport::Transport;
use crate::context::random::Random;

/// Connections, tenants and a source of jitter.
pub(crate) struct HttpResources {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) tenants: Tenants,
    pub(super) random: Arc<dyn Random>,
}

impl HttpResources {
    /// Makes the resources, without a tenant yet.
    pub(crate) fn new(transport: Arc<dyn Transport>, random: Arc<dyn Random>) -> Self {
        Self {
            transport,
            tenants: Tenants::default(),
            random,
        }
    }
}
