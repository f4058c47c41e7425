use bytes::Bytes;
use http::HeaderMap;

use super::*;

fn read(status: u16, body: &str) -> Result<()> {
    read_progress(&Response::new(status, HeaderMap::new(), Bytes::from(body.to_owned())))
}

#[test]
fn progress_without_an_error_is_a_success() {
    let lines = concat!(
        r#"{"status":"Pulling from library/busybox","id":"1"}"#,
        "\r\n",
        r#"{"status":"Downloading","progressDetail":{"current":1,"total":2},"progress":"[=>  ]","id":"a"}"#,
        "\r\n",
        r#"{"status":"Status: Downloaded newer image for busybox:1"}"#,
        "\r\n"
    );
    assert!(read(200, lines).is_ok());
    assert!(read(200, "").is_ok());
    // The end of a long progress begins within a line.
    assert!(read(200, &lines[20..]).is_ok());
}

#[test]
fn an_error_is_a_line_of_the_progress() {
    let lines = concat!(
        r#"ading","id":"a"}"#,
        "\n",
        r#"{"errorDetail":{"message":"toomanyrequests: slow down"},"error":"toomanyrequests: slow down"}"#,
        "\n"
    );
    let error = read(200, lines).unwrap_err();
    assert_eq!(error.code(), ErrorCode::RateLimited);
    assert_eq!(
        error.to_string(),
        "The image could not be pulled: toomanyrequests: slow down"
    );
}

#[test]
fn an_engine_may_fail_before_the_first_line() {
    let denied =
        r#"{"message":"pull access denied for acme/box, repository does not exist or may require 'docker login'"}"#;
    let error = read(404, denied).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied);
    assert_eq!(error.details().http_status, Some(404));
    assert_eq!(read(503, "").unwrap_err().code(), ErrorCode::Unavailable);
}

#[test]
fn a_reference_without_a_version_is_told() {
    for (image, bare) in [
        ("busybox", true),
        ("acme/box", true),
        ("localhost:5000/box", true),
        ("busybox:1", false),
        ("localhost:5000/box:1", false),
        ("ghcr.io/acme/box@sha256:00", false),
    ] {
        assert_eq!(is_without_version(ImageReference::parse(image), image), bare, "{image}");
    }
}

#[test]
fn credentials_name_the_registry() {
    let decoded = |server_address: Option<&str>, image: &str| {
        let registry = RegistryCredentials {
            username: Secret::new("user".to_owned()),
            password: Secret::new("pass\"word".to_owned()),
            server_address: server_address.map(str::to_owned),
        };
        let value = encode_credentials(&registry, ImageReference::parse(image)).unwrap();
        assert!(value.is_sensitive());
        let bytes = URL_SAFE.decode(value.as_bytes()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
    };
    let credentials = decoded(None, "ghcr.io/acme/box:1");
    assert_eq!(credentials["username"], "user");
    assert_eq!(credentials["password"], "pass\"word");
    assert_eq!(credentials["serveraddress"], "ghcr.io");
    assert_eq!(decoded(None, "acme/box")["serveraddress"], DOCKER_HUB);
    assert_eq!(
        decoded(Some("registry.example"), "acme/box")["serveraddress"],
        "registry.example"
    );
}
