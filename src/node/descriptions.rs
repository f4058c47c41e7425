//! What is known of calls before they begin, for subscribers that ask after `start` and before the reply.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The longest that JavaScript's thread waits for the worker, which prepares a call in microseconds.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// What is said of a call of which nothing is known.
pub(super) const NOTHING: &str = "{}";

/// The descriptions of one environment's calls with subscribers, by slot: `None` until the worker has prepared the call.
#[derive(Default)]
pub(super) struct Descriptions {
    calls: Mutex<HashMap<i32, Option<String>>>,
    changed: Condvar,
}

impl Descriptions {
    /// Adds a call that was submitted.
    pub(super) fn add(&self, slot: i32) {
        self.calls().insert(slot, None);
    }

    /// Describes a call that was prepared.
    pub(super) fn set(&self, slot: i32, description: &str) {
        if let Some(call) = self.calls().get_mut(&slot) {
            *call = Some(description.to_owned());
        }
        self.changed.notify_all();
    }

    /// Forgets a call, before it is replied to.
    pub(super) fn remove(&self, slot: i32) {
        self.calls().remove(&slot);
        self.changed.notify_all();
    }

    /// Returns the description of a call as soon as the worker has prepared it. Nothing is known of one that was replied to:
    /// its description comes with the reply.
    pub(super) fn wait(&self, slot: i32) -> String {
        let is_unprepared = |calls: &mut HashMap<_, _>| matches!(calls.get(&slot), Some(None));
        let waited = self.changed.wait_timeout_while(self.calls(), WAIT_LIMIT, is_unprepared);
        let (calls, _) = waited.unwrap_or_else(PoisonError::into_inner);
        calls
            .get(&slot)
            .cloned()
            .flatten()
            .unwrap_or_else(|| NOTHING.to_owned())
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<i32, Option<String>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn who_asks_waits_until_the_call_is_prepared_or_replied_to() {
        let descriptions = Descriptions::default();
        descriptions.add(1);
        descriptions.add(2);
        thread::scope(|scope| {
            let prepared = scope.spawn(|| descriptions.wait(1));
            let replied = scope.spawn(|| descriptions.wait(2));
            descriptions.set(1, r#"{"name":"a"}"#);
            descriptions.remove(2);
            assert_eq!(prepared.join().unwrap(), r#"{"name":"a"}"#);
            assert_eq!(replied.join().unwrap(), NOTHING);
        });
        assert_eq!(descriptions.wait(1), r#"{"name":"a"}"#);
        descriptions.remove(1);
        assert_eq!(descriptions.wait(1), NOTHING);
    }

    #[test]
    fn a_call_without_subscribers_is_not_kept() {
        let descriptions = Descriptions::default();
        descriptions.set(1, "{}");
        assert!(descriptions.calls().is_empty());
    }
}
