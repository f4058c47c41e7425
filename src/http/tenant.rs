//! What the calls of one credential to one origin share: retry quota, rate windows, and a bound on how many requests
//! are under way. Tenants meet only in the bound of the origin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::rate_limit::RateWindows;
use super::retry_quota::Quota;
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Secret;

/// Requests under way to one origin, of all tenants together: each may take a connection, and a process has 1024 files
/// by default.
const ORIGIN_LIMIT: usize = 256;

/// Requests under way of one tenant: half of what the origin gets, so that nobody fills it alone.
const TENANT_LIMIT: usize = 128;

/// Tenants that are remembered while they are idle.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub(crate) struct Tenancies(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    tenants: HashMap<[u8; 32], Arc<Tenant>>,
    origins: HashMap<String, Arc<Semaphore>>,
}

pub(crate) struct Tenant {
    pub(crate) quota: Quota,
    pub(crate) windows: RateWindows,
    slots: Semaphore,
    origin_slots: Arc<Semaphore>,
}

/// A place among the requests under way.
pub(crate) struct Slot<'a> {
    _own: SemaphorePermit<'a>,
    _of_origin: SemaphorePermit<'a>,
}

impl Tenancies {
    pub(crate) fn of(&self, origin: &str, credential: &Secret) -> Arc<Tenant> {
        let mut hash = Sha256::new();
        hash.update((origin.len() as u64).to_le_bytes());
        hash.update(origin.as_bytes());
        hash.update(credential.expose().as_bytes());
        let key: [u8; 32] = hash.finalize().into();
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = tables.tenants.get(&key) {
            return Arc::clone(tenant);
        }
        if tables.tenants.len() >= CAPACITY {
            tables.tenants.retain(|_, tenant| Arc::strong_count(tenant) > 1);
            tables.origins.retain(|_, slots| Arc::strong_count(slots) > 1);
        }
        let origin_slots = tables.origins.entry(origin.to_owned());
        let origin_slots = Arc::clone(origin_slots.or_insert_with(|| Arc::new(Semaphore::new(ORIGIN_LIMIT))));
        let tenant = Arc::new(Tenant {
            quota: Quota::default(),
            windows: RateWindows::default(),
            slots: Semaphore::new(TENANT_LIMIT),
            origin_slots,
        });
        tables.tenants.insert(key, Arc::clone(&tenant));
        tenant
    }
}

impl Tenant {
    /// Waits for a place, in the order of the callers.
    ///
    /// Errors: `ABORTED`; `TIMEOUT` if the operation's deadline comes first. Nothing was sent then.
    pub(crate) async fn slot(&self, cx: &Cx) -> Result<Slot<'_>> {
        // The own place first: a tenant that queues for its own limit must not hold places of the origin meanwhile.
        let places = async {
            let own = self.slots.acquire().await.ok()?;
            let of_origin = self.origin_slots.acquire().await.ok()?;
            Some(Slot {
                _own: own,
                _of_origin: of_origin,
            })
        };
        tokio::select! {
            biased;
            () = cx.cancelled() => Err(Error::aborted()),
            slot = places => slot.ok_or_else(|| Error::internal("The limit of concurrent requests was closed.")),
            () = cx.expired() => {
                let text = "Too many requests were under way; this one was not sent before the operation's deadline.";
                Err(Error::new(ErrorCode::Timeout, text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_an_origin_and_a_credential() {
        let tenancies = Tenancies::default();
        let tenant = |origin: &str, key: &str| tenancies.of(origin, &Secret::new(key.to_owned()));
        assert!(Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://a", "k")));
        assert!(!Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://a", "l")));
        assert!(!Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://b", "k")));
        assert!(Arc::ptr_eq(
            &tenant("https://a", "k").origin_slots,
            &tenant("https://a", "l").origin_slots
        ));
    }

    #[test]
    fn idle_tenants_are_forgotten_and_busy_ones_kept() {
        let tenancies = Tenancies::default();
        let busy = tenancies.of("https://a", &Secret::new("busy".to_owned()));
        for number in 0..CAPACITY + 5 {
            tenancies.of("https://a", &Secret::new(number.to_string()));
        }
        let count = tenancies.0.lock().unwrap().tenants.len();
        assert!(count < CAPACITY, "{count}");
        assert!(Arc::ptr_eq(
            &busy,
            &tenancies.of("https://a", &Secret::new("busy".to_owned()))
        ));
    }
}
