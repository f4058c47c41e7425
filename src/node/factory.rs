//! A provider as a plain JavaScript object: own enumerable `name, create, getById, list, destroy`, each of which works
//! when detached.

use std::sync::Arc;

use napi::bindgen_prelude::{
    External, FnArgs, FromNapiValue, Function, FunctionCallContext, FunctionRef, JsObjectValue, Object, PromiseRaw,
    ToNapiValue, Unknown,
};
use napi::{Env, JsValue, Result, ValueType};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::abort::AbortHook;
use super::args::{JsFields, ObjectArgument, object_argument};
use super::call::{Hooks, Label, promise};
use super::environment::JsEnvironment;
use super::error::{CallSite, to_js};
use super::runtime;
use super::scrub::Scrub;
use crate::error::{Error, Operation};
use crate::operations::{Ask, Call, in_context};
use crate::options::Reader;
use crate::provider::{Definition, Identity};

/// Reads a configuration: what a provider offers to its factory.
pub(super) type Read = fn(&Reader<'_>) -> crate::error::Result<Arc<dyn Definition>>;

/// Makes a provider object. Throws for a field of the wrong type or form; does no I/O.
pub(super) fn create<'env>(
    env: &'env Env,
    identity: Identity,
    read: Read,
    config: Option<Unknown<'_>>,
) -> Result<Object<'env>> {
    let scrub = Scrub::new(env)?;
    let definition = match config.map(object_argument).transpose()? {
        None => read_config(&scrub, None, read),
        Some(ObjectArgument::Given(object)) => read_config(&scrub, object, read),
        Some(ObjectArgument::Wrong(kind)) => Err(Error::config(format!("config must be an object, not {kind}."))),
    };
    let definition = match definition {
        Ok(definition) => definition,
        Err(error) => return Err(to_js(env, &in_context(error, identity, Operation::Configure))?),
    };
    let definition = External::new(definition).into_unknown(env)?;
    assemble(env)?.call((definition, identity.name).into())
}

/// The methods, in the order in which a provider shows them. A bound method hands its index on as first argument.
const METHODS: [Operation; 4] = [
    Operation::Create,
    Operation::GetById,
    Operation::List,
    Operation::Destroy,
];

/// Makes the provider object from a definition and a name.
type Assemble<'env> = Function<'env, FnArgs<(Unknown<'env>, &'static str)>, Object<'env>>;

/// Methods are bound copies of one native function, with the definition as `this`. A native function per method costs a
/// template, a weak handle and a finalizer each, and putting the object together through Node-API as much again: this
/// is the one place where a line of JavaScript is worth it.
const ASSEMBLE: &str = "(method) => (definition, name) => ({ name, create: method.bind(definition, 0), \
    getById: method.bind(definition, 1), list: method.bind(definition, 2), destroy: method.bind(definition, 3) })";

/// What is made once per environment and kept with it.
struct Kept(FunctionRef<FnArgs<(Unknown<'static>, &'static str)>, Object<'static>>);

fn assemble(env: &Env) -> Result<Assemble<'_>> {
    if env.get_instance_data::<Kept>()?.is_none() {
        let method = env.create_function_from_closure::<(), Unknown<'static>, _>("method", |context| {
            let definition: &External<Arc<dyn Definition>> = context.this()?;
            invoke(&***definition, &context)
        })?;
        let script: Function<'_, FnArgs<(Unknown<'_>,)>, Assemble<'_>> = env.run_script(ASSEMBLE)?;
        let made = script.call((method.to_unknown(),).into())?;
        env.set_instance_data(Kept(made.create_ref()?), (), |_| {})?;
    }
    let function = env
        .get_instance_data::<Kept>()?
        .map(|kept| kept.0.borrow_back(env))
        .transpose()?;
    let function = function.ok_or_else(|| napi::Error::from_reason("The environment keeps nothing."))?;
    Function::from_unknown(function.to_unknown())
}

fn read_config(scrub: &Scrub<'_>, object: Option<Object<'_>>, read: Read) -> crate::error::Result<Arc<dyn Definition>> {
    read(&Reader::config(&JsFields { scrub, object }))
}

