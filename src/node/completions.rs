//! The queue of replies from the worker thread to JavaScript's thread: one for each environment.
//!
//! napi-rs's own promises have a threadsafe function per call, which costs more than the rest of a call. This queue wakes
//! JavaScript once for the replies that are ready when the worker has nothing left to do, and lets the process end when no call
//! is under way.

use std::cell::RefCell;
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

/// The most replies that wait for the worker to have nothing left to do. JavaScript's thread may begin with these.
const DEFER_LIMIT: usize = 64;

thread_local! {
    /// The queues with replies of which JavaScript was not told yet. `None` on a thread that tells it at once.
    static DEFERRED: RefCell<Option<Vec<Arc<CompletionQueue>>>> = const { RefCell::new(None) };
}

/// Makes the replies of this thread wait for [`announce_deferred`].
pub(super) fn defer_on_this_thread() {
    DEFERRED.set(Some(Vec::new()));
}

/// Tells JavaScript of the replies of this thread that wait.
pub(super) fn announce_deferred() {
    let queues = DEFERRED.with_borrow_mut(|deferred| deferred.as_mut().map(std::mem::take));
    for queue in queues.into_iter().flatten() {
        queue.announce();
    }
}

/// The queue.
#[derive(Default)]
pub(super) struct CompletionQueue {
    settle_all: OnceLock<Mutex<SettleAll>>,
    waiting: Arc<Mutex<Batches>>,
}

/// The replies that wait, in the batches in which they will cross.
#[derive(Default)]
struct Batches {
    texts: VecDeque<String>,
    /// The batches, of the last ones, of which JavaScript was not told.
    unannounced: usize,
    /// The replies that came since it was told.
    deferred: usize,
}

impl Batches {
    /// Adds a reply. JavaScript's thread has to be woken once for each batch: it takes one whenever it is woken.
    fn push(&mut self, slot: i32, Reply { kind, value }: &Reply) {
        let room = value.len() + 32;
        let begins = self.texts.back().is_none_or(|last| last.len() + room > BATCH_LIMIT);
        if begins {
            self.texts.push_back(String::new());
            self.unannounced += 1;
        }
        if let Some(batch) = self.texts.back_mut() {
            batch.reserve(room);
            let kind = *kind as u8;
            let _ = write!(batch, "{}{slot},{kind},{value}", if begins { '[' } else { ',' });
        }
        self.deferred += 1;
    }

    /// Returns how often JavaScript's thread has to be woken.
    fn announce(&mut self) -> usize {
        self.deferred = 0;
        std::mem::take(&mut self.unannounced)
    }

    /// Takes the next batch: an array of slot, kind and value of each reply in turn.
    fn pop(&mut self) -> String {
        let mut batch = self.texts.pop_front().unwrap_or_else(|| "[".to_owned());
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
    pub(super) fn push(self: &Arc<Self>, slot: i32, reply: &Reply) {
        let deferred = {
            let mut waiting = lock(&self.waiting);
            waiting.push(slot, reply);
            waiting.deferred
        };
        let is_deferred = deferred < DEFER_LIMIT
            && DEFERRED.with_borrow_mut(|queues| {
                let Some(queues) = queues else {
                    return false;
                };
                if !queues.iter().any(|queue| Arc::ptr_eq(queue, self)) {
                    queues.push(Arc::clone(self));
                }
                true
            });
        if !is_deferred {
            self.announce();
        }
    }

    /// Wakes JavaScript's thread for the batches of which it was not told.
    fn announce(&self) {
        let batches = lock(&self.waiting).announce();
        let Some(settle_all) = self.settle_all.get().filter(|_| batches > 0) else {
            return;
        };
        let settle_all = lock(settle_all);
        for _ in 0..batches {
            settle_all.call((), ThreadsafeFunctionCallMode::NonBlocking);
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

    /// Adds replies of these lengths. Returns how many batches each has begun.
    fn begun<const COUNT: usize>(batches: &mut Batches, lengths: [usize; COUNT]) -> [usize; COUNT] {
        let mut slot = 0;
        lengths.map(|length| {
            slot += 1;
            batches.push(slot, &reply(length));
            batches.announce()
        })
    }

    #[test]
    fn replies_share_a_batch_until_it_is_full() {
        let mut batches = Batches::default();
        let third = BATCH_LIMIT / 3;
        assert_eq!(begun(&mut batches, [third; 5]), [1, 0, 1, 0, 1]);
        let first = batches.pop();
        assert!(first.len() <= BATCH_LIMIT + 1);
        assert!(first.starts_with("[1,0,1") && first.contains(",2,0,1") && first.ends_with("1]"));
        // A batch that was not taken yet takes what fits.
        assert_eq!(begun(&mut batches, [1]), [0]);
        assert!(batches.pop().starts_with("[3,0,"));
        assert!(batches.pop().ends_with(",1,0,1]"));
        assert_eq!(begun(&mut batches, [1]), [1]);
        assert_eq!(batches.pop(), "[1,0,1]");
        assert_eq!(batches.pop(), "[]");
    }

    #[test]
    fn a_reply_longer_than_a_batch_crosses_alone() {
        let mut batches = Batches::default();
        assert_eq!(begun(&mut batches, [1, BATCH_LIMIT + 1, 1, 1]), [1, 1, 1, 0]);
        assert_eq!(batches.pop(), "[1,0,1]");
        assert!(batches.pop().len() > BATCH_LIMIT);
        assert_eq!(batches.pop(), "[3,0,1,4,0,1]");
    }
}
