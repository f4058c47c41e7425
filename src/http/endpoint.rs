//! The address of a provider's API.

use std::sync::Arc;

use url::{Host, Url};

use crate::error::{Error, Result};

/// The address of an API: https anywhere, plain http on loopback or through a local socket only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    url: Url,
    /// The path of the socket through which plain http goes, instead of the network.
    socket: Option<Arc<str>>,
}

/// The beginning of the address of a local socket, as [`BaseUrl::parse_address`] takes it.
pub(crate) const SOCKET: &str = "socket:";

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
        Ok(Self { url, socket: None })
    }

    /// Parses the address that a provider chooses itself: a base URL, or [`SOCKET`] with the path of a local socket.
    pub(super) fn parse_address(text: &str) -> Result<Self, BaseUrlError> {
        match text.strip_prefix(SOCKET) {
            None => Self::parse(text),
            Some("") => Err(BaseUrlError::Malformed),
            // HTTP wants a host, although nothing is looked up.
            Some(path) => Ok(Self {
                socket: Some(Arc::from(path)),
                ..Self::parse("http://localhost")?
            }),
        }
    }

    /// Returns the path of the local socket, if the API is reached through one.
    pub(crate) fn socket(&self) -> Option<&Arc<str>> {
        self.socket.as_ref()
    }

    /// Returns the URL of a path below the base. Each segment is percent-encoded, so an id cannot leave the base.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url> {
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| Error::internal("A base URL turned out not to be one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// Returns `scheme://host:port`, or the path of the socket. Connections and rate windows are shared by origin.
    pub(crate) fn origin(&self) -> String {
        match &self.socket {
            Some(path) => format!("{SOCKET}{path}"),
            None => self.url.origin().ascii_serialization(),
        }
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
    fn a_socket_is_an_origin_of_its_own_and_no_base_url_of_a_caller() {
        let socket = BaseUrl::parse_address("socket:/run/a.sock").unwrap();
        assert_eq!(socket.socket().map(|path| &**path), Some("/run/a.sock"));
        assert_eq!(socket.origin(), "socket:/run/a.sock");
        assert_eq!(socket.join(&["v1"]).unwrap().as_str(), "http://localhost/v1");
        assert_eq!(BaseUrl::parse_address("https://a.example").unwrap().socket(), None);
        assert_eq!(BaseUrl::parse_address("socket:"), Err(BaseUrlError::Malformed));
        assert_eq!(BaseUrl::parse("socket:/run/a.sock"), Err(BaseUrlError::Malformed));
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
