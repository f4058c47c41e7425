//! What this process remembers: what it created moments ago, and answers that rarely change.
//!
//! Everything is keyed by the scope (endpoint, credential, project …), so that no tenant sees another's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::context::Cx;
use crate::context::clock::SharedClock;
use crate::error::{Error, Result};
use crate::model::handle::Handle;
use crate::model::scope::Scope;
use crate::process::expiring_map::Recent;

/// The most that is remembered of each kind; the oldest goes first.
const CAPACITY: usize = 10_000;

/// How long a creation of ours is remembered: as long as a reader could still fail to see it, and then some.
const CREATION_LIFETIME: Duration = Duration::from_secs(600);

/// How long a removal of ours is remembered: longer than any read is known to show what is gone
/// (`reference/railway.md` §8.8).
const REMOVAL_LIFETIME: Duration = Duration::from_secs(600);

/// The most that a fact is remembered, whatever is asked for.
const FACT_LIFETIME: Duration = Duration::from_secs(600);

type PlaceAndName = ([u8; 32], String);

/// Whose turn it is to create under a name.
type Turn = tokio::sync::Mutex<()>;

pub(crate) struct Memory {
    clock: SharedClock,
    turns: Mutex<HashMap<PlaceAndName, Weak<Turn>>>,
    tables: Mutex<Tables>,
}

