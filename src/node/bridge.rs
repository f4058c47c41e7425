//! The functions of `bridge.js` that an environment of JavaScript (main thread, worker) keeps.

use std::sync::Arc;

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, JsValuesTupleIntoVec, Object, Unknown,
};
use napi::{Env, Result};

use super::completions::CompletionQueue;
use super::variables::JsVariables;

/// A function of `bridge.js`.
pub(super) type BridgeFunction<Args, Return> = FunctionRef<FnArgs<Args>, Return>;

/// The functions of `bridge.js` in one environment.
pub(super) struct Bridge {
    /// Makes a provider object, from its configuration and name.
    pub(super) make_provider: BridgeFunction<(Unknown<'static>, &'static str), Object<'static>>,
    /// Returns the fields of a provider's configuration, as text.
    pub(super) read_config: BridgeFunction<(&'static str, Unknown<'static>), String>,
    /// Returns a variable of the environment; an empty text if there is none.
    pub(super) read_variable: BridgeFunction<(String,), String>,
    /// Reads variables of the environment from other threads.
    pub(super) variables: Arc<JsVariables>,
    /// Makes an error to throw, with the present stack.
    pub(super) make_error: BridgeFunction<(String,), Unknown<'static>>,
    /// Returns whether a native error looks like one of ours.
    pub(super) is_gateway_error: BridgeFunction<(Unknown<'static>,), bool>,
    /// Makes a promise of what a function begins.
    #[cfg(feature = "test-hooks")]
    pub(super) make_promise: BridgeFunction<(Object<'static>, (), Unknown<'static>), Object<'static>>,
    /// The queue of the environment's replies.
    #[cfg_attr(
        not(feature = "test-hooks"),
        expect(dead_code, reason = "only test hooks begin work of their own")
    )]
    pub(super) completions: Arc<CompletionQueue>,
}

impl Bridge {
    /// Takes the functions from the object that `bridge.js` returns.
    pub(super) fn new(functions: &Object<'_>, completions: Arc<CompletionQueue>) -> Result<Self> {
        Ok(Self {
            make_provider: function(functions, "makeProvider")?,
            read_config: function(functions, "readConfig")?,
            read_variable: function(functions, "readVariable")?,
            variables: Arc::new(JsVariables::new(&functions.get_named_property("readVariable")?)?),
            make_error: function(functions, "makeErrorHere")?,
            is_gateway_error: function(functions, "isGatewayError")?,
            #[cfg(feature = "test-hooks")]
            make_promise: function(functions, "makePromise")?,
            completions,
        })
    }

    /// Returns the bridge of an environment in which it is installed.
    pub(super) fn installed(env: &Env) -> Result<&'static Self> {
        let bridge = env.get_instance_data::<Self>()?;
        bridge
            .map(|bridge| &*bridge)
            .ok_or_else(|| napi::Error::from_reason("The bridge to JavaScript is not installed."))
    }
}

fn function<Args, Return>(functions: &Object<'_>, name: &str) -> Result<FunctionRef<Args, Return>>
where
    Args: JsValuesTupleIntoVec + 'static,
    Return: FromNapiValue + 'static,
{
    let function: Function<'_, Args, Return> = functions.get_named_property(name)?;
    function.create_ref()
}
