//! What is known of calls before they begin, for subscribers that ask after `start` and before the reply.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::ser::SerializeSeq;
use serde_json::value::{RawValue, to_raw_value};

use crate::operations::CallDescription;

/// The longest that JavaScript's thread waits for the worker, which prepares a call in microseconds.
const WAIT_LIMIT: Duration = Duration::from_secs(1);

/// What is said of a call of which nothing is known.
pub(super) const NOTHING: &str = "[null,null,null]";

/// How many targets JavaScript keeps. A gateway has a few for each of its tenants.
const TOLD: usize = 64;

/// The description of a call: its target, its name and the id of its instance.
#[derive(Serialize)]
pub(super) struct KnownCall(Box<RawValue>, Option<String>, Option<String>);

impl KnownCall {
    /// Keeps a description.
    pub(super) fn new(description: &CallDescription<'_>) -> Option<Self> {
        // Nothing in it can fail to be written.
        let target = to_raw_value(&description.target).ok()?;
        let [name, instance_id] = [description.name, description.instance_id].map(|text| text.map(str::to_owned));
        Some(Self(target, name, instance_id))
    }

    /// Returns it as JSON.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| NOTHING.to_owned())
    }

    /// Adds it to a row: the number of its target, the target unless it is `known` by its number, the name and the id.
    pub(super) fn write<R: SerializeSeq>(&self, row: &mut R, number: usize, known: bool) -> Result<(), R::Error> {
        let Self(target, name, instance_id) = self;
        row.serialize_element(&number)?;
        row.serialize_element(&(!known).then_some(target))?;
        row.serialize_element(name)?;
        row.serialize_element(instance_id)
    }

    /// Adds to a row that nothing is known, or nothing that was not told.
    pub(super) fn write_nothing<R: SerializeSeq>(row: &mut R) -> Result<(), R::Error> {
        row.serialize_element(&-1)?;
        (0..3).try_for_each(|_| row.serialize_element(&()))
    }
}

/// The descriptions of one environment's calls with subscribers.
#[derive(Default)]
pub(super) struct Descriptions {
    state: Mutex<State>,
    changed: Condvar,
    told: Mutex<ToldTargets>,
}

#[derive(Default)]
struct State {
    /// By slot, of the call that had it last, with the id of that call.
    prepared: HashMap<i32, (String, Option<Arc<KnownCall>>)>,
    /// JavaScript's thread waits for a call.
    is_awaited: bool,
}

impl Descriptions {
    /// Describes a call that was prepared; `None` if it was refused.
    pub(super) fn set(&self, slot: i32, call_id: &str, description: Option<Arc<KnownCall>>) {
        let mut state = self.state();
        state.prepared.insert(slot, (call_id.to_owned(), description));
        if state.is_awaited {
            self.changed.notify_all();
        }
    }

    /// Returns the description of a call that was submitted, as JSON, as soon as the worker has prepared it.
    pub(super) fn wait(&self, slot: i32, call_id: &str) -> String {
        let is_unprepared = |state: &mut State| state.prepared.get(&slot).is_none_or(|(id, _)| id != call_id);
        let mut state = self.state();
        state.is_awaited = true;
        let waited = self.changed.wait_timeout_while(state, WAIT_LIMIT, is_unprepared);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_awaited = false;
        let known = state.prepared.get(&slot).filter(|(id, _)| id == call_id);
        let description = known.and_then(|(_, description)| description.as_deref());
        description.map_or_else(|| NOTHING.to_owned(), KnownCall::to_json)
    }

    /// Returns the targets that JavaScript knows. The caller keeps the lock until a target that it has added is on its way.
    pub(super) fn told(&self) -> MutexGuard<'_, ToldTargets> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The targets that JavaScript knows by their numbers. One may take the number of another, which is told again then.
pub(super) struct ToldTargets {
    seed: RandomState,
    by_number: [Option<Box<str>>; TOLD],
}

impl Default for ToldTargets {
    fn default() -> Self {
        Self {
            seed: RandomState::default(),
            by_number: [const { None }; TOLD],
        }
    }
}

impl ToldTargets {
    /// Returns the number of a call's target, and whether it was told. From now on it is.
    pub(super) fn add(&mut self, KnownCall(target, ..): &KnownCall) -> (usize, bool) {
        let target = target.get();
        let number = usize::try_from(self.seed.hash_one(target) % TOLD as u64).unwrap_or_default();
        let last = &mut self.by_number[number];
        let is_known = last.as_deref() == Some(target);
        if !is_known {
            *last = Some(target.into());
        }
        (number, is_known)
    }
}

/// Makes what is known of a call.
#[cfg(test)]
pub(super) fn known_call(target: &str, name: &str) -> KnownCall {
    let target = RawValue::from_string(target.to_owned()).unwrap();
    KnownCall(target, Some(name.to_owned()), None)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn call(name: &str) -> KnownCall {
        known_call(&format!(r#"{{"image":"{name}"}}"#), name)
    }

    #[test]
    fn who_asks_waits_until_the_call_is_prepared() {
        let descriptions = Descriptions::default();
        // The calls that had the slots before.
        descriptions.set(1, "old-1", Some(Arc::new(call("old"))));
        descriptions.set(2, "old-2", None);
        let new = r#"[{"image":"new"},"new",null]"#;
        thread::scope(|scope| {
            let prepared = scope.spawn(|| descriptions.wait(1, "new-1"));
            let refused = scope.spawn(|| descriptions.wait(2, "new-2"));
            descriptions.set(1, "new-1", Some(Arc::new(call("new"))));
            descriptions.set(2, "new-2", None);
            assert_eq!(prepared.join().unwrap(), new);
            assert_eq!(refused.join().unwrap(), NOTHING);
        });
        assert_eq!(descriptions.wait(1, "new-1"), new);
    }

    #[test]
    fn a_target_is_told_once_until_another_takes_its_number() {
        let mut told = ToldTargets::default();
        let (number, known) = told.add(&call("first"));
        assert!(!known);
        assert_eq!(told.add(&call("first")), (number, true));
        let others = (0..10_000).map(|other| call(&other.to_string()));
        let takers = others.filter(|other| told.add(other).0 == number).count();
        assert!(takers > 0, "of 10 000 targets one has the same number");
        assert_eq!(told.add(&call("first")), (number, false));
    }
}
