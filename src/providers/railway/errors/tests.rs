//! Tests the tables row by row. Bodies marked as recorded are known from real responses (docs/providers/railway.md); the
//! others have the same form.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
struct Data {
    #[serde(rename = "serviceDelete")]
    done: bool,
}

fn response(status: u16, body: &str) -> Response {
    Response::new(status, HeaderMap::new(), Bytes::copy_from_slice(body.as_bytes()))
}

fn mapped(response: &Response) -> Error {
    match read::<Data>(response) {
        Ok(data) => panic!("read as {data:?}"),
        Err(error) => error,
    }
}

fn resolver_error(message: &str) -> String {
    format!(
        r#"{{"data":null,"errors":[{{"message":{},"path":["field"],"extensions":{{"code":"INTERNAL_SERVER_ERROR"}}}}]}}"#,
        serde_json::Value::from(message)
    )
}

#[test]
fn success_is_read() {
    let data = read::<Data>(&response(200, r#"{"data":{"serviceDelete":true}}"#));
    assert!(data.is_ok_and(|data| data.done));
    let data = read::<Data>(&response(200, r#"{"data":{"serviceDelete":false},"errors":[]}"#));
    assert!(data.is_ok_and(|data| !data.done));
}

#[test]
fn messages_under_http_200() {
    use ErrorCode::*;
    use Outcome::{NoEffect, Unknown as Open};
    for (message, code, outcome) in [
        ("Project not found", NotFound, NoEffect),
        ("ServiceInstance not found", NotFound, NoEffect),
        ("Deployment not found", NotFound, NoEffect),
        ("Not Authorized", PermissionDenied, NoEffect),
        ("Project Token not found", Unauthenticated, NoEffect),
        ("Two Factor Authentication Required", PermissionDenied, NoEffect),
        (
            r#"A service named "x" already exists in this project"#,
            AlreadyExists,
            NoEffect,
        ),
        ("Service name must be unique within a project", AlreadyExists, NoEffect),
        (
            "Your trial has expired. Please select a plan to continue using Railway.",
            PaymentRequired,
            NoEffect,
        ),
        (
            "Whoa there pal! You are creating volumes too quickly. Try again in a sec",
            RateLimited,
            NoEffect,
        ),
        (
            "Cannot redeploy yet, please wait for the original deployment to finish building",
            Unavailable,
            NoEffect,
        ),
        (
            "Cannot delete TCP proxy: an operation is already in progress",
            Unavailable,
            NoEffect,
        ),
        ("Failed to create service domain, please try again", Unavailable, Open),
        ("Problem processing request", Unavailable, Open),
        ("Something never heard of", Unavailable, Open),
    ] {
        let error = mapped(&response(200, &resolver_error(message)));
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{message}");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.details().http_status, Some(200));
        assert_eq!(error.details().provider_code.as_deref(), Some("INTERNAL_SERVER_ERROR"));
    }
}

#[test]
fn codes_where_the_message_says_nothing() {
    use ErrorCode::*;
    for (provider_code, code) in [
        ("UNAUTHENTICATED", Unauthenticated),
        ("UNAUTHORIZED", Unauthenticated),
        ("FORBIDDEN", PermissionDenied),
        ("SERVICE_NOT_FOUND", NotFound),
        ("TOO_MANY_REQUESTS", RateLimited),
        ("PLAN_LIMIT", QuotaExceeded),
        ("SUBSCRIPTION_REQUIRED", PaymentRequired),
        ("BAD_USER_INPUT", InvalidArgument),
        ("GRAPHQL_VALIDATION_FAILED", Protocol),
        ("INTERNAL_SERVER_ERROR", Unavailable),
        ("WHO_KNOWS", Protocol),
    ] {
        let body =
            format!(r#"{{"errors":[{{"message":"Computer says no","extensions":{{"code":"{provider_code}"}}}}]}}"#);
        assert_eq!(mapped(&response(200, &body)).code(), code, "{provider_code}");
    }
}

#[test]
fn a_telling_code_decides_before_the_message() {
    let body = r#"{"errors":[{"message":"Not Authorized","extensions":{"code":"UNAUTHENTICATED"}}]}"#;
    assert_eq!(mapped(&response(200, body)).code(), ErrorCode::Unauthenticated);
}

#[test]
fn names_of_the_users_do_not_decide() {
    let message = r#"A service named "rate limit not found" already exists in this project"#;
    assert_eq!(
        mapped(&response(200, &resolver_error(message))).code(),
        ErrorCode::AlreadyExists
    );
}

#[test]
fn a_429_with_a_graphql_body_keeps_its_trace_id() {
    let body = r#"{"errors":[{"message":"slow down","traceId":"77","extensions":{"code":"X"}}]}"#;
    let error = mapped(&response(429, body));
    assert_eq!(error.details().request_id.as_deref(), Some("77"));
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        (ErrorCode::RateLimited, "slow down")
    );
}

#[test]
fn the_generic_failure_keeps_its_trace_id() {
    // Recorded.
    let body = r#"{"data":null,"errors":[{"message":"Problem processing request","traceId":"5527782523421805956"}]}"#;
    let error = mapped(&response(200, body));
    assert_eq!(error.details().request_id.as_deref(), Some("5527782523421805956"));
    assert_eq!(error.details().provider_code, None);
}

#[test]
fn a_refused_document_was_not_executed() {
    // Recorded.
    let body =
        r#"{"errors":[{"message":"Unknown argument \"environmentId\" on field \"Service.serviceInstances\"."}]}"#;
    let error = mapped(&response(400, body));
    assert_eq!(
        (error.code(), error.outcome()),
        (ErrorCode::InvalidArgument, Outcome::NoEffect)
    );
}

#[test]
fn throttles_under_http_200_name_their_wait() {
    for (message, seconds) in [
        (
            "You are creating projects too quickly. This workspace allows 1 project per 30 seconds. Try again shortly.",
            Some(30),
        ),
        (
            "You are creating environments too quickly, one environment can be created per user every 30s",
            Some(30),
        ),
        ("Too quickly: 5 services per 2 minutes", Some(120)),
        (
            "Whoa there pal! You are creating volumes too quickly. Try again in a sec",
            None,
        ),
    ] {
        let error = mapped(&response(200, &resolver_error(message)));
        assert_eq!(error.code(), ErrorCode::RateLimited, "{message}");
        assert_eq!(
            error.details().retry_after,
            seconds.map(Duration::from_secs),
            "{message}"
        );
    }
}

#[test]
fn statuses_without_a_graphql_body() {
    use ErrorCode::*;
    use Outcome::{NoEffect, Unknown as Open};
    for (status, body, code, outcome) in [
        (429, "", RateLimited, NoEffect),
        (
            429,
            r#"{"errors":[{"message":"Problem processing request"}]}"#,
            RateLimited,
            NoEffect,
        ),
        (401, "", Unauthenticated, NoEffect),
        (402, "", PaymentRequired, NoEffect),
        (403, "<!doctype html><title>x</title>", Unavailable, NoEffect),
        (403, "", PermissionDenied, NoEffect),
        (404, "404 page not found", Protocol, NoEffect),
        (408, "", Unavailable, Open),
        (302, "", Protocol, NoEffect),
        (500, r#"{"statusCode":500}"#, Unavailable, Open),
        (502, "<html>Bad Gateway</html>", Unavailable, Open),
        // Recorded.
        (
            503,
            "upstream connect error or disconnect/reset before headers",
            Unavailable,
            Open,
        ),
        (504, "", Unavailable, Open),
        (200, "<html></html>", Protocol, Open),
        (200, r#"{"data":null}"#, Protocol, Open),
        (200, "", Protocol, Open),
        (200, r#"{"data":{"serviceDelete":tr"#, Protocol, Open),
        (200, r#"{"data":{"serviceDelete":"yes"}}"#, Protocol, Open),
        (204, "", Protocol, Open),
    ] {
        let error = mapped(&response(status, body));
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{status} {body}");
        assert_eq!(error.details().http_status, Some(status));
    }
}

#[test]
fn the_edge_turning_us_away_is_a_rate_limit() {
    // This title is recorded.
    let body = "<html><title>Access denied | backboard.railway.com used Cloudflare to restrict access</title></html>";
    for status in [200, 403, 429, 503] {
        let error = mapped(&response(status, body));
        assert_eq!(
            (error.code(), error.outcome()),
            (ErrorCode::RateLimited, Outcome::NoEffect),
            "{status}"
        );
    }
}

#[test]
fn retry_after_is_told() {
    let mut throttled = response(429, "");
    throttled.headers.insert("retry-after", HeaderValue::from_static("17"));
    let _ = throttled.read_rate_limit(SystemTime::UNIX_EPOCH);
    assert_eq!(mapped(&throttled).details().retry_after, Some(Duration::from_secs(17)));
}

#[test]
fn no_body_is_quoted_whole() {
    let redactor = crate::secret::Redactor::default();
    let secret = "x".repeat(10_000);
    for (status, body) in [
        (500, secret.clone()),
        (200, secret.clone()),
        (200, resolver_error(&secret)),
    ] {
        assert!(
            mapped(&response(status, &body))
                .redact(&redactor)
                .to_string()
                .chars()
                .count()
                < 800
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 200_u16..600, body in ".{0,300}") {
        let _ = read::<Data>(&response(status, &body));
    }

    #[test]
    fn no_error_text_makes_it_panic(message in ".{0,100}") {
        let _ = mapped(&response(200, &resolver_error(&message)));
    }
}
