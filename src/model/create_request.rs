//! What `create` is asked for, in the terms that every provider shares.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::input::reader::Reader;
use crate::secret::Secret;

/// The image that holds the ComputeSDK daemon.
const DEFAULT_IMAGE: &str = "computesdk/compute:latest";

/// How long `waitUntilReady` waits unless told otherwise.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// The most that `readyTimeoutMs` may be: a day.
const READY_TIMEOUT_LIMIT_MS: u32 = 86_400_000;

/// The longest idempotency key, in bytes.
const KEY_LIMIT: usize = 1_024;

const ACCESS_TOKEN: &str = "COMPUTESDK_ACCESS_TOKEN";
const GATEWAY_URL: &str = "COMPUTESDK_GATEWAY_URL";

/// A create as the caller wants it.
pub(crate) struct CreateRequest {
    /// Container image.
    pub(crate) image: String,
    /// Variables of the resource, in order, without doubles.
    pub(crate) variables: Vec<(String, Secret)>,
    /// The name that the caller chose.
    pub(crate) name: Option<String>,
    /// The caller's idempotency key.
    pub(crate) idempotency_key: Option<String>,
    /// How long to wait for readiness; `None` resolves when the provider has accepted the create.
    pub(crate) ready_timeout: Option<Duration>,
}

impl CreateRequest {
    /// Reads and checks the options that all providers share. Nothing is sent before they are sound.
    pub(crate) fn read(options: &Reader<'_>) -> Result<Self> {
        let name = options.text("name")?;
        if name.as_deref().is_some_and(str::is_empty) {
            return Err(options.refusal("name", "must not be empty"));
        }
        let idempotency_key = options.text("idempotencyKey")?;
        if idempotency_key
            .as_deref()
            .is_some_and(|key| key.is_empty() || key.len() > KEY_LIMIT)
        {
            let rule = format!("must have 1 to {KEY_LIMIT} bytes");
            return Err(options.refusal("idempotencyKey", &rule));
        }
        if name.is_some() && idempotency_key.is_some() {
            return Err(options.refusal("idempotencyKey", "cannot be given together with name"));
        }
        let ready_timeout = options
            .whole("readyTimeoutMs", 1, READY_TIMEOUT_LIMIT_MS)?
            .map_or(READY_TIMEOUT, |milliseconds| Duration::from_millis(milliseconds.into()));
        let wait = options.boolean("waitUntilReady")?.unwrap_or(false);
        Ok(Self {
            image: options
                .filled_text("image")?
                .unwrap_or_else(|| DEFAULT_IMAGE.to_owned()),
            variables: variables(options)?,
            name,
            idempotency_key,
            ready_timeout: wait.then_some(ready_timeout),
        })
    }
}

/// The daemon's two variables, then `envs` and `daemonConfig.env`, of which the latter wins.
fn variables(options: &Reader<'_>) -> Result<Vec<(String, Secret)>> {
    let mut merged: Vec<(String, Secret)> = Vec::new();
    let mut set_by_daemon = 0;
    let mut others = options.variables("envs")?;
    if let Some(daemon) = options.object("daemonConfig")? {
        let reader = options.nested("daemonConfig", &daemon);
        let token = reader
            .filled_text("accessToken")?
            .ok_or_else(|| reader.refusal("accessToken", "is required and must not be empty"))?;
        merged.push((ACCESS_TOKEN.to_owned(), Secret::new(token)));
        if let Some(url) = reader.filled_text("gatewayUrl")? {
            merged.push((GATEWAY_URL.to_owned(), Secret::new(url)));
        }
        set_by_daemon = merged.len();
        for (name, value) in reader.variables("env")? {
            put(&mut others, name, value);
        }
    }
    for (name, value) in others {
        match merged[..set_by_daemon].iter().find(|(taken, _)| *taken == name) {
            Some((_, daemon)) if daemon.expose() == value.expose() => {}
            Some(_) => {
                let text = format!("The variable {name} must not have another value than daemonConfig gives it.");
                return Err(Error::argument(text));
            }
            None => put(&mut merged, name, value),
        }
    }
    Ok(merged)
}

/// Sets a variable; a later value takes the place of an earlier one.
fn put(variables: &mut Vec<(String, Secret)>, name: String, value: Secret) {
    match variables.iter_mut().find(|(taken, _)| *taken == name) {
        Some((_, earlier)) => *earlier = value,
        None => variables.push((name, value)),
    }
}
