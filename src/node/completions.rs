//! The queue of replies from the worker threads to JavaScript's thread: one for each environment.
//!
//! napi-rs's own promises have a threadsafe function per call, which costs more than the rest of a call. This queue wakes
//! JavaScript once for the replies that are ready, or once for each batch of them if they are long, and lets the process end
//! when no call is under way.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use napi::bindgen_prelude::{FnArgs, Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};

use super::reply::Reply;

/// `settleAll` of `bridge.js`. `true`: weak, so that it keeps no process alive by itself.
type SettleAll = ThreadsafeFunction<(), Unknown<'static>, FnArgs<(String,)>, Status, false, true>;

/// The longest batch, in bytes. JavaScript's thread parses a batch in one go, and does nothing else meanwhile.
const BATCH_LIMIT: usize = 16 * 1024 * 1024;

/// The queue.
#[derive(Default)]
pub(super) struct CompletionQueue {
    settle_all: OnceLock<Mutex<SettleAll>>,
    waiting: Arc<Mutex<Batches>>,
}

/// The replies that wait, in the batches in which they will cross.
#[derive(Default)]
struct Batches(VecDeque<String>);

impl Batches {
    /// Adds a reply. Returns whether it begins a batch, for which JavaScript's thread has to be woken.
    fn push(&mut self, number: i64, Reply { kind, value }: &Reply) -> bool {
        let room = value.len() + 32;
        let begins = self.0.back().is_none_or(|last| last.len() + room > BATCH_LIMIT);
        if begins {
            self.0.push_back(String::new());
        }
        if let Some(batch) = self.0.back_mut() {
            batch.reserve(room);
            let kind = *kind as u8;
            let _ = write!(batch, "{}{number},{kind},{value}", if begins { '[' } else { ',' });
        }
        begins
    }

    /// Takes the next batch: an array of number, kind and value of each reply in turn.
    fn pop(&mut self) -> String {
        let mut batch = self.0.pop_front().unwrap_or_else(|| "[".to_owned());
        batch.push(']');
        batch
    }
}

impl CompletionQueue {
    /// Connects the queue with the function that takes the replies. Called once.
    pub(super) fn connect(&self, settle_all: &Function<'_, FnArgs<(String,)>, Unknown<'static>>) -> Result<()> {
        let waiting = Arc::clone(&self.waiting);
        let settle_all = settle_all
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| Ok(FnArgs::from((lock(&waiting).pop(),))))?;
        let _ = self.settle_all.set(Mutex::new(settle_all));
        Ok(())
    }

    /// Keeps the event loop, and so the process, alive. Called on JavaScript's thread.
    pub(super) fn ref_event_loop(&self, env: &Env) -> Result<()> {
        match self.settle_all.get() {
            // napi-rs recommends to clone and drop the function instead, which is a threadsafe function per call again.
            #[expect(deprecated, reason = "the only way to share one function by all calls")]
            Some(settle_all) => lock(settle_all).refer(env),
            None => Ok(()),
        }
    }

    /// Lets the event loop end. Called on JavaScript's thread.
    pub(super) fn unref_event_loop(&self, env: &Env) -> Result<()> {
        match self.settle_all.get() {
            #[expect(deprecated, reason = "as above")]
            Some(settle_all) => lock(settle_all).unref(env),
            None => Ok(()),
        }
    }

    /// Adds the reply to a call, from any thread. Without effect if the environment has ended.
    pub(super) fn push(&self, number: i64, reply: &Reply) {
        let begins_batch = lock(&self.waiting).push(number, reply);
        // Once for each batch: JavaScript's thread takes one whenever it is woken.
        if begins_batch && let Some(settle_all) = self.settle_all.get() {
            lock(settle_all).call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::constants::ReplyKind;

    fn reply(length: usize) -> Reply {
        Reply {
            kind: ReplyKind::Value,
            value: "1".repeat(length),
        }
    }

    #[test]
    fn replies_share_a_batch_until_it_is_full() {
        let mut batches = Batches::default();
        let third = BATCH_LIMIT / 3;
        let begun: Vec<bool> = (1..=5).map(|number| batches.push(number, &reply(third))).collect();
        assert_eq!(begun, [true, false, true, false, true]);
        let first = batches.pop();
        assert!(first.len() <= BATCH_LIMIT + 1);
        assert!(first.starts_with("[1,0,1") && first.contains(",2,0,1") && first.ends_with("1]"));
        // A batch that was not taken yet takes what fits.
        assert!(!batches.push(6, &reply(1)));
        assert!(batches.pop().starts_with("[3,0,"));
        assert!(batches.pop().ends_with(",6,0,1]"));
        assert!(batches.push(7, &reply(1)));
        assert_eq!(batches.pop(), "[7,0,1]");
        assert_eq!(batches.pop(), "[]");
    }

    #[test]
    fn a_reply_longer_than_a_batch_crosses_alone() {
        let mut batches = Batches::default();
        let begun: Vec<bool> = [1, BATCH_LIMIT + 1, 1, 1]
            .into_iter()
            .map(|length| batches.push(0, &reply(length)))
            .collect();
        assert_eq!(begun, [true, true, true, false]);
        assert_eq!(batches.pop(), "[0,0,1]");
        assert!(batches.pop().len() > BATCH_LIMIT);
        assert_eq!(batches.pop(), "[0,0,1,0,0,1]");
    }
}
