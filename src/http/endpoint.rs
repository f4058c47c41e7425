//! The address of a provider's API.

use url::{Host, Url};

use crate::error::{Error, Result};

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
}

impl BaseUrl {
    /// Parses and checks a base URL.
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

    /// Returns the URL of a path below the base. Each segment is percent-encoded, so an id cannot leave the base.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url> {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .map_err(|()| Error::internal("A base URL turned out not to be one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// Returns the path, without a slash at its end.
    pub(crate) fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// Returns the host, and the port: the scheme's own if the URL names none.
    pub(crate) fn host_and_port(&self) -> (&str, Option<u16>) {
        (self.0.host_str().unwrap_or_default(), self.0.port_or_known_default())
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
