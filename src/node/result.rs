//! Replies as JavaScript values. The worker thread writes JSON, the main thread lets V8 parse it: that is faster than
//! building objects property by property, the more so the longer a list is.

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsObjectValue, Null, Object, ToNapiValue, Unknown};
use napi::{Env, Result};

use crate::error::{self, Error};
use crate::instance::Provisioned;
use crate::operations::Reply;

/// A reply that is ready to cross.
pub(super) enum Crossing {
    Json(String),
    Null,
    Undefined,
}

impl Crossing {
    /// Runs on a worker thread.
    pub(super) fn of(reply: &Reply) -> error::Result<Self> {
        let json = match reply {
            Reply::Instance(instance) | Reply::Found(Some(instance)) => {
                serde_json::to_string(&Provisioned::from(instance))
            }
            Reply::Instances(instances) => {
                serde_json::to_string(&instances.iter().map(Provisioned::from).collect::<Vec<_>>())
            }
            Reply::Found(None) => return Ok(Self::Null),
            Reply::Nothing => return Ok(Self::Undefined),
        };
        json.map(Self::Json)
            .map_err(|_| Error::internal("A result could not be written as JSON."))
    }

    /// Runs on JavaScript's thread.
    pub(super) fn into_js(self, env: &Env) -> Result<Unknown<'static>> {
        match self {
            Self::Json(text) => {
                let json: Object<'_> = env.get_global()?.get_named_property("JSON")?;
                let parse: Function<'_, FnArgs<(String,)>, Unknown<'static>> = json.get_named_property("parse")?;
                parse.call((text,).into())
            }
            Self::Null => Unknown::from_unknown(Null.into_unknown(env)?),
            Self::Undefined => Unknown::from_unknown(().into_unknown(env)?),
        }
    }
}
