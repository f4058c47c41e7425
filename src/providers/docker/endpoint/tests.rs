use std::collections::HashMap;

use super::*;

/// An environment of variables and files. A file with the content `socket` is one.
#[derive(Default)]
struct Machine {
    variables: HashMap<&'static str, &'static str>,
    files: HashMap<&'static str, &'static str>,
}

impl Machine {
    fn with(variables: &[(&'static str, &'static str)], files: &[(&'static str, &'static str)]) -> Self {
        Self {
            variables: variables.iter().copied().collect(),
            files: files.iter().copied().collect(),
        }
    }
}

impl Environment for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        match self.files.get(path) {
            Some(&"socket") => Err(io::Error::other("not a regular file")),
            Some(text) => Ok((*text).to_owned()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

const CERTIFICATES: [(&str, &str); 3] = [
    ("/certs/ca.pem", "authority"),
    ("/certs/cert.pem", "certificate"),
    ("/certs/key.pem", "private key"),
];

fn config(host: Option<&str>, cert_path: Option<&str>) -> EndpointConfig {
    EndpointConfig {
        host: host.map(str::to_owned),
        cert_path: cert_path.map(str::to_owned),
    }
}

fn resolve(host: Option<&str>, cert_path: Option<&str>, machine: &Machine) -> Result<Endpoint> {
    config(host, cert_path).resolve(machine)
}

fn base(host: Option<&str>, cert_path: Option<&str>, machine: &Machine) -> String {
    match resolve(host, cert_path, machine) {
        Ok(endpoint) => endpoint.base,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_form_of_an_address() {
    let machine = Machine::with(&[], &CERTIFICATES);
    for (host, address) in [
        ("unix:///run/my.sock", "socket:/run/my.sock"),
        ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375/"),
        ("tcp://localhost", "http://localhost:2375/"),
        ("127.0.0.1:80", "http://127.0.0.1/"),
        ("tcp://[::1]:99", "http://[::1]:99/"),
        ("http://127.0.0.1:99/docker", "http://127.0.0.1:99/docker"),
        ("https://engine.example", "https://engine.example/"),
    ] {
        assert_eq!(base(Some(host), None, &machine), address, "{host}");
    }
    let with_certificates = |host| base(Some(host), Some("/certs"), &machine);
    assert_eq!(
        with_certificates("tcp://engine.example"),
        "https://engine.example:2376/"
    );
    assert_eq!(with_certificates("tcp://engine.example:443"), "https://engine.example/");
    assert_eq!(with_certificates("unix:///run/my.sock"), "socket:/run/my.sock");
}

#[test]
fn an_address_of_another_form_is_refused_without_being_shown() {
    for host in [
        "ssh://user:hunter2@engine",
        "fd://",
        "unix://relative.sock",
        "unix://",
        "npipe:////./pipe/docker_engine",
        "tcp://",
        "tcp://user:hunter2@127.0.0.1",
        "tcp://127.0.0.1?hunter2",
        "http://hunter2.example",
        "https://",
        "hunter2://x",
        "tcp://127.0.0.1:99999",
        "a b",
    ] {
        let rule = config(Some(host), None).check().unwrap_err();
        assert!(
            !rule.contains("hunter2") || host.starts_with("hunter2"),
            "{host}: {rule}"
        );
    }
    assert!(config(None, None).check().is_ok());
}

#[test]
fn another_machine_is_reached_with_tls_only() {
    let refused = resolve(Some("tcp://10.0.0.7:2375"), None, &Machine::default());
    let text = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(text.starts_with("config.host ") && text.contains("certPath"), "{text}");
    let machine = Machine::with(&[("DOCKER_HOST", "tcp://10.0.0.7")], &[]);
    let text = resolve(None, None, &machine)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(text.starts_with("DOCKER_HOST "), "{text}");
}

#[test]
fn the_environment_names_address_and_certificates() {
    let variables = [
        ("DOCKER_HOST", "tcp://engine.example:2376"),
        ("DOCKER_CERT_PATH", "/certs"),
        ("DOCKER_TLS_VERIFY", "1"),
    ];
    let endpoint = resolve(None, None, &Machine::with(&variables, &CERTIFICATES)).unwrap();
    assert_eq!(endpoint.base, "https://engine.example:2376/");
    assert_eq!(endpoint.remote_host.as_deref(), Some("engine.example"));
    assert!(matches!(
        endpoint.credential.presentation,
        Presentation::Certificates(_)
    ));
    assert_eq!(endpoint.credential.secret.expose(), "private key");
    // Without DOCKER_TLS_VERIFY the folder has no effect.
    let refused = resolve(None, None, &Machine::with(&variables[..2], &CERTIFICATES));
    assert!(refused.is_err());
    // The configuration wins.
    let machine = Machine::with(&variables, &CERTIFICATES);
    assert_eq!(base(Some("unix:///run/my.sock"), None, &machine), "socket:/run/my.sock");
}

#[test]
fn a_certificate_that_is_missing_is_named() {
    let machine = Machine::with(&[], &CERTIFICATES[..2]);
    let refused = resolve(Some("tcp://engine.example"), Some("/certs"), &machine);
    let error = refused.err().unwrap();
    assert_eq!(error.code(), crate::error::ErrorCode::InvalidConfig);
    assert!(
        error.to_string().starts_with("key.pem in the folder of certPath"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn the_first_socket_that_exists_is_taken() {
    let variables = [("XDG_RUNTIME_DIR", "/run/user/7"), ("HOME", "/home/me")];
    let sockets = [
        "/var/run/docker.sock",
        "/run/user/7/docker.sock",
        "/home/me/.docker/run/docker.sock",
        "/run/user/7/podman/podman.sock",
        "/run/podman/podman.sock",
    ];
    for first in 0..sockets.len() {
        let files: Vec<_> = sockets[first..].iter().map(|path| (*path, "socket")).collect();
        let found = base(None, None, &Machine::with(&variables, &files));
        assert_eq!(found, format!("socket:{}", sockets[first]));
    }
    // The default is named if there is none, and if what is there is no socket.
    assert_eq!(
        base(None, None, &Machine::with(&variables, &[])),
        "socket:/var/run/docker.sock"
    );
}
