//! A provider as a plain JavaScript object: own enumerable `name, create, getById, list, destroy`, each of which works
//! when detached.

use std::sync::Arc;

use napi::bindgen_prelude::{External, FromNapiValue, Object, Unknown};
use napi::{Env, Result};
use zeroize::Zeroizing;

use super::arguments::Given;
use super::bridge::Border;
use super::error::thrown;
use crate::error::{Error, Operation};
use crate::input::reader::Reader;
use crate::model::scope::Identity;
use crate::operations::in_context;
use crate::provider::config::Definition;

/// Reads a configuration: what a provider offers to its factory.
pub(super) type Read = fn(&Reader<'_>) -> crate::error::Result<Arc<dyn Definition>>;

/// Makes a provider object. Throws for a field of the wrong type or form; does no I/O.
pub(super) fn create(
    env: &Env,
    identity: Identity,
    read: Read,
    config: Option<Unknown<'static>>,
) -> Result<Object<'static>> {
    let border = Border::of(env)?;
    let definition = loop {
        // They hold secrets.
        let fields: Zeroizing<String> = match config {
            Some(config) => {
                let read = border.read_config.borrow_back(env)?;
                Zeroizing::new(read.call((identity.name, config).into())?)
            }
            None => Zeroizing::default(),
        };
        let given = Given::read(identity, Operation::Configure, &fields);
        let definition = read_config(read, &given);
        match given.unknown_names() {
            Some(names) => border.learn.borrow_back(env)?.call((identity.name, names).into())?,
            None => break definition,
        };
    };
    let definition = match definition {
        Ok(definition) => External::new(definition).into_unknown(env)?,
        Err(error) => return Err(thrown(env, &in_context(error, identity, Operation::Configure))?),
    };
    let definition = Unknown::from_unknown(definition)?;
    border
        .provide
        .borrow_back(env)?
        .call((definition, identity.name).into())
}

fn read_config(read: Read, given: &Given<'_>) -> crate::error::Result<Arc<dyn Definition>> {
    match given.wrong_kind() {
        Some(kind) => Err(Error::config(format!("config must be an object, not {kind}."))),
        None => read(&Reader::config(given)),
    }
}
