//! Settings that all providers share: where requests go, how long they may take, how often they are repeated.

use std::time::Duration;

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::http::client::Effect;
use crate::options::Reader;

/// How long one request may take, headers and body together.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a create request may take: 13 s were recorded at Render (`reference/render.md` §1), and a create that is
/// given up too early is a resource to be searched for.
pub(crate) const CREATE_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How often a request is repeated after its first attempt.
pub(crate) const MAX_RETRIES: u32 = 3;

/// The longest wait between two attempts; a longer one is reported, not slept (contract §6).
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30);

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

/// The address under which a provider's API is reached: https, or plain http on loopback only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

/// Why a base URL was refused. The URL itself is not repeated: it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseUrlError {
    #[error("must be an absolute URL")]
    Malformed,
    #[error("must use https; plain http is allowed for loopback addresses only")]
    Plain,
    #[error("must not hold a user name or a password")]
    Credentials,
    #[error("must not hold a query or a fragment")]
    Query,
}

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let mut url = Url::parse(text.trim()).map_err(|_| BaseUrlError::Malformed)?;
        if url.cannot_be_a_base() || url.host().is_none() {
            return Err(BaseUrlError::Malformed);
        }
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(BaseUrlError::Plain),
            _ => return Err(BaseUrlError::Malformed),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of a path below the base; `segments` are percent-encoded one by one, so an id can't climb out.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url> {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .map_err(|()| Error::internal("A base URL turned out not to be one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// `scheme://host:port`: what connections and rate windows are shared by.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_loopback_only() {
        for text in [
            "https://backboard.railway.com",
            "https://proxy.example/railway/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/x",
            "http://localhost:1",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        for (text, error) in [
            ("http://example.com", BaseUrlError::Plain),
            ("http://127.0.0.1.example.com", BaseUrlError::Plain),
            ("ftp://127.0.0.1", BaseUrlError::Malformed),
            ("backboard.railway.com", BaseUrlError::Malformed),
            ("data:text/plain,x", BaseUrlError::Malformed),
            ("https://user:pass@example.com", BaseUrlError::Credentials),
            ("https://example.com?x=1", BaseUrlError::Query),
            ("https://example.com#x", BaseUrlError::Query),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn segments_cannot_climb_out_of_the_base() -> Result<()> {
        let base = BaseUrl::parse("https://example.com/v1/").map_err(|_| Error::internal("base"))?;
        assert_eq!(
            base.join(&["services", "../owners?x#y/z"])?.as_str(),
            "https://example.com/v1/services/..%2Fowners%3Fx%23y%2Fz"
        );
        assert_eq!(base.join(&["a"])?.as_str(), "https://example.com/v1/a");
        Ok(())
    }
}
