//! A map whose entries expire: each after the lifetime of the map, and the oldest first when the map is full.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use tokio::time::Instant;

/// The map. It reads no clock: the present moment is a parameter.
pub(crate) struct ExpiringMap<K, V, S = RandomState> {
    capacity: usize,
    lifetime: Duration,
    entries: HashMap<K, (Instant, V), S>,
    /// Keys in the order of insertion, so that making room costs the same however full the map is. An entry that was
    /// removed or replaced stays in here under its former moment until it comes to the front.
    order: VecDeque<(K, Instant)>,
}

impl<K: Clone + Eq + Hash, V, S: BuildHasher + Default> ExpiringMap<K, V, S> {
    /// Makes an empty map.
    pub(crate) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self {
            capacity,
            lifetime,
            entries: HashMap::default(),
            order: VecDeque::new(),
        }
    }

    /// Inserts or replaces an entry.
    pub(crate) fn insert(&mut self, now: Instant, key: K, value: V) {
        self.make_room(now);
        self.order.push_back((key.clone(), now));
        self.entries.insert(key, (now, value));
    }

    /// Returns a value that has not expired, and its age.
    pub(crate) fn get(&self, now: Instant, key: &K) -> Option<(&V, Duration)> {
        let (at, value) = self.entries.get(key)?;
        let age = now.saturating_duration_since(*at);
        (age < self.lifetime).then_some((value, age))
    }

    /// Returns a value to be changed; its age stays.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    /// Removes an entry.
    pub(crate) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Removes an entry that is at least so old.
    pub(crate) fn remove_if_aged(&mut self, now: Instant, key: &K, age: Duration) {
        let inserted = self.entries.get(key).map(|(at, _)| now.saturating_duration_since(*at));
        if inserted.is_some_and(|inserted| inserted >= age || mutated!(ForgetsLaterNamesake)) {
            self.entries.remove(key);
        }
    }

    fn make_room(&mut self, now: Instant) {
        let entries = &mut self.entries;
        while let Some((key, at)) = self.order.front() {
            let current = entries.get(key).is_some_and(|(inserted, _)| inserted == at);
            let expired = now.saturating_duration_since(*at) >= self.lifetime;
            if current && !expired && entries.len() < self.capacity {
                break;
            }
            if current {
                entries.remove(key);
            }
            self.order.pop_front();
        }
        // Drops stale keys behind a front that stays. This runs too seldom to cost anything.
        if self.order.len() >= 2 * self.capacity {
            let is_current = |(key, at): &(K, Instant)| entries.get(key).is_some_and(|(inserted, _)| inserted == at);
            self.order.retain(is_current);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_first_and_everything_in_the_end() {
        let mut recent = ExpiringMap::<_, _>::new(3, LIFETIME);
        let began = Instant::now();
        for number in 0..5_u32 {
            recent.insert(began + Duration::from_secs(number.into()), number, ());
        }
        let now = began + Duration::from_secs(5);
        let kept: Vec<u32> = (0..5).filter(|number| recent.get(now, number).is_some()).collect();
        assert_eq!(kept, [2, 3, 4]);
        assert_eq!(recent.get(now, &4).map(|((), age)| age), Some(Duration::from_secs(1)));
        assert!(recent.get(began + Duration::from_secs(14), &4).is_none());
        recent.insert(began + Duration::from_secs(60), 9, ());
        assert_eq!(recent.entries.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_inserted_anew_is_young_again() {
        let mut recent = ExpiringMap::<_, _>::new(2, LIFETIME);
        let now = Instant::now();
        for key in ["a", "b", "a", "c"] {
            recent.insert(now, key, ());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        recent.insert(Instant::now(), "a", ());
        assert!(recent.entries.len() <= 2);
        assert!(recent.get(Instant::now(), &"a").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_and_goes_leaves_nothing_behind() {
        let mut recent = ExpiringMap::<_, _>::new(10, LIFETIME);
        let now = Instant::now();
        recent.insert(now, 0, ());
        for key in 1..1_000 {
            recent.insert(now, key, ());
            recent.remove(&key);
        }
        assert!(recent.order.len() <= 21, "{}", recent.order.len());
        assert!(recent.get(now, &0).is_some());
    }
}
