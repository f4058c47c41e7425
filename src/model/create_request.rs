//! The options of `create` that every provider shares.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

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
    /// The field that gives the address of the gateway.
    pub(crate) gateway_url_field: Option<&'static str>,
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
        let Variables {
            merged,
            gateway_url_field,
        } = read_variables(options)?;
        Ok(Self {
            image: options
                .filled_text("image")?
                .unwrap_or_else(|| DEFAULT_IMAGE.to_owned()),
            variables: merged,
            name,
            idempotency_key,
            ready_timeout: wait.then_some(ready_timeout),
            gateway_url_field,
        })
    }

    /// Checks the address of the gateway. A daemon that cannot reach its gateway is a billed resource without use.
    ///
    /// `is_replaced` says of a value that the provider puts another one in its place.
    pub(crate) fn check_gateway_url(&self, is_replaced: impl Fn(&str) -> bool) -> Result<()> {
        let Some(field) = self.gateway_url_field else {
            return Ok(());
        };
        let value = self.variables.iter().find(|(name, _)| name == GATEWAY_URL);
        let is_fit = |value: &Secret| {
            let text = value.expose();
            text.is_empty() || is_replaced(text) || is_gateway_url(text)
        };
        if value.is_none_or(|(_, value)| is_fit(value)) {
            return Ok(());
        }
        Err(Error::argument(format!(
            "options.{field} must be a URL that begins with http://, https://, ws:// or wss://."
        )))
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

/// The variables of a create.
struct Variables {
    /// In order, each name once.
    merged: Vec<(String, Secret)>,
    /// The field that gives [`GATEWAY_URL`].
    gateway_url_field: Option<&'static str>,
}

/// Merges the daemon's two variables, `envs` and `daemonConfig.env`. Where the last two differ, `daemonConfig.env` wins.
fn read_variables(options: &Reader<'_>) -> Result<Variables> {
    let mut merged: Vec<(String, Secret)> = Vec::new();
    let mut gateway_url_field = None;
    let mut own = Vec::new();
    if let Some(daemon) = options.object("daemonConfig")? {
        let reader = options.nested("daemonConfig", &daemon);
        let token = reader
            .filled_text("accessToken")?
            .ok_or_else(|| reader.invalid("accessToken", "is required and must not be empty"))?;
        merged.push((ACCESS_TOKEN.to_owned(), Secret::new(token)));
        if let Some(url) = reader.filled_text("gatewayUrl")? {
            merged.push((GATEWAY_URL.to_owned(), Secret::new(url)));
            gateway_url_field = Some("daemonConfig.gatewayUrl");
        }
        own = reader.variables("env")?;
    }
    let daemon_variables = merged.len();
    let shared = options.variables("envs")?;
    let is_in = |variables: &[(String, Secret)]| variables.iter().any(|(name, _)| name == GATEWAY_URL);
    if gateway_url_field.is_none() {
        gateway_url_field = if is_in(&own) {
            Some("daemonConfig.env.COMPUTESDK_GATEWAY_URL")
        } else {
            is_in(&shared).then_some("envs.COMPUTESDK_GATEWAY_URL")
        };
    }
    for (name, value) in merge(shared, own) {
        match merged[..daemon_variables].iter().find(|(taken, _)| *taken == name) {
            Some((_, daemon)) if daemon.expose() == value.expose() => {}
            Some(_) => {
                let name = quote_name(&name);
                let text = format!("The variable {name} contradicts daemonConfig, which sets it to another value.");
                return Err(Error::argument(text));
            }
            None => merged.push((name, value)),
        }
    }
    Ok(Variables {
        merged,
        gateway_url_field,
    })
}

/// Returns the variables of both lists, each of which has a name once. A later value takes the place of an earlier one.
fn merge(mut earlier: Vec<(String, Secret)>, later: Vec<(String, Secret)>) -> Vec<(String, Secret)> {
    if earlier.is_empty() || later.is_empty() {
        earlier.extend(later);
        return earlier;
    }
    let positions: HashMap<String, usize> = earlier
        .iter()
        .enumerate()
        .map(|(position, (name, _))| (name.clone(), position))
        .collect();
    for (name, value) in later {
        match positions.get(&name) {
            Some(&position) => earlier[position].1 = value,
            None => earlier.push((name, value)),
        }
    }
    earlier
}

/// Returns whether a daemon can call a gateway at this address.
fn is_gateway_url(text: &str) -> bool {
    let has_scheme = ["http://", "https://", "ws://", "wss://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    // `Url` takes white space out of a text, and a daemon may not.
    let is_visible = !text.contains(|character: char| character.is_whitespace() || character.is_control());
    // The addon carries no tables for international names, and a daemon may have them.
    let ascii: String = text
        .chars()
        .map(|character| if character.is_ascii() { character } else { 'x' })
        .collect();
    has_scheme && is_visible && Url::parse(&ascii).is_ok_and(|url| url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_has_a_url_of_http_or_of_web_sockets() {
        for text in [
            "https://gateway.computesdk.com",
            "http://localhost:3000/path?x=1",
            "wss://user:password@gateway.example.com",
            "WS://[::1]:80",
        ] {
            assert!(is_gateway_url(text), "{text}");
        }
        for text in [
            "gateway.computesdk.com",
            "localhost:3000",
            "//gateway.example.com",
            "https:gateway.example.com",
            "https://",
            "https:///",
            "https://a b",
            "https://gateway.example.com\n",
            " https://gateway.example.com",
            "https://gate\tway.example.com",
            "https://gateway.example.com:port",
            "ftp://gateway.example.com",
            "javascript:alert(1)",
            "https://xn--",
            "undefined",
            " ",
        ] {
            assert!(!is_gateway_url(text), "{text}");
        }
    }

    #[test]
    fn a_later_variable_takes_the_place_of_an_earlier_one() {
        let variables = |names: &[&str], value: &str| {
            let pair = |name: &&str| ((*name).to_owned(), Secret::new(value.to_owned()));
            names.iter().map(pair).collect::<Vec<_>>()
        };
        let merged = merge(variables(&["A", "B", "C"], "1"), variables(&["D", "B"], "2"));
        let shown: Vec<_> = merged
            .iter()
            .map(|(name, value)| format!("{name}{}", value.expose()))
            .collect();
        assert_eq!(shown, ["A1", "B2", "C1", "D2"]);
    }
}
