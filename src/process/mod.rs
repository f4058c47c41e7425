//! What lives once per process.

pub(crate) mod expiring_map;
pub(crate) mod instances;

use std::sync::Arc;

use crate::context::clock::SharedClock;
use crate::context::random::Random;
use crate::http::tenant::Tenancies;
use crate::http::transport::Transport;
use crate::process::instances::Memory;

/// What lives once per process: shared by all tenants, but nothing in it lets one see another.
pub(crate) struct Core {
    pub(crate) clock: SharedClock,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) memory: Memory,
    pub(crate) tenancies: Tenancies,
}

impl Core {
    /// A number evenly spread over 0 to 1, for jitter. Without entropy it is 1: the longest wait, which does no harm.
    pub(crate) fn roll(&self) -> f64 {
        let mut bytes = [0_u8; 4];
        match self.random.fill(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_) => 1.0,
        }
    }

    pub(crate) fn new(clock: SharedClock, random: Arc<dyn Random>, transport: Arc<dyn Transport>) -> Self {
        Self {
            memory: Memory::new(Arc::clone(&clock)),
            tenancies: Tenancies::default(),
            clock,
            random,
            transport,
        }
    }
}