struct Tables {
    creations: Recent<(Scope, String), Creation>,
    /// By place, as the next: with whatever credential it is removed.
    stragglers: Recent<PlaceAndName, Straggler>,
    removals: Recent<PlaceAndName, ()>,
    /// What a failed create is about to remove.
    doomed: Recent<PlaceAndName, ()>,
    facts: Recent<(Scope, &'static str), Fact>,
}

struct Creation {
    /// Whether a read has shown it.
    seen: bool,
}

/// A sending of a create whose answer was lost, and which was repeated without waiting: it may still take effect, and
/// makes another resource if the one that the repetition made is gone by then.
#[derive(Clone)]
pub(crate) struct Straggler {
    pub(crate) handle: Handle,
    /// What has not taken effect by then never will.
    pub(crate) until: Instant,
}

struct Fact {
    until: Instant,
    value: &'static str,
}

impl Memory {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            turns: Mutex::default(),
            tables: Mutex::new(Tables {
                creations: Recent::new(CAPACITY, CREATION_LIFETIME),
                stragglers: Recent::new(CAPACITY, CREATION_LIFETIME),
                removals: Recent::new(CAPACITY, REMOVAL_LIFETIME),
                doomed: Recent::new(CAPACITY, REMOVAL_LIFETIME),
                facts: Recent::new(CAPACITY, FACT_LIFETIME),
            }),
        }
    }

    /// This process created the instance just now.
    pub(crate) fn created(&self, scope: &Scope, id: &str, straggler: Option<Straggler>) {
        let now = self.clock.now();
        let mut tables = self.tables();
        if let Some(straggler) = straggler {
            tables.stragglers.insert(now, place_and(scope, id), straggler);
        }
        let creation = Creation { seen: false };
        tables.creations.insert(now, (*scope, id.to_owned()), creation);
    }

    /// A read has shown the instance: from now on its absence means that it is gone.
    pub(crate) fn seen(&self, scope: &Scope, id: &str) {
        if let Some(creation) = self.tables().creations.get_mut(&(*scope, id.to_owned())) {
            creation.seen = true;
        }
    }

    /// The instance was removed, and with it what a lost sending has made.
    pub(crate) fn removed(&self, scope: &Scope, id: &str) {
        let now = self.clock.now();
        let mut tables = self.tables();
        tables.creations.remove(&(*scope, id.to_owned()));
        tables.stragglers.remove(&place_and(scope, id));
        tables.removals.insert(now, place_and(scope, id), ());
    }

    /// The instance is about to be removed: nobody else may take it for theirs.
    pub(crate) fn dooms(&self, scope: &Scope, id: &str) {
        let now = self.clock.now();
        self.tables().doomed.insert(now, place_and(scope, id), ());
    }

    /// The instance could not be removed.
    pub(crate) fn spares(&self, scope: &Scope, id: &str) {
        self.tables().doomed.remove(&place_and(scope, id));
    }

    pub(crate) fn is_doomed(&self, scope: &Scope, id: &str) -> bool {
        let now = self.clock.now();
        self.tables().doomed.get(now, &place_and(scope, id)).is_some()
    }

    /// Whether this process removed the instance not long ago, so that reads may still show it.
    pub(crate) fn was_removed(&self, scope: &Scope, id: &str) -> bool {
        let now = self.clock.now();
        self.tables().removals.get(now, &place_and(scope, id)).is_some()
    }

    /// What a lost sending of the instance's create may still make, or has made and nobody has looked for yet.
    pub(crate) fn straggler(&self, scope: &Scope, id: &str) -> Option<Straggler> {
        let now = self.clock.now();
        let tables = self.tables();
        let (straggler, _) = tables.stragglers.get(now, &place_and(scope, id))?;
        Some(straggler.clone())
    }

    /// Whether this process created the instance, as far back as it remembers.
    pub(crate) fn is_ours(&self, scope: &Scope, id: &str) -> bool {
        self.age(scope, id).is_some()
    }

    /// How long ago this process created the instance, if no read has shown it since.
    pub(crate) fn unseen_for(&self, scope: &Scope, id: &str) -> Option<Duration> {
        let (age, seen) = self.age(scope, id)?;
        (!seen).then_some(age)
    }

    fn age(&self, scope: &Scope, id: &str) -> Option<(Duration, bool)> {
        let now = self.clock.now();
        let tables = self.tables();
        let (creation, age) = tables.creations.get(now, &(*scope, id.to_owned()))?;
        Some((age, creation.seen))
    }

    /// Waits until nobody else in this process is at work on the same name: with whatever credential, where the place
    /// alone tells tenants apart.
    pub(crate) async fn turn(&self, cx: &Cx, scope: &Scope, name: &str) -> Result<OwnedMutexGuard<()>> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.len() >= CAPACITY {
                turns.retain(|_, turn| turn.strong_count() > 0);
            }
            let kept = turns.entry((*scope.turn(), name.to_owned())).or_default();
            kept.upgrade().unwrap_or_else(|| {
                let turn = Arc::default();
                *kept = Arc::downgrade(&turn);
                turn
            })
        };
        tokio::select! {
            biased;
            () = cx.cancelled() => Err(Error::aborted()),
            guard = turn.lock_owned() => Ok(guard),
        }
    }

    /// Remembers an answer of the provider's for a while.
    pub(crate) fn learn(&self, scope: &Scope, fact: &'static str, value: &'static str, lifetime: Duration) {
        let now = self.clock.now();
        let until = now + lifetime.min(FACT_LIFETIME);
        self.tables().facts.insert(now, (*scope, fact), Fact { until, value });
    }

    /// An answer that is still fresh.
    pub(crate) fn recall(&self, scope: &Scope, fact: &'static str) -> Option<&'static str> {
        let now = self.clock.now();
        let tables = self.tables();
        let (fact, _) = tables.facts.get(now, &(*scope, fact))?;
        (now < fact.until).then_some(fact.value)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics while it holds the lock, and the tables are valid after every statement.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place_and(scope: &Scope, name: &str) -> PlaceAndName {
    (*scope.place(), name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::clock::SystemClock;

    fn scope(tenant: &str) -> Scope {
        let identity = crate::model::scope::Identity {
            name: "railway",
            title: "Railway",
        };
        let key = crate::secret::Secret::new(tenant.to_owned());
        Scope::new(identity, "https://example.com", &key, &["project"])
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_is_unseen_until_it_is_read_and_belongs_to_its_tenant() {
        let memory = Memory::new(Arc::new(SystemClock));
        memory.created(&scope("one"), "id", None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(memory.unseen_for(&scope("one"), "id"), Some(Duration::from_secs(5)));
        assert_eq!(memory.unseen_for(&scope("two"), "id"), None);
        memory.seen(&scope("one"), "id");
        assert_eq!(memory.unseen_for(&scope("one"), "id"), None);
        assert!(memory.is_ours(&scope("one"), "id"));
        memory.removed(&scope("one"), "id");
        assert!(!memory.is_ours(&scope("one"), "id"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fact_goes_stale() {
        let memory = Memory::new(Arc::new(SystemClock));
        memory.learn(&scope("one"), "isolation", "sole", Duration::from_secs(60));
        assert_eq!(memory.recall(&scope("one"), "isolation"), Some("sole"));
        assert_eq!(memory.recall(&scope("two"), "isolation"), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(memory.recall(&scope("one"), "isolation"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let memory = Memory::new(Arc::new(SystemClock));
        for number in 0..CAPACITY + 10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            memory.created(&scope("one"), &number.to_string(), None);
        }
        assert!(!memory.is_ours(&scope("one"), "0"));
        assert!(memory.is_ours(&scope("one"), &(CAPACITY + 9).to_string()));
    }
}
