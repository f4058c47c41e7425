//! `AbortSignal` to cancellation, without a listener left behind.
//!
//! napi's own `AbortSignal` misses a signal that has fired already, takes the place of the user's `onabort`, and keeps
//! a closure per call for as long as the signal lives (`reference/anchors.md` §8). Here the listener is taken off as
//! soon as the call is settled.

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, JsValue, Object, ObjectRef, Unknown,
};
use napi::{Env, Result, ValueType};
use tokio_util::sync::CancellationToken;

use super::scrub::Scrub;

type Listener = FunctionRef<FnArgs<(Unknown<'static>,)>, Unknown<'static>>;
type Register<'a> = Function<
    'a,
    FnArgs<(
        &'static str,
        Function<'a, FnArgs<(Unknown<'static>,)>, Unknown<'static>>,
    )>,
    Unknown<'a>,
>;

/// A signal that is being listened to.
pub(super) struct AbortHook {
    signal: ObjectRef<false>,
    /// `None` for a signal that had fired already.
    listener: Option<Listener>,
}

impl AbortHook {
    /// Listens to `signal` until [`AbortHook::release`]. `None` if the value is not an `AbortSignal`.
    pub(super) fn listen(env: &Env, signal: Unknown<'_>, cancellation: &CancellationToken) -> Result<Option<Self>> {
        if signal.get_type()? != ValueType::Object {
            return Ok(None);
        }
        let signal = Object::from_unknown(signal)?;
        let aborted: Unknown<'_> = signal.get_named_property_unchecked("aborted")?;
        let add: Unknown<'_> = signal.get_named_property_unchecked("addEventListener")?;
        let remove: Unknown<'_> = signal.get_named_property_unchecked("removeEventListener")?;
        let looks_right = aborted.get_type()? == ValueType::Boolean
            && add.get_type()? == ValueType::Function
            && remove.get_type()? == ValueType::Function;
        if !looks_right {
            return Ok(None);
        }
        if bool::from_unknown(aborted)? {
            cancellation.cancel();
            return Ok(Some(Self {
                signal: signal.create_ref()?,
                listener: None,
            }));
        }
        raise_listener_limit(env, signal);
        let cancellation = cancellation.clone();
        let listener = env.create_function_from_closure::<(), (), _>("abort", move |_| {
            cancellation.cancel();
            Ok(())
        })?;
        let listener: Function<'_, FnArgs<(Unknown<'static>,)>, Unknown<'static>> =
            Function::from_unknown(listener.to_unknown())?;
        let kept = listener.create_ref()?;
        Register::from_unknown(add)?.apply(signal, ("abort", listener).into())?;
        Ok(Some(Self {
            signal: signal.create_ref()?,
            listener: Some(kept),
        }))
    }

    /// Takes the listener off and lets go of the signal. Gives the signal's reason, for the rejection.
    ///
    /// Code of the caller's that throws here is not heard: the call is over, and its promise must be settled.
    pub(super) fn release(self, env: &Env, scrub: &Scrub<'_>) -> Option<Unknown<'static>> {
        let signal = self.signal.get_value(env).ok()?;
        let reason = scrub.quietly(|| signal.get_named_property_unchecked("reason"));
        if let Some(listener) = self.listener {
            scrub.quietly(|| {
                let remove: Register<'_> = signal.get_named_property("removeEventListener")?;
                remove.apply(signal, ("abort", listener.borrow_back(env)?).into())
            });
        }
        let _ = self.signal.unref(env);
        reason
    }
}

/// Node warns of a leak at the eleventh listener of a signal. Ours are one per call under way and are taken off, so that
/// a signal that many calls share, such as that of a shutdown, is no leak. `fetch` does the same for its own.
fn raise_listener_limit(env: &Env, signal: Object<'_>) {
    let raise = || -> Result<()> {
        let process: Object<'_> = env.get_global()?.get_named_property("process")?;
        // Missing before Node 20.16 and elsewhere: the warning stays there.
        if !process.has_named_property("getBuiltinModule")? {
            return Ok(());
        }
        let get: Function<'_, FnArgs<(&'static str,)>, Object<'_>> = process.get_named_property("getBuiltinModule")?;
        let events: Object<'_> = get.apply(process, ("node:events",).into())?;
        let current: Function<'_, FnArgs<(Object<'_>,)>, u32> = events.get_named_property("getMaxListeners")?;
        let default: u32 = events.get_named_property("defaultMaxListeners")?;
        // A limit that the caller has set stays.
        if current.call((signal,).into())? == default {
            let set: Function<'_, FnArgs<(u32, Object<'_>)>, Unknown<'_>> =
                events.get_named_property("setMaxListeners")?;
            set.call((0, signal).into())?;
        }
        Ok(())
    };
    if let Ok(scrub) = Scrub::new(env) {
        scrub.quietly(raise);
    }
}