/// A method call. Whatever is wrong with its arguments comes out as a rejection.
fn invoke(definition: &dyn Definition, context: &FunctionCallContext<'_>) -> Result<Unknown<'static>> {
    let env = &*context.env;
    let operation = METHODS[context.get::<u32>(0)? as usize & 3];
    let site = CallSite::here(env)?;
    let cancellation = CancellationToken::new();
    match prepare(env, definition, operation, context, &cancellation) {
        Ok(Ready { call, abort, runtime }) => {
            let label = Label {
                identity: call.identity(),
                operation: call.operation(),
                resource_name: call.resource_name(),
                claim: call.claim(),
            };
            let hooks = Hooks {
                site,
                abort,
                cancellation,
            };
            let promise = promise(env, runtime, hooks, label, call.run())?;
            Unknown::from_unknown(promise.to_unknown())
        }
        Err(error) => {
            let error = in_context(error, definition.identity(), operation);
            let error = site.into_error(env, &error, None)?;
            let rejected: PromiseRaw<'_, ()> = PromiseRaw::reject(env, error)?;
            Unknown::from_unknown(rejected.into_unknown(env)?)
        }
    }
}

/// A call whose arguments are sound.
struct Ready {
    call: Call,
    abort: Option<AbortHook>,
    runtime: &'static Runtime,
}

fn prepare(
    env: &Env,
    definition: &dyn Definition,
    operation: Operation,
    context: &FunctionCallContext<'_>,
    cancellation: &CancellationToken,
) -> crate::error::Result<Ready> {
    let argument = |index: usize| context.get::<Unknown<'_>>(index + 1).ok();
    let takes_id = matches!(operation, Operation::GetById | Operation::Destroy);
    let ask = match operation {
        Operation::GetById => Ask::GetById { id: id(argument(0))? },
        Operation::Destroy => Ask::Destroy { id: id(argument(0))? },
        Operation::List => Ask::List,
        Operation::Create | Operation::Configure => Ask::Create,
    };
    let object = match argument(usize::from(takes_id))
        .map(object_argument)
        .transpose()
        .map_err(|_| unreadable())?
    {
        None => None,
        Some(ObjectArgument::Given(object)) => object,
        Some(ObjectArgument::Wrong(kind)) => {
            return Err(Error::argument(format!("options must be an object, not {kind}.")));
        }
    };
    let scrub = &Scrub::new(env).map_err(|_| unreadable())?;
    let fields = JsFields { scrub, object };
    let options = Reader::options(&fields);
    let environment = JsEnvironment { env, scrub };
    let call = Call::prepare(
        runtime::core(),
        definition,
        ask,
        &options,
        &environment,
        cancellation.clone(),
    )?;
    let runtime = runtime::runtime()?;
    // Last, so that no early return leaves a listener behind.
    let abort = listen(env, scrub, object, cancellation)?;
    Ok(Ready { call, abort, runtime })
}

fn id(value: Option<Unknown<'_>>) -> crate::error::Result<String> {
    let text = value.filter(|value| value.get_type().is_ok_and(|kind| kind == ValueType::String));
    text.and_then(|value| String::from_unknown(value).ok())
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Error::argument("instanceId must be a non-empty string."))
}

fn listen(
    env: &Env,
    scrub: &Scrub<'_>,
    options: Option<Object<'_>>,
    cancellation: &CancellationToken,
) -> crate::error::Result<Option<AbortHook>> {
    let Some(options) = options else {
        return Ok(None);
    };
    let hook = options
        .get_named_property_unchecked::<Unknown<'_>>("signal")
        .and_then(|signal| {
            Ok(match signal.get_type()? {
                ValueType::Undefined | ValueType::Null => Some(None),
                _ => AbortHook::listen(env, signal, cancellation)?.map(Some),
            })
        });
    match hook {
        Ok(Some(hook)) => Ok(hook),
        Ok(None) => Err(Error::argument("options.signal must be an AbortSignal.")),
        Err(_) => {
            scrub.clear();
            Err(Error::argument("options.signal could not be read: it threw."))
        }
    }
}

fn unreadable() -> Error {
    Error::argument("options could not be read.")
}
