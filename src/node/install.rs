//! Installs the bridge in an environment of JavaScript (main thread, worker).

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, Object};
use napi::{Env, Result};

use super::bridge::Bridge;
use super::completions::CompletionQueue;
use super::constants;
use super::submit;

/// `makeBridge` of `bridge.js`: makes the functions of the bridge from an object of ours and the constants of both sides.
pub(super) type MakeBridge<'env> = Function<'env, FnArgs<(Object<'env>, String)>, Object<'env>>;

/// Installs the bridge, unless it is installed: a copy of the package that is loaded twice shares the addon.
pub(super) fn install(env: &Env, make_bridge: &MakeBridge<'_>) -> Result<()> {
    if env.get_instance_data::<Bridge>()?.is_some() {
        return Ok(());
    }
    let submit = env.create_function_from_closure::<(), (), _>("submit", |context| submit::submit(&context))?;
    let submit_traced =
        env.create_function_from_closure::<(), String, _>("submitTraced", |context| submit::submit_traced(&context))?;
    let launch = env.create_function_from_closure::<(), (), _>("launch", |context| submit::launch(&context))?;
    let describe =
        env.create_function_from_closure::<(), String, _>("describe", |context| submit::describe(&context))?;
    let cancel = env.create_function_from_closure::<(), (), _>("cancel", |context| submit::cancel(&context))?;
    let completions = Arc::new(CompletionQueue::default());
    let of_idle = Arc::clone(&completions);
    let idle =
        env.create_function_from_closure::<(), (), _>("idle", move |context| of_idle.unref_event_loop(context.env))?;
    let mut native = Object::new(env)?;
    native.set_named_property("submit", submit)?;
    native.set_named_property("submitTraced", submit_traced)?;
    native.set_named_property("launch", launch)?;
    native.set_named_property("describe", describe)?;
    native.set_named_property("cancel", cancel)?;
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
