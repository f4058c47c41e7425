use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::ERRORS;
use crate::error::ErrorCode::*;
use crate::error::Outcome::{NoEffect, Unknown};
use crate::error::{Error, ErrorCode, Outcome};
use crate::http::message::Response;

fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect::<HeaderMap>();
    let mut response = Response::new(status, headers, Bytes::from(body.to_owned()));
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let _ = response.read_rate_limit(date);
    ERRORS.read_json::<Value>(&response).unwrap_err()
}

/// Error bodies as they were recorded or reported (docs/providers/vercel.md). Others are made up in the same form.
const TABLE: &[(u16, &str, ErrorCode, Outcome)] = &[
    (
        400,
        r#"{"error":{"code":"bad_request","message":"Invalid request: `name` should match pattern."}}"#,
        InvalidArgument,
        NoEffect,
    ),
    (
        400,
        r#"{"error":{"code":"bad_request","message":"A sandbox with the name 'box' already exists for this project. Use GET /sandboxes/:name to retrieve it."}}"#,
        AlreadyExists,
        NoEffect,
    ),
    (
        409,
        r#"{"error":{"code":"conflict","message":"A sandbox with the name 'box' already exists for this project."}}"#,
        AlreadyExists,
        NoEffect,
    ),
    (
        409,
        r#"{"error":{"code":"conflict","message":"Try again."}}"#,
        Unavailable,
        Unknown,
    ),
    (
        400,
        r#"{"error":{"code":"executable_not_found","message":"sh not found"}}"#,
        ProvisionFailed,
        NoEffect,
    ),
    (
        401,
        r#"{"error":{"code":"unauthorized","message":"Not authorized"}}"#,
        Unauthenticated,
        NoEffect,
    ),
    (
        402,
        r#"{"error":{"code":"payment_required","message":"Add a card."}}"#,
        PaymentRequired,
        NoEffect,
    ),
    (
        402,
        r#"{"error":{"code":"payment_required","message":"Hobby plan usage limit exceeded. Limit will be reset on December 1. Please upgrade to continue."}}"#,
        QuotaExceeded,
        NoEffect,
    ),
    (
        400,
        r#"{"error":{"code":"bad_request","message":"A sandbox with the name 'box' already exists for this project. Use GET /sandboxes/:name to resume it or delete it first."}}"#,
        AlreadyExists,
        NoEffect,
    ),
    (
        400,
        r#"{"error":{"code":"bad_request","message":"Invalid request: `timeout` should be <= 1d."}}"#,
        InvalidArgument,
        NoEffect,
    ),
    (
        403,
        r#"{"error":{"code":"forbidden","message":"Not authorized","invalidToken":true}}"#,
        Unauthenticated,
        NoEffect,
    ),
    (
        403,
        r#"{"error":{"code":"forbidden","message":"Not authorized","invalidToken":"true"}}"#,
        PermissionDenied,
        NoEffect,
    ),
    (
        403,
        r#"{"error":{"code":"forbidden","message":"You don't have permission"}}"#,
        PermissionDenied,
        NoEffect,
    ),
    (
        404,
        r#"{"error":{"code":"not_found","message":"Named sandbox 'box' not found for this project."}}"#,
        NotFound,
        NoEffect,
    ),
    (404, "The page could not be found", Protocol, NoEffect),
    (404, r#"{"message":"Not Found"}"#, Protocol, NoEffect),
    (404, "<html></html>", Protocol, NoEffect),
    (
        410,
        r#"{"error":{"code":"sandbox_stopped","message":"gone"}}"#,
        Unavailable,
        NoEffect,
    ),
    (
        410,
        r#"{"error":{"code":"sandbox_stream_closed","message":"closed"}}"#,
        Unavailable,
        NoEffect,
    ),
    (
        410,
        r#"{"error":{"code":"snapshot_not_found","message":"gone"}}"#,
        Unavailable,
        NoEffect,
    ),
    (410, "", Protocol, NoEffect),
    (413, "", InvalidArgument, NoEffect),
    (
        422,
        r#"{"error":{"code":"sandbox_stopping","message":"wait"}}"#,
        Unavailable,
        NoEffect,
    ),
    (
        422,
        r#"{"error":{"code":"sandbox_snapshotting","message":"wait"}}"#,
        Unavailable,
        NoEffect,
    ),
    (
        422,
        r#"{"error":{"code":"image_not_ready","message":"wait"}}"#,
        Unavailable,
        NoEffect,
    ),
    (
        422,
        r#"{"error":{"code":"other","message":"no"}}"#,
        InvalidArgument,
        NoEffect,
    ),
    (
        429,
        r#"{"error":{"code":"rate_limited","message":"slow down"}}"#,
        RateLimited,
        NoEffect,
    ),
    (
        429,
        r#"{"error":{"code":"too_many_requests","message":"The concurrency limit has been exceeded."}}"#,
        RateLimited,
        NoEffect,
    ),
    (
        500,
        r#"{"error":{"code":"internal_server_error","message":"oh"}}"#,
        Unavailable,
        Unknown,
    ),
    (502, "<html>", Unavailable, Unknown),
];

#[test]
fn the_table() {
    for (status, body, code, outcome) in TABLE {
        let error = refused(*status, &[], body);
        assert_eq!((error.code(), error.outcome()), (*code, *outcome), "{status} {body}");
        assert_eq!(error.details().http_status, Some(*status));
    }
}

#[test]
fn a_refusal_carries_the_request_id_and_the_wait() {
    let headers = [
        ("x-vercel-id", "iad1::abc"),
        ("x-ratelimit-remaining", "0"),
        // Seconds since 1970.
        ("x-ratelimit-reset", "1700000004"),
    ];
    let error = refused(
        429,
        &headers,
        r#"{"error":{"code":"rate_limited","message":"slow down"}}"#,
    );
    assert_eq!(error.details().request_id.as_deref(), Some("iad1::abc"));
    assert_eq!(error.details().retry_after, Some(Duration::from_secs(4)));
    assert_eq!(error.details().provider_code.as_deref(), Some("rate_limited"));
}

proptest::proptest! {
    #[test]
    fn never_panics(status in 300_u16..700, body in ".{0,80}") {
        let _ = refused(status, &[], &body);
        let _ = refused(status, &[], &format!(r#"{{"error":{body:?}}}"#));
        let _ = refused(status, &[], &format!(r#"{{"error":{{"message":{body:?},"invalidToken":7}}}}"#));
    }
}
