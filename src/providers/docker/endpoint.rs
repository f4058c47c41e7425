//! Where the engine is: the configured address, the environment's, or the first socket that exists
//! (docs/providers/docker.md).

use std::io;
use std::sync::Arc;

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::http::credential::{Credential, CredentialOrigin, Presentation};
use crate::http::endpoint::{BaseUrl, BaseUrlError, SOCKET};
use crate::http::route::Certificates;
use crate::input::environment::Environment;
use crate::secret::Secret;

/// The variables that [`EndpointConfig::resolve`] may read.
pub(super) const VARIABLES: [&str; 5] = [
    "DOCKER_HOST",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "XDG_RUNTIME_DIR",
    "HOME",
];

/// The socket that is named when none exists.
const DEFAULT_SOCKET: &str = if cfg!(windows) {
    "//./pipe/docker_engine"
} else {
    "/var/run/docker.sock"
};

/// The ports of an engine without and with TLS, where the address names none.
const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

const FORMS: &str =
    "must be unix:///path, npipe:////./pipe/name, tcp://host:port, http://host:port or https://host:port";

/// The fields of the configuration that name the engine.
pub(super) struct EndpointConfig {
    pub(super) host: Option<String>,
    pub(super) cert_path: Option<String>,
}

/// An engine's address, and by what a client may use it.
pub(super) struct Endpoint {
    /// As [`BaseUrl`] parses it.
    pub(super) base: String,
    pub(super) credential: Credential,
    /// The host where the engine publishes ports, as this process reaches it. `None` for this machine itself.
    pub(super) remote_host: Option<String>,
}

