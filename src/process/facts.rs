//! The facts that providers have learned.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::expiring_map::ExpiringMap;
use super::name_locks::NameLocks;
use crate::context::CallContext;
use crate::context::clock::SharedClock;
use crate::error::Result;
use crate::model::scope::Scope;
use crate::provider::facts::Facts;

/// The most facts that are kept; the oldest goes first.
const CAPACITY: usize = 10_000;

/// The longest that a fact is kept, also if its provider asks for more.
const LONGEST_LIFETIME: Duration = Duration::from_secs(600);

/// The facts of all scopes.
pub(crate) struct FactCache {
    clock: SharedClock,
    facts: Mutex<ExpiringMap<(Scope, &'static str), Fact>>,
    locks: NameLocks,
}

struct Fact {
    value: &'static str,
    expires_at: Instant,
}

impl FactCache {
    /// Makes an empty cache.
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            facts: Mutex::new(ExpiringMap::new(CAPACITY, LONGEST_LIFETIME)),
            locks: NameLocks::default(),
        }
    }

    fn facts(&self) -> MutexGuard<'_, ExpiringMap<(Scope, &'static str), Fact>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Facts for FactCache {
    fn get(&self, scope: &Scope, fact: &'static str) -> Option<&'static str> {
        let now = self.clock.now();
        let facts = self.facts();
        let (fact, _) = facts.get(now, &(*scope, fact))?;
        (now < fact.expires_at).then_some(fact.value)
    }

    fn insert(&self, scope: &Scope, fact: &'static str, value: &'static str, lifetime: Duration) {
        let now = self.clock.now();
        let expires_at = now + lifetime.min(LONGEST_LIFETIME);
        self.facts().insert(now, (*scope, fact), Fact { value, expires_at });
    }

    async fn acquire(&self, context: &CallContext, scope: &Scope, fact: &'static str) -> Result<OwnedMutexGuard<()>> {
        self.locks.acquire(context, scope, fact).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::context::clock::SystemClock;
    use crate::model::scope::Identity;
    use crate::secret::Secret;

    fn scope(endpoint: &str, credential: &str) -> Scope {
        let identity = Identity {
            name: "acme",
            title: "Acme",
        };
        Scope::new(identity, endpoint, &Secret::new(credential.to_owned()), &["project"])
    }

    fn own() -> Scope {
        scope("https://example.com", "key")
    }

    fn others() -> [Scope; 2] {
        [
            scope("https://example.com", "other"),
            scope("https://other.example", "key"),
        ]
    }

    #[tokio::test(start_paused = true)]
    async fn a_fact_expires_and_belongs_to_its_tenant() {
        let facts = FactCache::new(Arc::new(SystemClock));
        facts.insert(&own(), "isolation", "sole", Duration::from_secs(60));
        assert_eq!(facts.get(&own(), "isolation"), Some("sole"));
        for other in others() {
            assert_eq!(facts.get(&other, "isolation"), None);
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(facts.get(&own(), "isolation"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_that_fetches_a_fact_holds_up_no_other() {
        let clock: SharedClock = Arc::new(SystemClock);
        let context = CallContext::new(Arc::clone(&clock), CancellationToken::new());
        let facts = FactCache::new(clock);
        let _held = facts.acquire(&context, &own(), "isolation").await.unwrap();
        for other in others() {
            facts.acquire(&context, &other, "isolation").await.unwrap();
        }
        let own = own();
        let is_free = tokio::select! {
            _ = facts.acquire(&context, &own, "isolation") => true,
            () = context.sleep_uncancelled(Duration::from_secs(60)) => false,
        };
        assert!(!is_free);
    }
}
