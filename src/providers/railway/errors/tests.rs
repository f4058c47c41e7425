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
    use Outcome::{NoEffect, RefusedUnclear as Unclear};
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
        // Recorded.
        (
            "Free plan resource provision limit exceeded. Please upgrade to provision more resources!",
            QuotaExceeded,
            NoEffect,
        ),
        (
            "Your workspace has been restricted. Please attach a payment method or contact support to resolve this.",
            PaymentRequired,
            NoEffect,
        ),
        (r#"Service name "api" is already in use"#, AlreadyExists, NoEffect),
        ("Invalid project name", InvalidArgument, NoEffect),
        (r#"Service name "a b" is not valid"#, InvalidArgument, NoEffect),
        (
            "Config as Code is deprecated. Please use the new configuration instead.",
            Protocol,
            NoEffect,
        ),
        // The order of the rows: the credential precedes the input, and the account precedes a wait.
        ("Invalid token", Unauthenticated, NoEffect),
        ("Invalid request: Project Token not found", Unauthenticated, NoEffect),
        (
            "Your workspace has been restricted. Attach a payment method, then please try again",
            PaymentRequired,
            NoEffect,
        ),
        (
            "Hobby plan resource provision limit exceeded: rate limit of services. Please try again",
            QuotaExceeded,
            NoEffect,
        ),
        // Words of runtimes, not of a refused input.
        ("invalid json response body at http://internal/", Unavailable, Unclear),
        ("Unexpected token < in JSON is not valid JSON", Unavailable, Unclear),
        (
            "Failed to create service domain, please try again",
            Unavailable,
            Unclear,
        ),
        ("Problem processing request", Unavailable, Unclear),
        ("Something never heard of", Unavailable, Unclear),
        // What stands in quotation marks is a name.
        (r#"Cannot touch "already in use" now"#, Unavailable, Unclear),
        (r#"Cannot touch "Invalid token" now"#, Unavailable, Unclear),
        ("Cannot touch `has been restricted` now", Unavailable, Unclear),
        ("Cannot touch “is not valid” now", Unavailable, Unclear),
        (r#""Invalid " cannot be touched"#, Unavailable, Unclear),
    ] {
        let error = mapped(&response(200, &resolver_error(message)));
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{message}");
        assert_eq!(error.to_string(), message);
        assert_eq!(error.details().http_status, Some(200));
        assert_eq!(error.details().provider_code.as_deref(), Some("INTERNAL_SERVER_ERROR"));
    }
}

/// Neither the status nor the code of these refusals is recorded (docs/providers/railway.md).
#[test]
fn refusals_of_the_account_are_known_by_their_words_alone() {
    let quota = "Free plan resource provision limit exceeded. Please upgrade to provision more resources!";
    let restricted =
        "Your workspace has been restricted. Please attach a payment method or contact support to resolve this.";
    for (message, code) in [
        (quota, ErrorCode::QuotaExceeded),
        (restricted, ErrorCode::PaymentRequired),
    ] {
        for status in [200, 400, 403, 422] {
            for provider_code in ["INTERNAL_SERVER_ERROR", "BAD_USER_INPUT", "FORBIDDEN", "WHO_KNOWS"] {
                let body =
                    format!(r#"{{"errors":[{{"message":"{message}","extensions":{{"code":"{provider_code}"}}}}]}}"#);
                let error = mapped(&response(status, &body));
                assert_eq!((error.code(), error.outcome()), (code, Outcome::NoEffect));
                assert_eq!(error.to_string(), message);
            }
        }
    }
}

#[test]
fn an_unknown_error_is_a_refusal_where_the_api_answered_and_unknown_where_a_gateway_may_have() {
    use ErrorCode::{Protocol, Unavailable};
    let unclear = Outcome::RefusedUnclear;
    let coded = resolver_error("Something never heard of");
    let bare = r#"{"errors":[{"message":"Something never heard of"}]}"#;
    for (status, body, code, outcome) in [
        (200, coded.as_str(), Unavailable, unclear),
        (200, bare, Protocol, unclear),
        (422, coded.as_str(), Unavailable, unclear),
        (408, bare, Protocol, Outcome::Unknown),
        (500, coded.as_str(), Unavailable, Outcome::Unknown),
        (502, bare, Unavailable, Outcome::Unknown),
        (
            503,
            r#"{"errors":[{"message":"Problem processing request"}]}"#,
            Unavailable,
            Outcome::Unknown,
        ),
    ] {
        let error = mapped(&response(status, body));
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{status} {body}");
    }
}

#[test]
fn a_create_may_have_had_an_effect_although_something_was_not_found() {
    use ErrorCode::{NotFound, PermissionDenied, Unauthenticated};
    use Outcome::{NoEffect, RefusedUnclear as Unclear};
    let created = |response: &Response| match read_created::<Data>(response) {
        Ok(data) => panic!("read as {data:?}"),
        Err(error) => error,
    };
    for (message, code, outcome) in [
        // Recorded, in answer to a mutation that had taken effect.
        ("ServiceInstance not found", NotFound, Unclear),
        ("Environment not found", NotFound, Unclear),
        ("Deployment not found", NotFound, Unclear),
        ("Project not found", NotFound, Unclear),
        (
            r#"Service "Two Factor Authentication Required" not found"#,
            NotFound,
            Unclear,
        ),
        ("Not Authorized", PermissionDenied, Unclear),
        // About the credential and the account: nothing was made.
        ("Project Token not found", Unauthenticated, NoEffect),
        ("Two Factor Authentication Required", PermissionDenied, NoEffect),
    ] {
        let answer = response(200, &resolver_error(message));
        let error = created(&answer);
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{message}");
        assert_eq!(mapped(&answer).outcome(), NoEffect, "{message}, not of a create");
    }
    for (provider_code, code) in [
        ("NOT_FOUND", NotFound),
        ("PROJECT_NOT_FOUND", NotFound),
        ("SERVICE_NOT_FOUND", NotFound),
        ("ENVIRONMENT_NOT_FOUND", NotFound),
        ("RESOURCE_NOT_FOUND", NotFound),
        ("FORBIDDEN", PermissionDenied),
    ] {
        let body =
            format!(r#"{{"errors":[{{"message":"Computer says no","extensions":{{"code":"{provider_code}"}}}}]}}"#);
        let error = created(&response(200, &body));
        assert_eq!((error.code(), error.outcome()), (code, Unclear), "{provider_code}");
    }
    // HTTP itself refused these: nothing was executed.
    for status in [401, 403] {
        assert_eq!(created(&response(status, "")).outcome(), NoEffect, "{status}");
    }
    let quota = "Free plan resource provision limit exceeded. Please upgrade to provision more resources!";
    assert_eq!(created(&response(200, &resolver_error(quota))).outcome(), NoEffect);
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
        // Recorded: the edge's.
        (403, "error code: 1010", Unavailable, NoEffect),
        (403, "error code: 1020\n", Unavailable, NoEffect),
        (429, "error code: 1015", RateLimited, NoEffect),
        (403, "error code: 1015", RateLimited, NoEffect),
        (429, "error code: 1020", RateLimited, NoEffect),
        (403, "error code: none of the edge's", PermissionDenied, NoEffect),
        (502, "error code: 502", Unavailable, Open),
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
