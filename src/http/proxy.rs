//! The proxy that the environment names, and why a proxy refuses to connect.
//!
//! Requests to loopback addresses never go through it. All others are https, so a proxy sees only the host.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use ::http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::transport::TransportError;
use crate::error::Message;

/// The variables that name the proxy for https. The first that is set counts, empty or not, as in curl.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// The variables that name the proxy for plain HTTP. We send none through a proxy, but tell if the value is malformed.
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// The variables that count where one of the others is not set.
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Loopback, in the form of `NO_PROXY`.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// The kinds of proxy that can be used.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// How many reached hosts are kept. There are a few: one for each address of a provider.
const REACHED_LIMIT: usize = 1_000;

/// The proxy for https.
pub(super) struct Proxy {
    pub(super) url: Url,
    /// The variable that names it.
    pub(super) variable: &'static str,
    /// The hosts that it is not used for, in the form of `NO_PROXY`.
    pub(super) exceptions: String,
    /// What `exceptions` say, as reqwest reads them.
    matcher: Matcher,
}

impl Proxy {
    /// Returns whether requests to a URL go through the proxy.
    pub(super) fn serves(&self, url: &Url) -> bool {
        // A URL that cannot be asked about is the proxy's: what goes past a proxy has to be known not to need it.
        let uri = url.as_str().parse::<Uri>();
        uri.map_or(true, |uri| self.matcher.intercept(&uri).is_some())
    }
}

/// Makes the matcher of a proxy for https. It is asked whether a host has one, and never which.
fn match_all_but(exceptions: &str) -> Matcher {
    Matcher::builder().https("http://proxy.invalid").no(exceptions).build()
}

/// The proxy of the environment. It is read once, at the first request that may need one.
#[derive(Default)]
pub(super) struct EnvironmentProxy(OnceLock<Result<Option<Proxy>, TransportError>>);

impl EnvironmentProxy {
    /// Returns the proxy, if there is one.
    ///
    /// Errors: those of [`from_environment`].
    pub(super) fn get(&self) -> Result<Option<&Proxy>, TransportError> {
        let proxy = self.0.get_or_init(from_environment).as_ref();
        proxy.map(Option::as_ref).map_err(Clone::clone)
    }

    /// Makes the proxy of an environment with these variables.
    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Self(OnceLock::from(read(|name| Some(find(name)?.1.to_owned()))))
    }
}

/// Returns the proxy that the variables of the process name. They are not the caller's `process.env`, which a worker has a
/// copy of: the one client of the process serves all workers.
///
/// Errors: a variable that is malformed or names a kind of proxy that cannot be used.
#[expect(
    clippy::disallowed_methods,
    reason = "the proxy is the process's, as the client is, and not a caller's"
)]
fn from_environment() -> Result<Option<Proxy>, TransportError> {
    read(|name| std::env::var(name).ok())
}

fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, TransportError> {
    // A CGI script gets its caller's header `Proxy` in this variable, so none of them is trusted there.
    if variable("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let first = |names: [&'static str; 2]| {
        let (name, value) = names.into_iter().find_map(|name| Some((name, variable(name)?)))?;
        let value = value.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    };
    if let Some((name, value)) = first(HTTP).or_else(|| first(ALL)) {
        parse(name, &value)?;
    }
    let Some((name, value)) = first(HTTPS).or_else(|| first(ALL)) else {
        return Ok(None);
    };
    let mut exceptions = EXCEPTIONS.into_iter().find_map(&variable).unwrap_or_default();
    let _ = write!(exceptions, ",{LOOPBACK}");
    Ok(Some(Proxy {
        url: parse(name, &value)?,
        variable: name,
        matcher: match_all_but(&exceptions),
        exceptions,
    }))
}

/// Reads the address of a proxy: a URL, or host and port alone. The value is never repeated: it may hold a password.
fn parse(name: &str, value: &str) -> Result<Url, TransportError> {
    let malformed = || {
        let text = format!("{name} is malformed: it must be the URL of a proxy, such as http://host:port.");
        TransportError::Misconfigured(text)
    };
    let has_scheme = value.contains("://");
    let url = if has_scheme {
        Url::parse(value)
    } else {
        Url::parse(&format!("http://{value}"))
    };
    let url = url.map_err(|_| malformed())?;
    if url.host_str().is_none_or(str::is_empty) || (!has_scheme && url.path() != "/") {
        return Err(malformed());
    }
    if !SCHEMES.contains(&url.scheme()) {
        let text = format!(
            "{name} names a proxy of a kind that this package does not know; it knows {}",
            SCHEMES.join(", ")
        );
        return Err(TransportError::Refused(Message::ours(text)));
    }
    Ok(url)
}

/// The hosts that have answered a request. A proxy lets them through.
#[derive(Default)]
pub(super) struct ReachedHosts(Mutex<HashSet<String>>);

impl ReachedHosts {
    /// Adds a host.
    pub(super) fn add(&self, host: &str) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !hosts.contains(host) {
            if hosts.len() >= REACHED_LIMIT {
                hosts.clear();
            }
            hosts.insert(host.to_owned());
        }
    }

    /// Returns whether a host is among them.
    pub(super) fn contains(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }
}

/// Returns why a proxy refuses to connect, and what to change; `None` if the cause is another, or may pass.
///
/// The types of these errors are private, so their texts decide. Of an HTTP proxy's statuses they tell 407 from all others,
/// and nothing more: 403 and 503 look alike. So a refusal may pass if the host `was_reached` before.
pub(super) fn explain_refusal(cause: &str, was_reached: bool) -> Option<String> {
    let (status, advice) = match cause {
        "tunnel error: proxy authorization required" => ("HTTP 407", "put its user name and password into its URL"),
        "tunnel error: unsuccessful" if was_reached => return None,
        "tunnel error: unsuccessful" => (
            "neither HTTP 200 nor 407",
            "ask its operator to allow this host, or name the host in NO_PROXY",
        ),
        _ => return explain_socks_refusal(cause.strip_prefix("SOCKS error: ")?),
    };
    Some(format!(
        "the proxy refused to connect to the provider ({status}): {advice}"
    ))
}

