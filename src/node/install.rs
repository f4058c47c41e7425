//! Installs the bridge in an environment of JavaScript, at its first use there.

use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, Function, JsObjectValue, JsValue, Object, Unknown};
use napi::{Env, Result};

use super::bridge::Bridge;
use super::call;
use super::completions::CompletionQueue;
use super::constants;

/// Makes the functions of the bridge from three of ours and what both sides agree on.
const SCRIPT: &str = include_str!("bridge.js");

/// The script before it is called.
type Script<'env> = Function<'env, FnArgs<(Unknown<'env>, Unknown<'env>, Unknown<'env>, String)>, Object<'env>>;

/// Returns the bridge of an environment.
pub(super) fn bridge(env: &Env) -> Result<&'static Bridge> {
    if env.get_instance_data::<Bridge>()?.is_none() {
        env.set_instance_data(install(env)?, (), |_| {})?;
    }
    Bridge::installed(env)
}

fn install(env: &Env) -> Result<Bridge> {
    let completions = Arc::new(CompletionQueue::default());
    let of_start = Arc::clone(&completions);
    let start = env.create_function_from_closure::<(), Unknown<'static>, _>("start", move |context| {
        call::start(&of_start, &context)
    })?;
    let cancel = env.create_function_from_closure::<(), Option<String>, _>("cancel", |context| {
        let handle: &call::CancelHandle = context.get(0)?;
        Ok(call::cancel(handle))
    })?;
    let of_idle = Arc::clone(&completions);
    let idle =
        env.create_function_from_closure::<(), (), _>("idle", move |context| of_idle.unref_event_loop(context.env))?;
    let script: Script<'_> = env.run_script(SCRIPT)?;
    let arguments = (
        start.to_unknown(),
        cancel.to_unknown(),
        idle.to_unknown(),
        constants::to_json(),
    );
    let functions = script.call(arguments.into())?;
    completions.connect(&functions.get_named_property("settleAll")?)?;
    Bridge::new(&functions, completions)
}
