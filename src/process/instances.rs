//! The instances that this process created, deleted or is deleting, as long as reads may still show another state.
//!
//! Entries are kept by scope, which is location, endpoint and credential: no tenant hides, delays or learns of another's.
//! Where a credential that was rotated between two calls makes two scopes of one tenant, the calls stand to each other as
//! those of two processes do.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::expiring_map::ExpiringMap;
use super::id_hash::{BuildIdHasher, IdHash, IdSeed};
use crate::context::clock::SharedClock;
use crate::model::handle::Handle;
use crate::model::scope::{CallScopes, Scope};

/// The most entries of each kind; the oldest goes first.
const CAPACITY: usize = 10_000;

/// How long a creation is remembered: longer than a read can still fail to show it.
const CREATION_LIFETIME: Duration = Duration::from_secs(600);

/// How long a deletion is remembered: longer than any read is known to show what is gone (docs/providers/railway.md).
const DELETION_LIFETIME: Duration = Duration::from_secs(600);

/// A table by the hash of scope and id.
type Table<V> = ExpiringMap<IdHash, V, BuildIdHasher>;

/// The instances that this process has touched in the last minutes.
pub(crate) struct RecentInstances {
    clock: SharedClock,
    seed: IdSeed,
    tables: Mutex<Tables>,
}

struct Tables {
    created: Table<Creation>,
    /// By the name that a caller or a key gave: the id of the instance that was created last under it.
    named: Table<String>,
    adopted: Table<()>,
    pending_creates: Table<PendingCreate>,
    deleted: Table<()>,
    deleting: Table<()>,
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
            seed: IdSeed::default(),
            tables: Mutex::new(Tables {
                created: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                named: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                adopted: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                pending_creates: ExpiringMap::new(CAPACITY, CREATION_LIFETIME),
                deleted: ExpiringMap::new(CAPACITY, DELETION_LIFETIME),
                deleting: ExpiringMap::new(CAPACITY, DELETION_LIFETIME),
            }),
        }
    }

    /// Returns the instances as one call sees them: those of all its scopes.
    pub(crate) fn of_call(&self, scopes: &CallScopes) -> CallInstances<'_> {
        CallInstances {
            instances: self,
            scopes: scopes.all(),
        }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics while it holds the lock, and the tables are valid after every statement.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one call may see and change.
pub(crate) struct CallInstances<'a> {
    instances: &'a RecentInstances,
    scopes: Vec<Scope>,
}

