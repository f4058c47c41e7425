//! Clears an exception that JavaScript code of the caller's threw while we read its objects.

use napi::bindgen_prelude::{Function, JsObjectValue};
use napi::{Env, Result};

/// A function at hand, got before anything of the caller's is read.
///
/// A getter that throws leaves an exception pending, which would then come out of our method as a synchronous throw
/// instead of a rejection. napi-rs clears a pending exception when a function call meets it, without entering the
/// function: so any will do, and it must be got beforehand, because nothing can be got while an exception is pending.
pub(super) struct Scrub<'env>(Function<'env, (), ()>);

impl<'env> Scrub<'env> {
    pub(super) fn new(env: &'env Env) -> Result<Self> {
        env.get_global()?.get_named_property("Object").map(Self)
    }

    /// To be called only after a reading has failed.
    pub(super) fn clear(&self) {
        // The error is the exception that was pending.
        let _ = self.0.call(());
    }

    /// Does something with the caller's objects; whatever it throws is cleared and answered with `None`.
    pub(super) fn quietly<T>(&self, work: impl FnOnce() -> Result<T>) -> Option<T> {
        let done = work();
        if done.is_err() {
            self.clear();
        }
        done.ok()
    }
}
