//! The core's errors as JavaScript errors: a real `Error` with `name: 'GatewayError'`, own properties and the stack of
//! whoever called.

use napi::bindgen_prelude::{JsObjectValue, JsValue, Object, ObjectRef, ToNapiValue, Unknown};
use napi::{Env, Property, PropertyAttributes, Result, Status, ValueType};

use super::scrub::Scrub;
use crate::error::Error;

const NAME: &str = "GatewayError";

/// Where a call came from: an `Error` made at that moment, which becomes the rejection if there is one.
///
/// An error that is made when the answer comes has no frames of JavaScript in its stack.
pub(super) struct CallSite(ObjectRef<false>);

impl CallSite {
    pub(super) fn here(env: &Env) -> Result<Self> {
        let error = env.create_error(napi::Error::new(Status::GenericFailure, ""))?;
        error.create_ref().map(Self)
    }

    /// Lets go of the error: the call succeeded.
    pub(super) fn forget(self, env: &Env) -> Result<()> {
        self.0.unref(env)
    }

    /// The error to reject with.
    pub(super) fn into_error(self, env: &Env, error: &Error, cause: Option<Unknown<'_>>) -> Result<napi::Error> {
        let mut object = self.0.get_value(env)?;
        fill(env, &mut object, error, cause)?;
        // The reference is let go only now, when the object is reachable from the stack of this function.
        self.0.unref(env)?;
        Ok(napi::Error::from_unknown_without_coercion(object.to_unknown()))
    }
}

/// An error to throw or reject with at once, from where we stand.
pub(super) fn to_js(env: &Env, error: &Error) -> Result<napi::Error> {
    CallSite::here(env)?.into_error(env, error, None)
}

fn fill(env: &Env, object: &mut Object<'_>, error: &Error, cause: Option<Unknown<'_>>) -> Result<()> {
    let details = error.details();
    let message = error.to_string();
    let frames: Option<String> = object.get("stack")?;
    let frames = frames
        .as_deref()
        .and_then(|stack| stack.find("\n    at ").map(|start| &stack[start..]));
    let stack = format!("{NAME}: {message}{}", frames.unwrap_or_default());
    let mut hidden = vec![
        hide(env, "name", NAME)?,
        hide(env, "message", message)?,
        hide(env, "stack", stack)?,
    ];
    if let Some(cause) = cause {
        hidden.push(hide(env, "cause", cause)?);
    }
    object.define_properties(&hidden)?;
    object.set("code", details.code.as_str())?;
    object.set("provider", details.provider)?;
    object.set("operation", details.operation.map(crate::error::Operation::as_str))?;
    object.set("retryable", error.retryable())?;
    put(object, "httpStatus", details.http_status.map(u32::from))?;
    put(object, "providerCode", details.provider_code.as_deref())?;
    put(object, "requestId", details.request_id.as_deref())?;
    let wait = details.retry_after.map(|wait| wait.as_secs_f64() * 1_000.0);
    put(object, "retryAfterMs", wait.map(f64::ceil))?;
    put(object, "instanceId", details.instance_id.as_deref())?;
    put(object, "resourceName", details.resource_name.as_deref())
}

/// What is not known is left out, not set to `undefined`.
fn put<T: ToNapiValue>(object: &mut Object<'_>, name: &str, value: Option<T>) -> Result<()> {
    match value {
        Some(value) => object.set(name, value),
        None => Ok(()),
    }
}

/// A property that an error has without showing it among its keys, as `message` and `stack` of any error.
fn hide<T: ToNapiValue>(env: &Env, name: &str, value: T) -> Result<Property> {
    let attributes = PropertyAttributes::Writable | PropertyAttributes::Configurable;
    let property = Property::new().with_utf8_name(name)?.with_napi_value(env, value)?;
    Ok(property.with_property_attributes(attributes))
}

/// Whether a value is an error of this package, also one of another copy of it or from another realm.
pub(super) fn is_gateway_error(env: &Env, value: Unknown<'_>) -> Result<bool> {
    if !value.is_error()? {
        return Ok(false);
    }
    let scrub = Scrub::new(env)?;
    let object = Object::from_raw(value.value().env, value.value().value);
    // An error whose getters throw is not one of ours.
    Ok(looks_like_ours(&object).unwrap_or_else(|_| {
        scrub.clear();
        false
    }))
}

fn looks_like_ours(object: &Object<'_>) -> Result<bool> {
    let name: Unknown<'_> = object.get_named_property_unchecked("name")?;
    let code: Unknown<'_> = object.get_named_property_unchecked("code")?;
    let texts = name.get_type()? == ValueType::String && code.get_type()? == ValueType::String;
    Ok(texts && name.coerce_to_string()?.into_utf8()?.as_str()? == NAME)
}
