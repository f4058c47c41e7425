//! The state that lives once per process. All tenants share it, but nothing in it lets one tenant see another.

pub(crate) mod expiring_map;
pub(crate) mod facts;
pub(crate) mod id_hash;
pub(crate) mod instances;
pub(crate) mod name_locks;

use std::sync::Arc;

use self::facts::FactCache;
use self::instances::RecentInstances;
use self::name_locks::NameLocks;
use crate::context::clock::SharedClock;
use crate::context::random::Random;
use crate::http::resources::HttpResources;
use crate::http::transport::Transport;

/// The state of the process.
pub(crate) struct ProcessState {
    pub(crate) clock: SharedClock,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) http: Arc<HttpResources>,
    pub(crate) instances: RecentInstances,
    pub(crate) facts: Arc<FactCache>,
    pub(crate) name_locks: NameLocks,
}

impl ProcessState {
    /// Makes an empty state.
    pub(crate) fn new(clock: SharedClock, random: Arc<dyn Random>, transport: Arc<dyn Transport>) -> Self {
        Self {
            http: Arc::new(HttpResources::new(transport, Arc::clone(&random))),
            instances: RecentInstances::new(Arc::clone(&clock)),
            facts: Arc::new(FactCache::new(Arc::clone(&clock))),
            name_locks: NameLocks::default(),
            clock,
            random,
        }
    }
}
