//! Clears an exception that JavaScript code of the caller's threw while we read its objects.

use napi::bindgen_prelude::{Function, FunctionRef};
use napi::{Env, Result};

/// A function that does nothing, made by us so that nobody can have tampered with it.
///
/// A getter that throws leaves an exception pending, which would then come out of our method as a synchronous throw
/// instead of a rejection. napi-rs clears a pending exception only when a function call of its own meets it: so this
/// one is called for that, and only then.
pub(super) struct Scrub(FunctionRef<(), ()>);

impl Scrub {
    pub(super) fn new(env: &Env) -> Result<Self> {
        let nothing: Function<'_, (), ()> = env.create_function_from_closure("nothing", |_| Ok(()))?;
        nothing.create_ref().map(Self)
    }

    pub(super) fn clear(&self, env: &Env) {
        if let Ok(nothing) = self.0.borrow_back(env) {
            // The error is the exception that was pending.
            let _ = nothing.call(());
        }
    }
}
