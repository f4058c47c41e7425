use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::http::message::Response;

fn refused(status: u16, body: &str) -> Error {
    let response = Response::new(status, HeaderMap::new(), Bytes::from(body.to_owned()));
    ERRORS.check(&response).unwrap_err()
}

/// Recorded from Docker 20.10.24 and Podman 4.3.1; ids shortened.
#[test]
fn the_table_of_recorded_errors() {
    use ErrorCode::*;
    use Outcome::{NoEffect, Unknown};
    for (status, body, code, outcome) in [
        (
            409,
            r#"{"message":"Conflict. The container name \"/a1\" is already in use by container \"77a6538c\". You have to remove (or rename) that container to be able to reuse that name."}"#,
            AlreadyExists,
            NoEffect,
        ),
        (
            500,
            r#"{"cause":"that name is already in use","message":"container create: creating container storage: the container name \"a1\" is already in use by 434d22ed. You have to remove that container to be able to reuse that name: that name is already in use","response":500}"#,
            AlreadyExists,
            NoEffect,
        ),
        (
            400,
            r#"{"message":"Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            500,
            r#"{"cause":"invalid argument","message":"container create: running container create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument","response":500}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            404,
            r#"{"message":"No such image: local/nothing:1"}"#,
            NotFound,
            NoEffect,
        ),
        (
            404,
            r#"{"cause":"image not known","message":"no such image: docker.io/local/nothing:1: image not known","response":404}"#,
            NotFound,
            NoEffect,
        ),
        (
            400,
            r#"{"message":"invalid reference format"}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            500,
            r#"{"cause":"normalizing name for compat API: invalid reference format","message":"normalizing image: normalizing name for compat API: invalid reference format","response":500}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            400,
            r#"{"message":"failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"/bin/nothing\": stat /bin/nothing: no such file or directory: unknown"}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            500,
            r#"{"cause":"OCI runtime attempted to invoke a command that was not found","message":"runc: runc create failed: unable to start container process: exec: \"/bin/nothing\": stat /bin/nothing: no such file or directory: OCI runtime attempted to invoke a command that was not found","response":500}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            404,
            r#"{"message":"network nonet not found"}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            500,
            r#"{"cause":"network not found","message":"container create: unable to find network with name or ID nonet: network not found","response":500}"#,
            InvalidArgument,
            NoEffect,
        ),
        (404, r#"{"message":"No such container: nope"}"#, NotFound, NoEffect),
        (
            404,
            r#"{"cause":"no such container","message":"no container with name or ID \"nope\" found: no such container","response":404}"#,
            NotFound,
            NoEffect,
        ),
        (
            409,
            r#"{"message":"removal of container t1 is already in progress"}"#,
            Unavailable,
            NoEffect,
        ),
        (
            400,
            r#"{"message":"Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"}"#,
            InvalidArgument,
            NoEffect,
        ),
        (
            400,
            r#"{"message":"client version 1.99 is too new. Maximum supported API version is 1.41"}"#,
            Unavailable,
            NoEffect,
        ),
        (404, r#"{"message":"page not found"}"#, Protocol, NoEffect),
        (404, "Not Found", Protocol, NoEffect),
        // Of a proxy before the socket.
        (
            403,
            "<html><body><h1>403 Forbidden</h1></body></html>",
            PermissionDenied,
            NoEffect,
        ),
        (
            403,
            r#"{"message":"authorization denied by plugin opa"}"#,
            PermissionDenied,
            NoEffect,
        ),
        (
            500,
            r#"{"message":"driver failed programming external connectivity"}"#,
            Unavailable,
            Unknown,
        ),
        (
            500,
            r#"{"cause":"disk I/O error","message":"database is locked","response":500}"#,
            Unavailable,
            Unknown,
        ),
        (503, "", Unavailable, Unknown),
    ] {
        let error = refused(status, body);
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{status} {body}");
    }
}

#[test]
fn a_wrong_version_is_recognised_again() {
    let body = r#"{"message":"client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version"}"#;
    assert!(is_wrong_version(&refused(400, body)));
    assert!(!is_wrong_version(&refused(
        400,
        r#"{"message":"the version is too new"}"#
    )));
}

#[test]
fn an_address_without_the_api_is_told() {
    for body in ["", "404 page not found", r#"{"message":"page not found"}"#] {
        assert_eq!(refused(404, body).to_string(), WRONG_ADDRESS);
    }
}

#[test]
fn the_refusals_of_registries() {
    use ErrorCode::*;
    for (text, code) in [
        (
            "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
            RateLimited,
        ),
        (
            "initializing source docker://x: reading manifest latest in docker.io/x: toomanyrequests: You have reached your unauthenticated pull rate limit.",
            RateLimited,
        ),
        (
            "error pulling image configuration: received unexpected HTTP status: 429 Too Many Requests",
            RateLimited,
        ),
        (
            "pull access denied for acme/box, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            PermissionDenied,
        ),
        (
            "initializing source docker://acme/box:1: reading manifest 1 in docker.io/acme/box: requested access to the resource is denied",
            PermissionDenied,
        ),
        (
            "Head \"https://ghcr.io/v2/acme/box/manifests/1\": denied",
            PermissionDenied,
        ),
        (
            "Head \"https://registry.example/v2/acme/box/manifests/1\": unauthorized: authentication required",
            Unauthenticated,
        ),
        (
            "Get \"https://registry-1.docker.io/v2/\": unauthorized: incorrect username or password",
            Unauthenticated,
        ),
        (
            "Head \"https://1.dkr.ecr.eu.amazonaws.com/v2/box/manifests/1\": no basic auth credentials",
            Unauthenticated,
        ),
        (
            "manifest for acme/box:9 not found: manifest unknown: manifest unknown",
            NotFound,
        ),
        (
            "initializing source docker://acme/box:9: reading manifest 9 in docker.io/acme/box: manifest unknown",
            NotFound,
        ),
        (
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            NotFound,
        ),
        (
            "repository registry.example/box not found: does not exist or no pull access",
            NotFound,
        ),
        ("invalid reference format", InvalidArgument),
        (
            "failed to register layer: write /usr/lib/x: no space left on device",
            QuotaExceeded,
        ),
        (
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host",
            Unavailable,
        ),
        (
            "Get \"http://localhost:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
            Unavailable,
        ),
        (
            "Get \"https://registry.example/v2/\": net/http: TLS handshake timeout",
            Unavailable,
        ),
        ("unexpected EOF", Unavailable),
    ] {
        let error = pull_error(text);
        assert_eq!((error.code(), error.outcome()), (code, Outcome::NoEffect), "{text}");
        assert!(error.to_string().contains(text));
    }
}