impl CallInstances<'_> {
    /// Notes that this call has just created the instance.
    pub(crate) fn created(&self, id: &str, pending_create: Option<&PendingCreate>) {
        let now = self.now();
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            if let Some(pending_create) = pending_create {
                tables.pending_creates.insert(now, key, pending_create.clone());
            }
            // Where an id is a name, a deleted one may exist again.
            tables.deleted.remove(&key);
            tables.created.insert(now, key, Creation { seen: false });
        }
    }

    /// Notes that an instance which this call has just created has a name that another create may ask for.
    pub(crate) fn named(&self, name: &str, id: &str) {
        let now = self.now();
        let mut tables = self.instances.tables();
        for key in self.keys(name) {
            tables.named.insert(now, key, id.to_owned());
        }
    }

    /// Returns the id of the instance that this process created last under a name.
    pub(crate) fn id_of(&self, name: &str) -> Option<String> {
        let now = self.now();
        let tables = self.instances.tables();
        self.keys(name)
            .find_map(|key| tables.named.get(now, &key).map(|(id, _)| id.clone()))
    }

    /// Notes that a call of this process holds the instance, which an earlier create with its key has made.
    pub(crate) fn adopted(&self, id: &str) {
        let now = self.now();
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            tables.adopted.insert(now, key, ());
        }
    }

    /// Returns whether a call of this process holds the instance, which an earlier create with its key has made.
    pub(crate) fn was_adopted(&self, id: &str) -> bool {
        let now = self.now();
        let tables = self.instances.tables();
        !mutated!(RemovesAdopted) && self.keys(id).any(|key| tables.adopted.get(now, &key).is_some())
    }

    /// Notes that a read has shown the instance: from now on its absence means that it is gone.
    pub(crate) fn seen(&self, id: &str) {
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            if let Some(creation) = tables.created.get_mut(&key) {
                creation.seen = true;
            }
        }
    }

    /// Notes that this process has deleted the instance, so that reads may still show it.
    pub(crate) fn deleted(&self, id: &str) {
        let now = self.now();
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            tables.adopted.remove(&key);
            tables.deleted.insert(now, key, ());
        }
    }

    /// Forgets the creation of an instance that was gone at `since`, together with all that a pending create has made. Where an
    /// id is a name, what was created or adopted later is another instance.
    pub(crate) fn forget(&self, id: &str, since: Instant) {
        let now = self.now();
        let past = now.saturating_duration_since(since);
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            tables.created.remove_if_aged(now, &key, past);
            tables.adopted.remove_if_aged(now, &key, past);
            tables.pending_creates.remove_if_aged(now, &key, past);
        }
    }

    /// Notes that the instance is about to be deleted: no other create may adopt it.
    pub(crate) fn mark_deleting(&self, id: &str) {
        let now = self.now();
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            tables.deleting.insert(now, key, ());
        }
    }

    /// Takes back [`CallInstances::mark_deleting`]: the instance could not be deleted.
    pub(crate) fn unmark_deleting(&self, id: &str) {
        let mut tables = self.instances.tables();
        for key in self.keys(id) {
            tables.deleting.remove(&key);
        }
    }

    /// Returns whether the instance is about to be deleted.
    pub(crate) fn is_deleting(&self, id: &str) -> bool {
        let now = self.now();
        let tables = self.instances.tables();
        self.keys(id).any(|key| tables.deleting.get(now, &key).is_some())
    }

    /// Returns whether this process has deleted the instance recently, so that reads may still show it.
    pub(crate) fn was_deleted(&self, id: &str) -> bool {
        let now = self.now();
        let tables = self.instances.tables();
        self.keys(id).any(|key| tables.deleted.get(now, &key).is_some())
    }

    /// Returns whether another call of this process has made or deleted, since then, what has the id.
    pub(crate) fn was_replaced_since(&self, id: &str, since: Instant) -> bool {
        let now = self.now();
        let past = now.saturating_duration_since(since);
        let tables = self.instances.tables();
        self.keys(id).any(|key| {
            let created = tables.created.get(now, &key).map(|(_, age)| age);
            let deleted = tables.deleted.get(now, &key).map(|((), age)| age);
            created.into_iter().chain(deleted).any(|age| age < past)
        })
    }

    /// Returns the create request of the instance that may still take effect.
    pub(crate) fn pending_create(&self, id: &str) -> Option<PendingCreate> {
        let now = self.now();
        let tables = self.instances.tables();
        self.keys(id).find_map(|key| {
            let (pending_create, _) = tables.pending_creates.get(now, &key)?;
            Some(pending_create.clone())
        })
    }

    /// Returns whether this process created the instance, as far back as it remembers.
    pub(crate) fn was_created_here(&self, id: &str) -> bool {
        self.age(id).is_some()
    }

    /// Returns how long ago this process created the instance, if no read has shown it since.
    pub(crate) fn unseen_for(&self, id: &str) -> Option<Duration> {
        let (age, seen) = self.age(id)?;
        (!seen).then_some(age)
    }

    fn age(&self, id: &str) -> Option<(Duration, bool)> {
        let now = self.now();
        let tables = self.instances.tables();
        self.keys(id).find_map(|key| {
            let (creation, age) = tables.created.get(now, &key)?;
            Some((age, creation.seen))
        })
    }

    fn keys(&self, id: &str) -> impl Iterator<Item = IdHash> {
        self.scopes
            .iter()
            .map(move |scope| self.instances.seed.hash((scope, id)))
    }

    fn now(&self) -> Instant {
        self.instances.clock.now()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::context::clock::SystemClock;
    use crate::context::random::SystemRandom;
    use crate::model::scope::Identity;
    use crate::secret::Secret;

    fn scopes_at(endpoint: &str, credential: &str) -> CallScopes {
        let identity = Identity {
            name: "railway",
            title: "Railway",
        };
        let key = Secret::new(credential.to_owned());
        CallScopes::new(Scope::new(identity, endpoint, &key, &["project"]))
    }

    fn scopes(credential: &str) -> CallScopes {
        scopes_at("https://example.com", credential)
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_is_unseen_until_it_is_read() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        let (one, two) = (scopes("one"), scopes("two"));
        let (one, two) = (instances.of_call(&one), instances.of_call(&two));
        one.created("id", None);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(one.unseen_for("id"), Some(Duration::from_secs(5)));
        two.seen("id");
        two.forget("id", Instant::now());
        assert_eq!(one.unseen_for("id"), Some(Duration::from_secs(5)));
        one.seen("id");
        assert_eq!(one.unseen_for("id"), None);
        assert!(one.was_created_here("id"));
        one.forget("id", Instant::now());
        assert!(!one.was_created_here("id"));
    }

    #[tokio::test(start_paused = true)]
    async fn each_kind_of_memory_belongs_to_one_credential_at_one_address() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        let own = scopes("one");
        let own = instances.of_call(&own);
        let pending_create = PendingCreate {
            handle: Handle::random(&SystemRandom, None).unwrap(),
            until: Instant::now(),
        };
        own.created("id", Some(&pending_create));
        assert!(!own.was_deleted("id"));
        own.deleted("id");
        own.mark_deleting("id");
        let remembered = |scopes: &CallScopes| {
            let instances = instances.of_call(scopes);
            [
                instances.was_created_here("id"),
                instances.unseen_for("id").is_some(),
                instances.pending_create("id").is_some(),
                instances.was_deleted("id"),
                instances.is_deleting("id"),
            ]
        };
        assert_eq!(remembered(&scopes("one")), [true; 5]);
        assert_eq!(remembered(&scopes("two")), [false; 5]);
        assert_eq!(remembered(&scopes_at("https://other.example", "one")), [false; 5]);
        // Nor can another tenant take anything back.
        for other in [scopes("two"), scopes_at("https://other.example", "one")] {
            let other = instances.of_call(&other);
            other.unmark_deleting("id");
            other.forget("id", Instant::now());
        }
        assert_eq!(remembered(&scopes("one")), [true; 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_within_a_call_joins_its_credentials() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        let call = scopes("old");
        call.renew(&Secret::new("new".to_owned()));
        instances.of_call(&call).created("id", None);
        let later = scopes("new");
        assert!(instances.of_call(&later).was_created_here("id"));
        // What a watch of the first call looks at.
        instances.of_call(&later).deleted("id");
        assert!(instances.of_call(&call).was_deleted("id"));
        assert!(!instances.of_call(&scopes("old")).was_deleted("id"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_tables_are_bounded() {
        let instances = RecentInstances::new(Arc::new(SystemClock));
        let scopes = scopes("one");
        let instances = instances.of_call(&scopes);
        for number in 0..CAPACITY + 10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            instances.created(&number.to_string(), None);
        }
        assert!(!instances.was_created_here("0"));
        assert!(instances.was_created_here(&(CAPACITY + 9).to_string()));
    }
}
