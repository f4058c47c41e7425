//! The instances that this process created, deleted or is deleting, as long as reads may still show another state.
//!
//! Entries are keyed by scope, or by location and name where any credential of the location must find them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::expiring_map::ExpiringMap;
use crate::context::clock::SharedClock;
use crate::model::handle::Handle;
use crate::model::scope::Scope;

/// The most entries of each kind; the oldest goes first.
const CAPACITY: usize = 10_000;

/// How long a creation is remembered: longer than a read can still fail to show it.
const CREATION_LIFETIME: Duration = Duration::from_secs(600);

/// How long a deletion is remembered: longer than any read is known to show what is gone (docs/providers/railway.md).
const DELETION_LIFETIME: Duration = Duration::from_secs(600);

type LocationAndId = ([u8; 32], String);

/// The instances that this process has touched in the last minutes.
pub(crate) struct RecentInstances {
    clock: SharedClock,
    tables: Mutex<Tables>,
}

struct Tables {
    created: ExpiringMap<(Scope, String), Creation>,
    /// By location, as the next two: the instance may be destroyed with another credential.
    pending_creates: ExpiringMap<LocationAndId, PendingCreate>,
    deleted: ExpiringMap<LocationAndId, ()>,
    deleting: ExpiringMap<LocationAndId, ()>,
}

struct Creation {
    /// Whether a read has shown the instance.
    seen: bool,
}

/// A create request that was sent again, or beside which another was sent. It may still take effect, and makes a second
/// resource if the first one is deleted by then.
#[derive(Clone)]
pub(crate) struct PendingCreate {
    pub(crate) handle: Handle,
    /// When the request can no longer take effect.
    pub(crate) until: Instant,
}

impl RecentInstances {
    /// Makes an empty table.
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            tables: Mutex::new(Tables {
                created: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                pending_creates: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                deleted: ExpiringMap::new(CAPACITY, DELETION_LIFETIME),
                deleting: ExpiringMap::new(CAPACITY, DELETION_LIFETIME),
            }),
        }
    }

    /// Notes that this process has just created the instance.
    pub(crate) fn created(&self, scope: &Scope, id: &str, pending_create: Option<PendingCreate>) {
        let now = self.clock.now();
        let mut tables = self.tables();
        if let Some(pending_create) = pending_create {
            tables
                .pending_creates
                .insert(now, location_and_id(scope, id), pending_create);
        }
        let creation = Creation { seen: false };
        tables.created.insert(now, (*scope, id.to_owned()), creation);
    }

    /// Notes that a read has shown the instance: from now on its absence means that it is gone.
    pub(crate) fn seen(&self, scope: &Scope, id: &str) {
        if let Some(creation) = self.tables().created.get_mut(&(*scope, id.to_owned())) {
            creation.seen = true;
        }
    }

    /// Notes that the instance was deleted, together with whatever a pending create has made.
    pub(crate) fn deleted(&self, scope: &Scope, id: &str) {
        let now = self.clock.now();
        let mut tables = self.tables();
        tables.created.remove(&(*scope, id.to_owned()));
        tables.pending_creates.remove(&location_and_id(scope, id));
        tables.deleted.insert(now, location_and_id(scope, id), ());
    }

    /// Notes that the instance is about to be deleted: no other create may adopt it.
    pub(crate) fn mark_deleting(&self, scope: &Scope, id: &str) {
        let now = self.clock.now();
        self.tables().deleting.insert(now, location_and_id(scope, id), ());
    }

    /// Takes back [`RecentInstances::mark_deleting`]: the instance could not be deleted.
    pub(crate) fn unmark_deleting(&self, scope: &Scope, id: &str) {
        self.tables().deleting.remove(&location_and_id(scope, id));
    }

    /// Returns whether the instance is about to be deleted.
    pub(crate) fn is_deleting(&self, scope: &Scope, id: &str) -> bool {
        let now = self.clock.now();
        self.tables().deleting.get(now, &location_and_id(scope, id)).is_some()
    }

    /// Returns whether this process has deleted the instance recently, so that reads may still show it.
    pub(crate) fn was_deleted(&self, scope: &Scope, id: &str) -> bool {
        let now = self.clock.now();
        self.tables().deleted.get(now, &location_and_id(scope, id)).is_some()
    }

    /// Returns the create request of the instance that may still take effect.
    pub(crate) fn pending_create(&self, scope: &Scope, id: &str) -> Option<PendingCreate> {
        let now = self.clock.now();
        let tables = self.tables();
        let (pending_create, _) = tables.pending_creates.get(now, &location_and_id(scope, id))?;
        Some(pending_create.clone())
    }

    /// Returns whether this process created the instance, as far back as it remembers.
    pub(crate) fn was_created_here(&self, scope: &Scope, id: &str) -> bool {
        self.age(scope, id).is_some()
    }

    /// Returns how long ago this process created the instance, if no read has shown it since.
    pub(crate) fn unseen_for(&self, scope: &Scope, id: &str) -> Option<Duration> {
        let (age, seen) = self.age(scope, id)?;
        (!seen).then_some(age)
    }

    fn age(&self, scope: &Scope, id: &str) -> Option<(Duration, bool)> {
        let now = self.clock.now();
        let tables = self.tables();
        let (creation, age) = tables.created.get(now, &(*scope, id.to_owned()))?;
        Some((age, creation.seen))
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics while it holds the lock, and the tables are valid after every statement.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn location_and_id(scope: &Scope, id: &str) -> LocationAndId {
    (*scope.location(), id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::context::clock::SystemClock;
    use crate::model::scope::Identity;
    use crate::secret::Secret;

    fn scope(tenant: &str) -> Scope {
        let identity = Identity {
            name: "railway",
            title: "Railway",
        };
        let key = Secret::new(tenant.to_owned());
        Scope::new(identity, "https://example.com", &key, &["project"])
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_is_unseen_until_it_is_read_and_belongs_to_its_tenant() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        instances.created(&scope("one"), "id", None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(instances.unseen_for(&scope("one"), "id"), Some(Duration::from_secs(5)));
        assert_eq!(instances.unseen_for(&scope("two"), "id"), None);
        instances.seen(&scope("one"), "id");
        assert_eq!(instances.unseen_for(&scope("one"), "id"), None);
        assert!(instances.was_created_here(&scope("one"), "id"));
        instances.deleted(&scope("one"), "id");
        assert!(!instances.was_created_here(&scope("one"), "id"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_tables_are_bounded() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        for number in 0..CAPACITY + 10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            instances.created(&scope("one"), &number.to_string(), None);
        }
        assert!(!instances.was_created_here(&scope("one"), "0"));
        assert!(instances.was_created_here(&scope("one"), &(CAPACITY + 9).to_string()));
    }
}
