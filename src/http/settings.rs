//! Settings that all providers share: where requests go, how long they may take, how often they are repeated.

use std::time::Duration;

use crate::error::Result;
use crate::http::effect::Effect;
use crate::http::endpoint::BaseUrl;
use crate::http::limits::LONGEST_WAIT;
use crate::input::reader::Reader;

/// How long one request may take, headers and body together.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a create request may take: 13 s were recorded at Render (`reference/render.md` §1), and a create that is
/// given up too early is a resource to be searched for.
pub(crate) const CREATE_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is repeated after its first attempt.
pub(crate) const MAX_RETRIES: u32 = 3;

/// The most that `requestTimeoutMs` may be: one hour.
const TIMEOUT_LIMIT_MS: u32 = 3_600_000;

/// The most that `maxRetries` may be.
const RETRIES_LIMIT: u32 = 100;

/// The settings that every factory takes.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Replaces the provider's own address; tests and proxies need it.
    pub(crate) base_url: Option<BaseUrl>,
    request_timeout: Option<Duration>,
    pub(crate) max_retries: u32,
}

impl Settings {
    /// Reads `baseUrl`, `requestTimeoutMs` and `maxRetries`.
    pub(crate) fn read(config: &Reader<'_>) -> Result<Self> {
        let base_url = match config.filled_text("baseUrl")? {
            Some(text) => {
                Some(BaseUrl::parse(&text).map_err(|problem| config.refusal("baseUrl", &problem.to_string()))?)
            }
            None => None,
        };
        let request_timeout = config
            .whole("requestTimeoutMs", 1, TIMEOUT_LIMIT_MS)?
            .map(|milliseconds| Duration::from_millis(milliseconds.into()));
        let max_retries = config.whole("maxRetries", 0, RETRIES_LIMIT)?.unwrap_or(MAX_RETRIES);
        Ok(Self {
            base_url,
            request_timeout,
            max_retries,
        })
    }

    /// How long one request may take.
    pub(crate) fn timeout(&self, effect: Effect) -> Duration {
        self.request_timeout.unwrap_or(match effect {
            Effect::Idempotent => REQUEST_TIMEOUT,
            Effect::Once => CREATE_REQUEST_TIMEOUT,
        })
    }

    /// How long one exchange may take: all attempts at a request, and the longest waits between them.
    pub(crate) fn patience(&self, effect: Effect) -> Duration {
        let attempts = self.timeout(effect).saturating_mul(self.max_retries + 1);
        attempts + LONGEST_WAIT.saturating_mul(self.max_retries)
    }
}
