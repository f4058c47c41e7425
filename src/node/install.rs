//! Installs the bridge in an environment of JavaScript (main thread, worker).

use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object, Unknown};
use napi::{Env, Result};

use super::bridge::Bridge;
use super::call::{self, AbortedStarts};
use super::completions::CompletionQueue;
use super::constants;

/// `makeBridge` of `bridge.js`: makes the functions of the bridge from an object of ours and the constants of both sides.
pub(super) type MakeBridge<'env> = Function<'env, FnArgs<(Object<'env>, String)>, Object<'env>>;

/// Installs the bridge, unless it is installed: a copy of the package that is loaded twice shares the addon.
pub(super) fn install(env: &Env, make_bridge: &MakeBridge<'_>) -> Result<()> {
    if env.get_instance_data::<Bridge>()?.is_some() {
        return Ok(());
    }
    let completions = Arc::new(CompletionQueue::default());
    let of_start = Arc::clone(&completions);
    let aborted_starts = Rc::new(AbortedStarts::default());
    let of_abort_start = Rc::clone(&aborted_starts);
    let start = env.create_function_from_closure::<(), Unknown<'static>, _>("start", move |context| {
        call::start(&of_start, &aborted_starts, &context)
    })?;
    let abort_start = env.create_function_from_closure::<(), (), _>("abortStart", move |context| {
        of_abort_start.add(context.get(0)?);
        Ok(())
    })?;
    let cancel = env.create_function_from_closure::<(), Option<String>, _>("cancel", |context| {
        let handle: &call::CallHandle = context.get(0)?;
        Ok(call::cancel(handle))
    })?;
    let describe = env.create_function_from_closure::<(), String, _>("describe", |context| {
        let handle: &call::CallHandle = context.get(0)?;
        Ok(call::describe(handle).to_owned())
    })?;
    let take_events = env.create_function_from_closure::<(), String, _>("takeEvents", |context| {
        let handle: &call::CallHandle = context.get(0)?;
        Ok(call::take_events(handle))
    })?;
    let of_idle = Arc::clone(&completions);
    let idle =
        env.create_function_from_closure::<(), (), _>("idle", move |context| of_idle.unref_event_loop(context.env))?;
    let mut native = Object::new(env)?;
    native.set_named_property("start", start)?;
    native.set_named_property("abortStart", abort_start)?;
    native.set_named_property("cancel", cancel)?;
    native.set_named_property("describe", describe)?;
    native.set_named_property("takeEvents", take_events)?;
    native.set_named_property("idle", idle)?;
    let functions = make_bridge.call((native, constants::to_json()).into())?;
    completions.connect(&functions.get_named_property("settleAll")?)?;
    env.set_instance_data(Bridge::new(&functions, completions)?, (), |_| {})
}

/// Returns the bridge of an environment.
#[cfg(not(feature = "test-hooks"))]
pub(super) fn bridge(env: &Env) -> Result<&'static Bridge> {
    Bridge::installed(env)
}

/// Returns the bridge of an environment. Tests load this build without the loader, so it installs the bridge by itself.
#[cfg(feature = "test-hooks")]
pub(super) fn bridge(env: &Env) -> Result<&'static Bridge> {
    const MODULE: &str = concat!(
        "(() => {\nconst { makeBridge } = ((module) => {\n",
        include_str!("bridge.js"),
        "\nreturn module.exports\n})({})\nconst { makeDiagnostics } = ((module) => {\n",
        include_str!("diagnostics.js"),
        "\nreturn module.exports\n})({})\n",
        // Missing before Node 20.16.
        "const channels = process.getBuiltinModule?.('node:diagnostics_channel')\n",
        "const diagnostics = makeDiagnostics(channels ?? { channel: () => ({ hasSubscribers: false }) })\n",
        "return (native, constants) => makeBridge(diagnostics, native, constants)\n})()"
    );
    if env.get_instance_data::<Bridge>()?.is_none() {
        install(env, &env.run_script::<_, MakeBridge<'_>>(MODULE)?)?;
    }
    Bridge::installed(env)
}
