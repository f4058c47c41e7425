//! Makes a provider object: a plain object with own enumerable `name, create, getById, list, destroy`, whose methods work
//! when detached.

use std::sync::Arc;

use napi::bindgen_prelude::{External, FromNapiValue, Object, Unknown};
use napi::{Env, Result};
use serde_json::json;
use zeroize::Zeroizing;

use super::arguments::JsObject;
use super::constants::METHODS;
use super::error::to_thrown;
use super::install;
use super::submit::ProviderHandle;
use crate::error::{Error, ErrorContext, Operation};
use crate::input::reader::Reader;
use crate::provider::config::{ConfiguredProvider, ProviderFactory};

/// Makes a provider object. Throws for a field of the wrong type or form. Does no I/O.
pub(super) fn create(
    env: &Env,
    factory: &'static ProviderFactory,
    config: Option<Unknown<'static>>,
) -> Result<Object<'static>> {
    let bridge = install::bridge(env)?;
    let identity = factory.semantics.identity;
    // The fields hold secrets.
    let fields: Zeroizing<String> = match config {
        Some(config) => {
            let read = bridge.read_config.borrow_back(env)?;
            Zeroizing::new(read.call((identity.name, config).into())?)
        }
        None => Zeroizing::new("null".to_owned()),
    };
    let (handle, variables) = match configure(factory, &fields) {
        Ok(provider) => {
            let variables = METHODS.map(|operation| json!(provider.variables(operation)));
            let variables = json!(variables).to_string();
            let handle: ProviderHandle = External::new(Arc::new(provider));
            (handle.into_unknown(env)?, variables)
        }
        Err(error) => {
            let context = ErrorContext {
                provider: identity.name,
                title: identity.title,
                operation: Operation::Configure,
                resource_name: None,
            };
            return Err(to_thrown(env, error, &context)?);
        }
    };
    let handle = Unknown::from_unknown(handle)?;
    bridge
        .make_provider
        .borrow_back(env)?
        .call((handle, identity.name, variables).into())
}

fn configure(factory: &'static ProviderFactory, fields: &str) -> crate::error::Result<ConfiguredProvider> {
    let object = JsObject::read(factory, Operation::Configure, fields);
    match object.wrong_kind() {
        Some(kind) => Err(Error::config(format!("config must be an object, not {kind}."))),
        None => Ok(ConfiguredProvider::new(
            factory,
            (factory.read_config)(&Reader::config(&object))?,
        )),
    }
}
