//! Errors on JavaScript's thread: those that a factory throws, and the type guard.

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Result};

use super::bridge::Bridge;
use super::reply::error_to_json;
use crate::error::{Error, ErrorContext};

/// Makes an error to throw, with the present stack.
pub(super) fn to_thrown(env: &Env, error: Error, context: &ErrorContext) -> Result<napi::Error> {
    let thrown = Bridge::installed(env)?
        .make_error
        .borrow_back(env)?
        .call((error_to_json(error, context),).into())?;
    Ok(napi::Error::from_unknown_without_coercion(thrown))
}

/// Returns whether a value is an error of this package, also one of another copy of it or of another realm.
pub(super) fn is_gateway_error(env: &Env, bridge: &Bridge, value: Unknown<'static>) -> Result<bool> {
    Ok(value.is_error()? && bridge.is_gateway_error.borrow_back(env)?.call((value,).into())?)
}
