//! The address of a provider's API.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use url::{Host, Url};

use crate::error::{Error, ErrorCode, Result};

/// The longest base URL. A request cannot be sent to a URL of 64 KiB.
const LENGTH_LIMIT: usize = 2_048;

/// The longest host name, by DNS.
const HOST_LIMIT: usize = 253;

/// The address of an API: https anywhere, plain http on loopback (see [`is_loopback`]) or through a local socket only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    url: Url,
    /// The address of the socket through which plain http goes, instead of the network. It begins with [`SOCKET`].
    socket: Option<Arc<str>>,
}

/// The beginning of the address of a local socket, as [`BaseUrl::parse_address`] takes it.
pub(crate) const SOCKET: &str = "socket:";

/// Why a base URL is invalid. The URL itself is not repeated: it may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseUrlError {
    #[error("must be an absolute URL")]
    Malformed,
    #[error("must use https; plain http is allowed for localhost and loopback addresses only")]
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
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
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
        Ok(Self { url, socket: None })
    }

    /// Parses the address that a provider chooses itself: a base URL, or [`SOCKET`] with the path of a local socket.
    pub(super) fn parse_address(text: &str) -> Result<Self, BaseUrlError> {
        match text.strip_prefix(SOCKET) {
            None => Self::parse(text),
            Some("") => Err(BaseUrlError::Malformed),
            // HTTP wants a host, although nothing is looked up.
            Some(_) => Ok(Self {
                socket: Some(Arc::from(text)),
                ..Self::parse("http://localhost")?
            }),
        }
    }

    /// Returns the path of the local socket, if the API is reached through one.
    pub(super) fn socket(&self) -> Option<&str> {
        self.socket.as_ref()?.strip_prefix(SOCKET)
    }

    /// Returns the URL of a path below the base. Each segment is percent-encoded, so an id cannot leave the base.
    ///
    /// Errors: `PROTOCOL` for a segment that would not stand in the URL as it is. It can only be an id that a provider sent:
    /// those of a caller are checked for their form. Nothing was sent.
    pub(crate) fn join(&self, segments: &[&str]) -> Result<Url> {
        if !segments.iter().all(|segment| stands_in_path(segment)) {
            let text = "The provider sent an id that cannot be part of an address; no request was sent with it.";
            return Err(Error::new(ErrorCode::Protocol, text));
        }
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| Error::internal("A base URL turned out not to be one."))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// Returns the whole URL, without a slash at its end unless it has no path; or the address of the socket.
    pub(crate) fn as_str(&self) -> &str {
        self.socket.as_deref().unwrap_or_else(|| self.url.as_str())
    }

    /// Returns the path, without a slash at its end.
    pub(crate) fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Returns the host, and the port: the scheme's own if the URL names none. Of a socket, its address.
    pub(crate) fn host_and_port(&self) -> (&str, Option<u16>) {
        match &self.socket {
            Some(address) => (address, None),
            None => (
                self.url.host_str().unwrap_or_default(),
                self.url.port_or_known_default(),
            ),
        }
    }

    /// Returns `scheme://host:port`, or the address of the socket. Connections and rate windows are shared by origin.
    pub(crate) fn origin(&self) -> String {
        match &self.socket {
            Some(address) => address.as_ref().to_owned(),
            None => self.url.origin().ascii_serialization(),
        }
    }
}

/// The name of the loopback interface. It is never looked up: the transport connects it to [`LOOPBACK_ADDRESSES`].
pub(super) const LOCALHOST: &str = "localhost";

/// The addresses of [`LOCALHOST`].
pub(super) const LOOPBACK_ADDRESSES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Returns whether a URL leads to this machine: by a loopback address, or by the name `localhost`. Other names, such as
/// `x.localhost`, are looked up like any name, and may lead anywhere.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(domain)) => domain == LOCALHOST,
        None => false,
    }
}

/// Returns whether a segment stands in a path as one segment. URLs drop `.`, `..`, tabs and line breaks, and an empty
/// segment ends the path: `DELETE /services/{id}` would become `DELETE /services`. A slash is percent-encoded, but some proxies
/// decode it before they route. No id holds any other control character.
fn stands_in_path(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.chars().any(|one| one.is_control() || matches!(one, '/' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Outcome;

    #[test]
    fn https_anywhere_and_http_on_loopback_only() {
        for text in [
            "https://backboard.railway.com",
            "https://proxy.example/railway/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/x",
            "http://localhost:1",
            "http://LOCALHOST:1",
            "http://127.1:8080",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        for (text, error) in [
            ("http://example.com", BaseUrlError::Plain),
            ("http://127.0.0.1.example.com", BaseUrlError::Plain),
            ("http://x.localhost:1", BaseUrlError::Plain),
            ("http://localhost.:1", BaseUrlError::Plain),
            ("http://localhost.example.com", BaseUrlError::Plain),
            ("http://0.0.0.0:1", BaseUrlError::Plain),
            ("http://[::ffff:127.0.0.1]:1", BaseUrlError::Plain),
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
    fn a_socket_is_an_origin_of_its_own_and_no_base_url_of_a_caller() {
        let socket = BaseUrl::parse_address("socket:/run/a.sock").unwrap();
        assert_eq!(socket.socket(), Some("/run/a.sock"));
        assert_eq!(
            (socket.origin().as_str(), socket.as_str()),
            ("socket:/run/a.sock", "socket:/run/a.sock")
        );
        assert_eq!(socket.join(&["v1"]).unwrap().as_str(), "http://localhost/v1");
        assert_eq!(BaseUrl::parse_address("https://a.example").unwrap().socket(), None);
        assert_eq!(BaseUrl::parse_address("socket:"), Err(BaseUrlError::Malformed));
        assert_eq!(BaseUrl::parse("socket:/run/a.sock"), Err(BaseUrlError::Malformed));
    }

    #[test]
    fn segments_cannot_climb_out_of_the_base() -> Result<()> {
        let base = BaseUrl::parse("https://example.com/v1/").map_err(|_| Error::internal("base"))?;
        assert_eq!(
            base.join(&["services", "..owners?x#y"])?.as_str(),
            "https://example.com/v1/services/..owners%3Fx%23y"
        );
        assert_eq!(base.join(&["a"])?.as_str(), "https://example.com/v1/a");
        assert_eq!(base.join(&["%2e%2e"])?.as_str(), "https://example.com/v1/%252e%252e");
        Ok(())
    }

    #[test]
    fn a_segment_that_would_not_stand_as_one_is_refused() -> Result<()> {
        let base = BaseUrl::parse("https://example.com/v1").map_err(|_| Error::internal("base"))?;
        for id in [
            "", ".", "..", "\t", "\n", "\r", ".\t.", "a\tb", "a\r\nb", "\0", "\u{7f}", "\u{85}", "/", "a/b", "../a",
            "..\\a",
        ] {
            for segments in [vec!["services", id], vec!["services", id, "logs"]] {
                let error = base.join(&segments).unwrap_err();
                assert_eq!(
                    (error.code(), error.outcome()),
                    (ErrorCode::Protocol, Outcome::NoEffect),
                    "{id:?}"
                );
            }
        }
        for id in ["...", "a.b", ". .", " ", "é"] {
            assert!(
                base.join(&["services", id])?.path().starts_with("/v1/services/"),
                "{id:?}"
            );
        }
        Ok(())
    }
}
