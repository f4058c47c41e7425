//! The settings that every factory takes.

use std::time::Duration;

use crate::error::Result;
use crate::http::endpoint::BaseUrl;
use crate::http::settings::{DEFAULT_MAX_RETRIES, Settings};
use crate::input::reader::Reader;
use crate::model::owner::{OWNER_FIELD, Owner};

/// The fields of `config` that [`read`] reads.
pub(crate) const SETTINGS_FIELDS: [&str; 4] = ["baseUrl", "requestTimeoutMs", "maxRetries", OWNER_FIELD];

/// The most that `requestTimeoutMs` may be: one hour.
const TIMEOUT_LIMIT_MS: u32 = 3_600_000;

/// The most that `maxRetries` may be.
const RETRIES_LIMIT: u32 = 100;

/// The settings of a factory.
pub(crate) struct ProviderSettings {
    /// How its client sends.
    pub(crate) http: Settings,
    /// The owner of what it creates.
    pub(crate) owner: Option<Owner>,
}

/// Reads and checks the settings.
pub(crate) fn read(config: &Reader<'_>) -> Result<ProviderSettings> {
    let base_url = match config.filled_text("baseUrl")? {
        Some(text) => Some(BaseUrl::parse(&text).map_err(|problem| config.invalid("baseUrl", &problem.to_string()))?),
        None => None,
    };
    let request_timeout = config
        .whole("requestTimeoutMs", 1, TIMEOUT_LIMIT_MS)?
        .map(|milliseconds| Duration::from_millis(milliseconds.into()));
    let max_retries = config
        .whole("maxRetries", 0, RETRIES_LIMIT)?
        .unwrap_or(DEFAULT_MAX_RETRIES);
    Ok(ProviderSettings {
        http: Settings {
            base_url,
            request_timeout,
            max_retries,
        },
        owner: Owner::read(config)?,
    })
}
