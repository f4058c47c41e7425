//! The address of a provider's API.

use url::{Host, Url};

use crate::error::{Error, Result};

/// The longest base URL. A request cannot be sent to a URL of 64 KiB.
const LENGTH_LIMIT: usize = 2_048;

/// The longest host name, by DNS.
const HOST_LIMIT: usize = 253;

/// The address of an API: https anywhere, plain http on loopback only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(Url);

/// Why a base URL is invalid. The URL itself is not repeated: it may hold a password.
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
    #[error("must have at most {LENGTH_LIMIT} characters")]
    Long,
}

impl BaseUrl {
    /// Parses and checks a base URL.
    pub(crate) fn parse(text: &str) -> Result<Self, BaseUrlError> {
        if text.len() > LENGTH_LIMIT {
            return Err(BaseUrlError::Long);
        }
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
        // The transport is stricter than `Url`: it would refuse each request.
        let is_sendable = url.as_str().len() <= LENGTH_LIMIT && url.as_str().parse::<::http::Uri>().is_ok();
        if !is_sendable || url.host_str().is_none_or(|host| host.len() > HOST_LIMIT) {
            return Err(BaseUrlError::Malformed);
        }
        Ok(Self(url))
    }

    /// Returns the URL of a path below the base. Each segment is percent-encoded, so an id cannot leave the base.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url> {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .map_err(|()| Error::internal("A base URL turned out not to be one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// Returns `scheme://host:port`. Connections and rate windows are shared by origin.
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
            ("https://xn--", BaseUrlError::Malformed),
            ("https://a{b}.example.com", BaseUrlError::Malformed),
            ("https://a\"b.example.com", BaseUrlError::Malformed),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LENGTH_LIMIT));
        assert_eq!(BaseUrl::parse(&long), Err(BaseUrlError::Long));
        let spelled_out = format!("https://example.com/{}", "ü".repeat(LENGTH_LIMIT / 2 - 20));
        assert_eq!(BaseUrl::parse(&spelled_out), Err(BaseUrlError::Malformed));
        let long_host = format!("https://{}com", "x.".repeat(130));
        assert_eq!(BaseUrl::parse(&long_host), Err(BaseUrlError::Malformed));
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
