//! The queue of replies from the worker threads to JavaScript's thread: one for each environment.
//!
//! napi-rs's own promises have a threadsafe function per call, which costs more than the rest of a call. This queue wakes
//! JavaScript once for all replies that are ready, and lets the process end when no call is under way.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use napi::bindgen_prelude::{FnArgs, Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};

use super::reply::Reply;

/// `settleAll` of `bridge.js`. `true`: weak, so that it keeps no process alive by itself.
type SettleAll = ThreadsafeFunction<(), Unknown<'static>, FnArgs<(String,)>, Status, false, true>;

/// The queue.
#[derive(Default)]
pub(super) struct CompletionQueue {
    settle_all: OnceLock<Mutex<SettleAll>>,
    /// The replies that wait: `[number,kind,value` and so on. Each but the first begins with a comma.
    waiting: Arc<Mutex<String>>,
}

impl CompletionQueue {
    /// Connects the queue with the function that takes the replies. Called once.
    pub(super) fn connect(&self, settle_all: &Function<'_, FnArgs<(String,)>, Unknown<'static>>) -> Result<()> {
        let waiting = Arc::clone(&self.waiting);
        let settle_all = settle_all
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| {
                let mut replies = std::mem::take(&mut *lock(&waiting));
                replies.push(']');
                Ok(FnArgs::from((replies,)))
            })?;
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
    pub(super) fn push(&self, number: i64, Reply { kind, value }: Reply) {
        let mut waiting = lock(&self.waiting);
        let is_first = waiting.is_empty();
        waiting.reserve(value.len() + 32);
        let _ = write!(
            waiting,
            "{}{number},{},{value}",
            if is_first { '[' } else { ',' },
            kind as u8
        );
        drop(waiting);
        // If other replies wait already, JavaScript's thread has been woken.
        if is_first && let Some(settle_all) = self.settle_all.get() {
            lock(settle_all).call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
