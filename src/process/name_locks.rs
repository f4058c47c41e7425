//! Locks by name: work on one name runs one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

use crate::context::CallContext;
use crate::error::{Error, Result};
use crate::model::scope::Scope;

/// How many locks are kept before unused ones are dropped.
const CAPACITY: usize = 10_000;

type NameLock = tokio::sync::Mutex<()>;

/// The locks of all names in all scopes.
#[derive(Default)]
pub(crate) struct NameLocks(Mutex<HashMap<(Scope, String), Weak<NameLock>>>);

impl NameLocks {
    /// Waits until no other call of this scope holds the lock of this name. Tenants never wait for each other.
    ///
    /// Errors: `ABORTED`.
    pub(crate) async fn acquire(
        &self,
        context: &CallContext,
        scope: &Scope,
        name: &str,
    ) -> Result<OwnedMutexGuard<()>> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() >= CAPACITY {
                locks.retain(|_, lock| lock.strong_count() > 0);
            }
            let kept = locks.entry((*scope, name.to_owned())).or_default();
            kept.upgrade().unwrap_or_else(|| {
                let lock = Arc::default();
                *kept = Arc::downgrade(&lock);
                lock
            })
        };
        tokio::select! {
            biased;
            () = context.cancelled() => Err(Error::aborted()),
            guard = lock.lock_owned() => Ok(guard),
        }
    }
}
