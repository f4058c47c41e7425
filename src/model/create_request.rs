//! The options of `create` that every provider shares.

use std::time::Duration;

use crate::error::{Error, Result, quote_name};
use crate::input::reader::Reader;
use crate::secret::{Redactor, Secret};

/// The image with the ComputeSDK daemon in it.
const DEFAULT_IMAGE: &str = "computesdk/compute:latest";

/// How long `waitUntilReady` waits by default.
const READY_TIMEOUT: Duration = Duration::from_secs(300);

/// The most that `readyTimeoutMs` may be: a day.
const READY_TIMEOUT_LIMIT_MS: u32 = 86_400_000;

/// The longest idempotency key, in bytes.
const KEY_LIMIT: usize = 1_024;

const ACCESS_TOKEN: &str = "COMPUTESDK_ACCESS_TOKEN";
const GATEWAY_URL: &str = "COMPUTESDK_GATEWAY_URL";

/// The fields of `options` that [`CreateRequest::read`] reads.
pub(crate) const CREATE_FIELDS: [&str; 7] = [
    "image",
    "daemonConfig",
    "envs",
    "name",
    "idempotencyKey",
    "waitUntilReady",
    "readyTimeoutMs",
];

/// A create as the caller asks for it.
pub(crate) struct CreateRequest {
    /// Container image.
    pub(crate) image: String,
    /// Variables of the resource, in order, each name once.
    pub(crate) variables: Vec<(String, Secret)>,
    /// The name that the caller chose.
    pub(crate) name: Option<String>,
    /// The caller's idempotency key.
    pub(crate) idempotency_key: Option<String>,
    /// How long to wait until the instance runs. `None`: the call resolves when the provider has accepted the create.
    pub(crate) ready_timeout: Option<Duration>,
}

impl CreateRequest {
    /// Reads and checks the options. Nothing is sent before they are valid.
    pub(crate) fn read(options: &Reader<'_>) -> Result<Self> {
        let name = options.text("name")?;
        if name.as_deref().is_some_and(str::is_empty) {
            return Err(options.invalid("name", "must not be empty"));
        }
        let idempotency_key = options.text("idempotencyKey")?;
        if idempotency_key
            .as_deref()
            .is_some_and(|key| key.is_empty() || key.len() > KEY_LIMIT)
        {
            let rule = format!("must have 1 to {KEY_LIMIT} bytes");
            return Err(options.invalid("idempotencyKey", &rule));
        }
        if name.is_some() && idempotency_key.is_some() {
            return Err(options.invalid("idempotencyKey", "cannot be given together with name"));
        }
        let ready_timeout = options
            .whole("readyTimeoutMs", 1, READY_TIMEOUT_LIMIT_MS)?
            .map_or(READY_TIMEOUT, |milliseconds| Duration::from_millis(milliseconds.into()));
        let wait = options.boolean("waitUntilReady")?.unwrap_or(false);
        Ok(Self {
            image: options
                .filled_text("image")?
                .unwrap_or_else(|| DEFAULT_IMAGE.to_owned()),
            variables: read_variables(options)?,
            name,
            idempotency_key,
            ready_timeout: wait.then_some(ready_timeout),
        })
    }

    /// Adds the values of the variables to what is masked. The access token is a credential.
    pub(crate) fn add_secrets(&self, redactor: &mut Redactor) {
        for (name, value) in &self.variables {
            if name == ACCESS_TOKEN {
                redactor.add_credential(value);
            } else {
                redactor.add_value(value);
            }
        }
    }
}

/// Merges the daemon's two variables, `envs` and `daemonConfig.env`. Where the last two differ, `daemonConfig.env` wins.
fn read_variables(options: &Reader<'_>) -> Result<Vec<(String, Secret)>> {
    let mut merged: Vec<(String, Secret)> = Vec::new();
    let mut daemon_variables = 0;
    let mut others = options.variables("envs")?;
    if let Some(daemon) = options.object("daemonConfig")? {
        let reader = options.nested("daemonConfig", &daemon);
        let token = reader
            .filled_text("accessToken")?
            .ok_or_else(|| reader.invalid("accessToken", "is required and must not be empty"))?;
        merged.push((ACCESS_TOKEN.to_owned(), Secret::new(token)));
        if let Some(url) = reader.filled_text("gatewayUrl")? {
            merged.push((GATEWAY_URL.to_owned(), Secret::new(url)));
        }
        daemon_variables = merged.len();
        for (name, value) in reader.variables("env")? {
            set(&mut others, name, value);
        }
    }
    for (name, value) in others {
        match merged[..daemon_variables].iter().find(|(taken, _)| *taken == name) {
            Some((_, daemon)) if daemon.expose() == value.expose() => {}
            Some(_) => {
                let name = quote_name(&name);
                let text = format!("The variable {name} contradicts daemonConfig, which sets it to another value.");
                return Err(Error::argument(text));
            }
            None => set(&mut merged, name, value),
        }
    }
    Ok(merged)
}

/// Sets a variable; a later value replaces an earlier one.
fn set(variables: &mut Vec<(String, Secret)>, name: String, value: Secret) {
    match variables.iter_mut().find(|(taken, _)| *taken == name) {
        Some((_, earlier)) => *earlier = value,
        None => variables.push((name, value)),
    }
}
