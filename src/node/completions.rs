//! The way of replies from the threads that do the work to JavaScript's: one for each environment.
//!
//! A threadsafe function per call, which napi-rs's own promises have, costs more than the rest of a call's way. This one
//! is woken once for all replies that are ready, and lets the process end when no call is under way.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use napi::bindgen_prelude::{FnArgs, Function, Unknown};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};

use super::reply::Reply;

/// Takes the texts of all that has ended; `true`: weak, so that it keeps no process alive by itself.
type Drain = ThreadsafeFunction<(), Unknown<'static>, FnArgs<(String,)>, Status, false, true>;

#[derive(Default)]
pub(super) struct WayBack {
    drain: OnceLock<Mutex<Drain>>,
    /// The replies that are waiting: `[number,outcome,value` and so on, of which each but the first begins with a comma.
    waiting: Arc<Mutex<String>>,
}

impl WayBack {
    /// To be called once, with the function that takes the replies.
    pub(super) fn lead_to(&self, drain: &Function<'_, FnArgs<(String,)>, Unknown<'static>>) -> Result<()> {
        let waiting = Arc::clone(&self.waiting);
        let drain = drain
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_| {
                let mut replies = std::mem::take(&mut *lock(&waiting));
                replies.push(']');
                Ok(FnArgs::from((replies,)))
            })?;
        let _ = self.drain.set(Mutex::new(drain));
        Ok(())
    }

    /// Keeps the process alive from now on. On JavaScript's thread.
    pub(super) fn hold(&self, env: &Env) -> Result<()> {
        match self.drain.get() {
            // napi-rs would have it cloned and dropped instead, which is a threadsafe function per call again.
            #[expect(deprecated, reason = "the only way to one for all calls")]
            Some(drain) => lock(drain).refer(env),
            None => Ok(()),
        }
    }

    /// Lets the process end. On JavaScript's thread.
    pub(super) fn release(&self, env: &Env) -> Result<()> {
        match self.drain.get() {
            #[expect(deprecated, reason = "as above")]
            Some(drain) => lock(drain).unref(env),
            None => Ok(()),
        }
    }

    /// Sends the reply to a call. From any thread; in vain if the environment is no more.
    pub(super) fn send(&self, number: i64, Reply { outcome, value }: Reply) {
        let mut waiting = lock(&self.waiting);
        let is_first = waiting.is_empty();
        waiting.reserve(value.len() + 32);
        let _ = write!(
            waiting,
            "{}{number},{outcome},{value}",
            if is_first { '[' } else { ',' }
        );
        drop(waiting);
        // Who finds others waiting knows that JavaScript's thread is on its way.
        if is_first && let Some(drain) = self.drain.get() {
            lock(drain).call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
