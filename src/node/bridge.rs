//! What an environment (main thread, worker) keeps: the JavaScript part of the border.

use std::sync::Arc;

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, FunctionRef, JsObjectValue, JsValue, JsValuesTupleIntoVec, Object, Unknown,
};
use napi::{Env, Result};

use super::call;
use super::completions::WayBack;

/// Makes the functions below from three of ours.
const SCRIPT: &str = include_str!("bridge.js");

/// What `border.js` offers.
pub(super) struct Border {
    /// A provider, from its definition and name.
    pub(super) provide: Offered<(Unknown<'static>, &'static str), Object<'static>>,
    /// The fields of a provider's configuration, as text.
    pub(super) read_config: Offered<(&'static str, Unknown<'static>), String>,
    /// From now on these names are read of a provider's configuration.
    pub(super) learn: Offered<(&'static str, String), Unknown<'static>>,
    /// A variable of the environment; an empty text where there is none.
    pub(super) variable: Offered<(String,), String>,
    /// An error to throw from where we stand.
    pub(super) failure_here: Offered<(String,), Unknown<'static>>,
    /// Whether a native error looks like one of ours.
    pub(super) is_failure: Offered<(Unknown<'static>,), bool>,
    #[cfg(feature = "test-hooks")]
    pub(super) expect: Offered<(Object<'static>, (), Unknown<'static>), Object<'static>>,
    #[cfg(feature = "test-hooks")]
    pub(super) way_back: Arc<WayBack>,
}

/// A function of the script's.
pub(super) type Offered<Args, Return> = FunctionRef<FnArgs<Args>, Return>;

/// What the script is before it is called.
type Script<'env> = Function<'env, FnArgs<(Unknown<'env>, Unknown<'env>, Unknown<'env>)>, Object<'env>>;

impl Border {
    /// That of this environment, made at the first use.
    pub(super) fn of(env: &Env) -> Result<&'static Self> {
        if env.get_instance_data::<Self>()?.is_none() {
            env.set_instance_data(Self::new(env)?, (), |_| {})?;
        }
        let border = env.get_instance_data::<Self>()?;
        border
            .map(|border| &*border)
            .ok_or_else(|| napi::Error::from_reason("The environment keeps nothing."))
    }

    fn new(env: &Env) -> Result<Self> {
        let way_back = Arc::new(WayBack::default());
        let of_start = Arc::clone(&way_back);
        let start = env.create_function_from_closure::<(), Unknown<'static>, _>("start", move |context| {
            call::start(&of_start, &context)
        })?;
        let cancel = env.create_function_from_closure::<(), Option<String>, _>("cancel", |context| {
            let handle: &call::CancelHandle = context.get(0)?;
            Ok(call::cancel(handle))
        })?;
        let of_idle = Arc::clone(&way_back);
        let idle =
            env.create_function_from_closure::<(), (), _>("idle", move |context| of_idle.release(context.env))?;
        let script: Script<'_> = env.run_script(SCRIPT)?;
        let offered = script.call((start.to_unknown(), cancel.to_unknown(), idle.to_unknown()).into())?;
        way_back.lead_to(&offered.get_named_property("drain")?)?;
        Ok(Self {
            provide: function(&offered, "provide")?,
            read_config: function(&offered, "readConfig")?,
            learn: function(&offered, "learn")?,
            variable: function(&offered, "variable")?,
            failure_here: function(&offered, "failureHere")?,
            is_failure: function(&offered, "isFailure")?,
            #[cfg(feature = "test-hooks")]
            expect: function(&offered, "expect")?,
            #[cfg(feature = "test-hooks")]
            way_back,
        })
    }
}

fn function<Args, Return>(offered: &Object<'_>, name: &str) -> Result<FunctionRef<Args, Return>>
where
    Args: JsValuesTupleIntoVec + 'static,
    Return: FromNapiValue + 'static,
{
    let function: Function<'_, Args, Return> = offered.get_named_property(name)?;
    function.create_ref()
}
