//! The core's errors as `border.js` makes them: a real `Error` with `name: 'GatewayError'` and own properties.

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Result};
use serde::Serialize;

use super::bridge::Border;
use crate::error::{Error, Operation};

/// What an error shows, in this order. What is not known is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    message: &'a str,
    code: &'static str,
    provider: Option<&'static str>,
    operation: Option<&'static str>,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
}

/// An error as JSON.
pub(super) fn to_json(error: &Error) -> String {
    let details = error.details();
    let shown = Shown {
        message: &error.to_string(),
        code: details.code.as_str(),
        provider: details.provider,
        operation: details.operation.map(Operation::as_str),
        retryable: error.retryable(),
        http_status: details.http_status,
        provider_code: details.provider_code.as_deref(),
        request_id: details.request_id.as_deref(),
        // Upwards: who comes back a moment too early is refused again.
        retry_after_ms: details.retry_after.map(|wait| wait.as_nanos().div_ceil(1_000_000)),
        instance_id: details.instance_id.as_deref(),
        resource_name: details.resource_name.as_deref(),
    };
    serde_json::to_string(&shown)
        .unwrap_or_else(|_| r#"{"message":"An error could not be written.","code":"INTERNAL"}"#.to_owned())
}

/// An error to throw at once, from where we stand.
pub(super) fn thrown(env: &Env, error: &Error) -> Result<napi::Error> {
    let failure = Border::of(env)?
        .failure_here
        .borrow_back(env)?
        .call((to_json(error),).into())?;
    Ok(napi::Error::from_unknown_without_coercion(failure))
}

/// Whether a value is an error of this package, also one of another copy of it or from another realm.
pub(super) fn is_gateway_error(env: &Env, value: Unknown<'static>) -> Result<bool> {
    Ok(value.is_error()? && Border::of(env)?.is_failure.borrow_back(env)?.call((value,).into())?)
}
