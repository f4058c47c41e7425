//! A tenant: what the calls of one credential to one origin share. Tenants meet only in the origin's limit of concurrent
//! requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::rate_limit::RateWindows;
use super::retry_quota::RetryQuota;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Secret;

/// The most concurrent requests to one origin, of all tenants together. Each may take a connection, and a process has 1024
/// files by default.
const ORIGIN_LIMIT: usize = 256;

/// The most concurrent requests of one tenant: half of the origin's, so that no tenant fills it alone.
const TENANT_LIMIT: usize = 128;

/// How many tenants are kept before idle ones are dropped.
const CAPACITY: usize = 10_000;

/// All tenants of the process.
#[derive(Default)]
pub(super) struct Tenants(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    tenants: HashMap<[u8; 32], Arc<Tenant>>,
    origins: HashMap<String, Arc<Semaphore>>,
}

/// One credential at one origin.
pub(super) struct Tenant {
    pub(super) quota: RetryQuota,
    pub(super) windows: RateWindows,
    permits: Semaphore,
    origin_permits: Arc<Semaphore>,
}

/// The permission to have one request under way, until it is dropped.
pub(super) struct Permit<'a> {
    _own: SemaphorePermit<'a>,
    _of_origin: SemaphorePermit<'a>,
}

impl Tenants {
    /// Returns the tenant of a credential at an origin.
    pub(super) fn get_or_insert(&self, origin: &str, credential: &Secret) -> Arc<Tenant> {
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
            tables.origins.retain(|_, permits| Arc::strong_count(permits) > 1);
        }
        let origin_permits = tables.origins.entry(origin.to_owned());
        let origin_permits = Arc::clone(origin_permits.or_insert_with(|| Arc::new(Semaphore::new(ORIGIN_LIMIT))));
        let tenant = Arc::new(Tenant {
            quota: RetryQuota::default(),
            windows: RateWindows::default(),
            permits: Semaphore::new(TENANT_LIMIT),
            origin_permits,
        });
        tables.tenants.insert(key, Arc::clone(&tenant));
        tenant
    }
}

impl Tenant {
    /// Waits for a concurrency permit, first come, first served.
    ///
    /// Errors: `ABORTED`; `TIMEOUT` at the operation's deadline. Nothing was sent then.
    pub(super) async fn acquire_permit(&self, context: &CallContext) -> Result<Permit<'_>> {
        // The tenant's own permit comes first: a tenant that waits for its own limit must not hold the origin's permits.
        let permits = async {
            let own = self.permits.acquire().await.ok()?;
            let of_origin = self.origin_permits.acquire().await.ok()?;
            Some(Permit {
                _own: own,
                _of_origin: of_origin,
            })
        };
        tokio::select! {
            biased;
            () = context.cancelled() => Err(Error::aborted()),
            permit = permits => permit.ok_or_else(|| Error::internal("The limit of concurrent requests was closed.")),
            () = context.expired() => {
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
        let tenants = Tenants::default();
        let tenant = |origin: &str, key: &str| tenants.get_or_insert(origin, &Secret::new(key.to_owned()));
        assert!(Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://a", "k")));
        assert!(!Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://a", "l")));
        assert!(!Arc::ptr_eq(&tenant("https://a", "k"), &tenant("https://b", "k")));
        assert!(Arc::ptr_eq(
            &tenant("https://a", "k").origin_permits,
            &tenant("https://a", "l").origin_permits
        ));
    }

    #[test]
    fn idle_tenants_are_forgotten_and_busy_ones_kept() {
        let tenants = Tenants::default();
        let busy = tenants.get_or_insert("https://a", &Secret::new("busy".to_owned()));
        for number in 0..CAPACITY + 5 {
            tenants.get_or_insert("https://a", &Secret::new(number.to_string()));
        }
        let count = tenants.0.lock().unwrap().tenants.len();
        assert!(count < CAPACITY, "{count}");
        assert!(Arc::ptr_eq(
            &busy,
            &tenants.get_or_insert("https://a", &Secret::new("busy".to_owned()))
        ));
    }
}
