//! How a client sends: where to, how long a request may take, how often it is repeated.

use std::time::Duration;

use super::effect::Effect;
use super::endpoint::BaseUrl;
use super::limits::LONGEST_WAIT;

/// How long one request may take by default, headers and body together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a create request may take by default. Render was seen to take 13 s (docs/providers/render.md), and a create
/// that is given up too early has to be looked up.
const CREATE_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is repeated by default, after its first attempt.
pub(crate) const DEFAULT_MAX_RETRIES: u32 = 3;

/// The settings of a client.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Replaces the provider's own address; tests and proxies need it.
    pub(crate) base_url: Option<BaseUrl>,
    /// How long one request may take; `None`: the default of its effect.
    pub(crate) request_timeout: Option<Duration>,
    /// How often a request is repeated after its first attempt.
    pub(crate) max_retries: u32,
}

impl Settings {
    /// Returns how long one attempt may take.
    pub(crate) fn attempt_timeout(&self, effect: Effect) -> Duration {
        self.request_timeout.unwrap_or(match effect {
            Effect::Idempotent => REQUEST_TIMEOUT,
            Effect::Once => CREATE_REQUEST_TIMEOUT,
        })
    }

    /// Returns how long one exchange may take: all attempts at a request, and the longest waits between them.
    pub(crate) fn exchange_timeout(&self, effect: Effect) -> Duration {
        let attempts = self.attempt_timeout(effect).saturating_mul(self.max_retries + 1);
        attempts + LONGEST_WAIT.saturating_mul(self.max_retries)
    }
}
