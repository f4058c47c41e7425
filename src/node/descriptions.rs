//! What is known of calls before they begin, for subscribers that ask after `start` and before the reply.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;

/// The longest that JavaScript's thread waits for the worker, which prepares a call in microseconds.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// What is said of a call of which nothing is known.
pub(super) const NOTHING: &str = "{}";

/// The descriptions of one environment's calls with subscribers.
#[derive(Default)]
pub(super) struct Descriptions {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// By slot, of the call that had it last, with the id of that call.
    prepared: HashMap<i32, (String, Option<Arc<RawValue>>)>,
    /// JavaScript's thread waits for a call.
    is_awaited: bool,
}

impl Descriptions {
    /// Describes a call that was prepared; `None` if it was refused.
    pub(super) fn set(&self, slot: i32, call_id: &str, description: Option<Arc<RawValue>>) {
        let mut state = self.state();
        state.prepared.insert(slot, (call_id.to_owned(), description));
        if state.is_awaited {
            self.changed.notify_all();
        }
    }

    /// Returns the description of a call that was submitted, as soon as the worker has prepared it.
    pub(super) fn wait(&self, slot: i32, call_id: &str) -> String {
        let is_unprepared = |state: &mut State| state.prepared.get(&slot).is_none_or(|(id, _)| id != call_id);
        let mut state = self.state();
        state.is_awaited = true;
        let waited = self.changed.wait_timeout_while(state, WAIT_LIMIT, is_unprepared);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_awaited = false;
        let known = state.prepared.get(&slot).filter(|(id, _)| id == call_id);
        let description = known.and_then(|(_, description)| description.as_deref());
        description.map_or(NOTHING, RawValue::get).to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn description(text: &str) -> Arc<RawValue> {
        Arc::from(RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn who_asks_waits_until_the_call_is_prepared() {
        let descriptions = Descriptions::default();
        // The calls that had the slots before.
        descriptions.set(1, "old-1", Some(description(r#"{"name":"old"}"#)));
        descriptions.set(2, "old-2", None);
        thread::scope(|scope| {
            let prepared = scope.spawn(|| descriptions.wait(1, "new-1"));
            let refused = scope.spawn(|| descriptions.wait(2, "new-2"));
            descriptions.set(1, "new-1", Some(description(r#"{"name":"new"}"#)));
            descriptions.set(2, "new-2", None);
            assert_eq!(prepared.join().unwrap(), r#"{"name":"new"}"#);
            assert_eq!(refused.join().unwrap(), NOTHING);
        });
        assert_eq!(descriptions.wait(1, "new-1"), r#"{"name":"new"}"#);
    }
}