impl EndpointConfig {
    /// Checks the address as far as that takes no environment.
    pub(super) fn check(&self) -> Result<(), String> {
        match &self.host {
            Some(host) => Address::parse(host, true).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Returns the address and the credential.
    ///
    /// Errors: `INVALID_CONFIG`, naming the field or the variable.
    pub(super) fn resolve(&self, environment: &dyn Environment) -> Result<Endpoint> {
        let in_environment = environment.variable("DOCKER_HOST");
        let verifies = environment.variable("DOCKER_TLS_VERIFY").is_some();
        let from_environment = environment.variable("DOCKER_CERT_PATH").filter(|_| verifies);
        let found = find_socket(environment);
        let cert_path = self.cert_path.as_ref().or(from_environment.as_ref());
        let has_certificates = cert_path.is_some();
        let (source, address) = match (&self.host, &in_environment) {
            (Some(host), _) => ("config.host", Address::parse(host, has_certificates)),
            (None, Some(host)) => ("DOCKER_HOST", Address::parse(host.trim(), has_certificates)),
            (None, None) => return Ok(Endpoint::socket(&found)),
        };
        match address.map_err(|problem| Error::config(format!("{source} {problem}.")))? {
            Address::Socket(path) => Ok(Endpoint::socket(&path)),
            Address::Url(url) => {
                let credential = match cert_path.filter(|_| url.scheme() == "https") {
                    Some(path) => read_certificates(environment, path)?,
                    None => Credential::none(),
                };
                Ok(Endpoint {
                    remote_host: (!is_loopback(&url)).then(|| url.host_str().unwrap_or_default().to_owned()),
                    base: url.into(),
                    credential,
                })
            }
        }
    }
}

impl Endpoint {
    fn socket(path: &str) -> Self {
        Self {
            base: format!("{SOCKET}{path}"),
            credential: Credential::none(),
            remote_host: None,
        }
    }
}

/// An address, by its form.
#[derive(Debug, PartialEq, Eq)]
enum Address {
    Socket(String),
    Url(Url),
}

impl Address {
    /// Parses an address. On failure returns the rule that it breaks; the address itself may hold a password.
    fn parse(text: &str, has_certificates: bool) -> Result<Self, String> {
        let malformed = || FORMS.to_owned();
        if let Some(path) = text.strip_prefix("unix://") {
            return match path.starts_with('/') {
                true if cfg!(windows) => Err("names a Unix socket, which does not exist on Windows".to_owned()),
                true => Ok(Self::Socket(path.to_owned())),
                false => Err(malformed()),
            };
        }
        if let Some(path) = text.strip_prefix("npipe://") {
            return match path.starts_with("//") {
                true if cfg!(windows) => Ok(Self::Socket(path.to_owned())),
                true => Err("names a named pipe, which exists on Windows only".to_owned()),
                false => Err(malformed()),
            };
        }
        let rest = match text.split_once("://") {
            Some(("tcp", rest)) => rest,
            Some(("http" | "https", _)) => return Self::parse_url(text, has_certificates),
            Some((scheme, _)) => {
                let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
                let named = if is_scheme { scheme } else { "that kind" };
                return Err(format!(
                    "names an address of {named}, which this package does not know: it {FORMS}"
                ));
            }
            // The command line of Docker takes it for tcp.
            None => text,
        };
        let (scheme, port) = if has_certificates {
            ("https", TLS_PORT)
        } else {
            ("http", PLAIN_PORT)
        };
        let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|_| malformed())?;
        // A URL of http forgets that port 80 was written.
        let has_port = Url::parse(&format!("tcp://{rest}")).is_ok_and(|url| url.port().is_some());
        if !has_port {
            url.set_port(Some(port)).map_err(|()| malformed())?;
        }
        Self::parse_url(url.as_str(), has_certificates)
    }

    fn parse_url(text: &str, has_certificates: bool) -> Result<Self, String> {
        match BaseUrl::parse(text) {
            Ok(_) => Url::parse(text.trim()).map(Self::Url).map_err(|_| FORMS.to_owned()),
            // Whether there are certificates may depend on the environment.
            Err(BaseUrlError::Plain) if has_certificates => Err(
                "must use tcp or https for another machine: every client of an engine without TLS is root there".to_owned(),
            ),
            Err(BaseUrlError::Plain) => Err(
                "names another machine without TLS, where every client of the engine is root: give certPath, or DOCKER_CERT_PATH and DOCKER_TLS_VERIFY".to_owned(),
            ),
            Err(BaseUrlError::Malformed) => Err(FORMS.to_owned()),
            Err(problem) => Err(problem.to_string()),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        None => false,
    }
}

/// Returns the first socket that exists: the system's Docker, a rootless one, Docker Desktop, Podman of the user and of the
/// system. Returns the system's Docker if none exists.
fn find_socket(environment: &dyn Environment) -> String {
    let runtime = environment.variable("XDG_RUNTIME_DIR");
    let home = environment.variable("HOME");
    if cfg!(windows) {
        return DEFAULT_SOCKET.to_owned();
    }
    let below = |folder: &Option<String>, path: &str| Some(format!("{}/{path}", folder.as_ref()?));
    let candidates = [
        Some(DEFAULT_SOCKET.to_owned()),
        below(&runtime, "docker.sock"),
        below(&home, ".docker/run/docker.sock"),
        below(&runtime, "podman/podman.sock"),
        Some("/run/podman/podman.sock".to_owned()),
    ];
    // A socket is no regular file, so it cannot be read; another error says that it is there.
    let exists = |path: &String| match environment.file(path) {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::Other,
    };
    let found = candidates.into_iter().flatten().find(exists);
    found.unwrap_or_else(|| DEFAULT_SOCKET.to_owned())
}

/// Reads the three files of a folder, named as Docker's command line names them.
fn read_certificates(environment: &dyn Environment, folder: &str) -> Result<Credential> {
    let read = |name: &str| {
        environment.file(&format!("{folder}/{name}")).map_err(|error| {
            let text = format!(
                "{name} in the folder of certPath or DOCKER_CERT_PATH cannot be read: {}.",
                error.kind()
            );
            Error::config(text)
        })
    };
    let key = Secret::new(read("key.pem")?);
    let certificates = Certificates::new(read("ca.pem")?, &read("cert.pem")?, &key);
    Ok(Credential {
        secret: key,
        presentation: Presentation::Certificates(Arc::new(certificates)),
        origin: CredentialOrigin::Config,
        expires: None,
        is_denied_when_expired: false,
    })
}

#[cfg(test)]
mod tests;