fn explain_socks_refusal(refusal: &str) -> Option<String> {
    let advice = match refusal {
        "server does not support user/pass authentication"
        | "server implements authentication incorrectly"
        | "credentials not accepted" => "check the user name and the password in its URL",
        "connection not allowed" => "ask its operator to allow this host, or name the host in NO_PROXY",
        _ => return None,
    };
    Some(format!("the SOCKS proxy refused ({refusal}): {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<Option<Proxy>, TransportError> {
        read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        for (variables, expected) in [
            (&[][..], None),
            (
                &[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")],
                Some("http://a:1/"),
            ),
            (
                &[("https_proxy", "b:2"), ("ALL_PROXY", "http://c:3")],
                Some("http://b:2/"),
            ),
            (
                &[("HTTPS_PROXY", " "), ("ALL_PROXY", "socks5h://c")],
                Some("socks5h://c"),
            ),
            (&[("HTTP_PROXY", "http://a:1")], None),
            // A desktop that sets all of them: the last one is not used.
            (
                &[
                    ("HTTPS_PROXY", "a:1"),
                    ("HTTP_PROXY", "a:1"),
                    ("all_proxy", "socks://a:2/"),
                ],
                Some("http://a:1/"),
            ),
            (&[("HTTPS_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], None),
        ] {
            let proxy = read_from(variables).unwrap();
            assert_eq!(
                proxy.as_ref().map(|proxy| proxy.url.as_str()),
                expected,
                "{variables:?}"
            );
        }
        let variables = [("HTTPS_PROXY", "http://a:1"), ("no_proxy", "x.example")];
        let proxy = read_from(&variables).unwrap().unwrap();
        assert_eq!(proxy.exceptions, "x.example,localhost,127.0.0.0/8,::1");
    }

    #[test]
    fn it_serves_what_is_neither_an_exception_nor_on_this_machine() {
        let read = |url, exceptions| {
            let variables = [("HTTPS_PROXY", url), ("NO_PROXY", exceptions)];
            read_from(&variables).unwrap().unwrap()
        };
        for url in [
            "http://user:p%40ss@a:1",
            "https://a",
            "socks5h://user:pass@a:1",
            "socks4://1.2.3.4",
        ] {
            let proxy = read(url, "x.example, .y.example,10.0.0.0/8");
            for (target, expected) in [
                ("https://api.example/v1?a=b", true),
                ("https://api.example:8443", true),
                ("https://xx.example", true),
                ("https://11.0.0.1", true),
                ("https://[2001:db8::1]/", true),
                ("https://x.example", false),
                ("https://a.x.example:444", false),
                ("https://a.y.example", false),
                ("https://10.1.2.3/", false),
                ("https://127.0.0.1:1", false),
                ("https://[::1]:1", false),
                ("https://localhost:1", false),
                // Plain HTTP goes to loopback addresses only.
                ("http://127.0.0.1:1", false),
            ] {
                assert_eq!(proxy.serves(&target.parse().unwrap()), expected, "{url}: {target}");
            }
        }
        assert!(!read("a:1", "*").serves(&"https://api.example".parse().unwrap()));
    }

    #[test]
    fn a_malformed_variable_is_named_and_not_quoted() {
        for name in [HTTPS, HTTP, ALL].concat() {
            for value in [
                "http://hunter2:p@a:99999",
                "http://",
                "http//hunter2:8080",
                "hunter2 hunter2",
                "http:/hunter2",
            ] {
                match read_from(&[(name, value)]).err() {
                    Some(TransportError::Misconfigured(text)) => {
                        assert!(text.starts_with(name) && !text.contains("hunter2"), "{text}");
                    }
                    other => panic!("{name}={value}: {other:?}"),
                }
            }
        }
        for value in ["socks://hunter2:1080", "ftp://hunter2"] {
            let error = read_from(&[("ALL_PROXY", value)]).err().unwrap();
            let text = error.to_string();
            assert!(matches!(error, TransportError::Refused(_)), "{text}");
            assert!(text.contains("ALL_PROXY") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn reached_hosts_are_kept_and_bounded() {
        let hosts = ReachedHosts::default();
        for number in 0..=REACHED_LIMIT {
            hosts.add(&number.to_string());
        }
        let last = REACHED_LIMIT.to_string();
        hosts.add(&last);
        assert!(hosts.contains(&last) && !hosts.contains("0"));
        assert_eq!(hosts.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_refusal_is_explained_and_a_fault_that_may_pass_is_not() {
        for (cause, words) in [
            ("tunnel error: proxy authorization required", "HTTP 407"),
            ("tunnel error: unsuccessful", "NO_PROXY"),
            ("SOCKS error: credentials not accepted", "password"),
            ("SOCKS error: connection not allowed", "NO_PROXY"),
        ] {
            assert!(explain_refusal(cause, false).unwrap().contains(words), "{cause}");
        }
        for cause in [
            "tunnel error: io error establishing tunnel",
            "tunnel error: unexpected end of file",
            "SOCKS error: host unreachable",
            "Connection refused (os error 111)",
        ] {
            assert_eq!(explain_refusal(cause, false), None, "{cause}");
        }
        assert_eq!(explain_refusal("tunnel error: unsuccessful", true), None);
        assert!(explain_refusal("tunnel error: proxy authorization required", true).is_some());
    }
}
