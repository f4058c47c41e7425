//! What an environment of JavaScript (main thread, worker) keeps: functions of `bridge.js`, and what the worker needs of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, JsValuesTupleIntoVec, Object, Unknown,
};
use napi::{Env, Result};

use super::cancellations::Cancellations;
use super::completions::CompletionQueue;
use super::descriptions::Descriptions;
use super::variables::JsVariables;

/// A function of `bridge.js`.
pub(super) type BridgeFunction<Args, Return> = FunctionRef<FnArgs<Args>, Return>;

/// Begins a call on the worker. With an error where there is none: then the call is replied to.
pub(super) type Launch = Box<dyn FnOnce(crate::error::Result<()>) + Send>;

/// What the worker needs of an environment to reply to its calls.
pub(super) struct Environment {
    pub(super) completions: Arc<CompletionQueue>,
    pub(super) cancellations: Arc<Cancellations>,
    pub(super) descriptions: Arc<Descriptions>,
    /// Reads variables while a call goes on.
    pub(super) variables: Arc<JsVariables>,
    /// The calls that were checked before they cross, until the end of the tick.
    ready: Mutex<Vec<Launch>>,
}

impl Environment {
    /// Has a call wait to be launched.
    pub(super) fn add_ready(&self, call: Launch) {
        self.ready().push(call);
    }

    /// Takes the calls that wait to be launched.
    pub(super) fn take_ready(&self) -> Vec<Launch> {
        std::mem::take(&mut *self.ready())
    }

    fn ready(&self) -> MutexGuard<'_, Vec<Launch>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bridge of one environment.
pub(super) struct Bridge {
    pub(super) environment: Arc<Environment>,
    /// Makes a provider object, from its configuration, its name and the variables that it may need.
    pub(super) make_provider: BridgeFunction<(Unknown<'static>, &'static str, String), Object<'static>>,
    /// Returns the fields of a provider's configuration, as text.
    pub(super) read_config: BridgeFunction<(&'static str, Unknown<'static>), String>,
    /// Makes an error to throw, with the present stack.
    pub(super) make_error: BridgeFunction<(String,), Unknown<'static>>,
    /// Returns whether a native error looks like one of ours.
    pub(super) is_gateway_error: BridgeFunction<(Unknown<'static>,), bool>,
    /// Makes a promise of what a function begins.
    #[cfg(feature = "test-hooks")]
    pub(super) make_promise: BridgeFunction<(Unknown<'static>,), Object<'static>>,
}

impl Bridge {
    /// Takes the functions from the object that `bridge.js` returns.
    pub(super) fn new(functions: &Object<'_>, completions: Arc<CompletionQueue>) -> Result<Self> {
        Ok(Self {
            environment: Arc::new(Environment {
                completions,
                cancellations: Arc::default(),
                descriptions: Arc::default(),
                variables: Arc::new(JsVariables::new(&functions.get_named_property("readVariable")?)?),
                ready: Mutex::default(),
            }),
            make_provider: function(functions, "makeProvider")?,
            read_config: function(functions, "readConfig")?,
            make_error: function(functions, "makeErrorHere")?,
            is_gateway_error: function(functions, "isGatewayError")?,
            #[cfg(feature = "test-hooks")]
            make_promise: function(functions, "makePromise")?,
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
