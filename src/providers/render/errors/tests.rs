use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::ERRORS;
use crate::error::{Error, ErrorCode, Outcome};
use crate::http::message::Response;

fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect::<HeaderMap>();
    let mut response = Response::new(status, headers, Bytes::from(body.to_owned()));
    let _ = response.read_rate_limit(SystemTime::UNIX_EPOCH);
    ERRORS.read_json::<Value>(&response).unwrap_err()
}

const CARD: &str = "Payment information is required to complete this request. To add a card, visit https://dashboard.render.com/billing";

/// Bodies are recorded or observed (docs/providers/render.md). Where no source has one, the published schema allows it.
#[test]
fn the_table() {
    use ErrorCode::*;
    let no_effect = Outcome::NoEffect;
    let card = format!(r#"{{"message":"{CARD}"}}"#);
    for (status, body, code, outcome) in [
        (
            400,
            r#"{"message":"name: demo already in use"}"#,
            AlreadyExists,
            no_effect,
        ),
        (
            409,
            r#"{"message":"name: demo already in use."}"#,
            AlreadyExists,
            no_effect,
        ),
        (
            409,
            r#"{"message":"A service of this name already exists"}"#,
            AlreadyExists,
            no_effect,
        ),
        (
            400,
            r#"{"message":"name: already in use is not allowed"}"#,
            InvalidArgument,
            no_effect,
        ),
        (
            400,
            r#"{"message":"ownerID is a required field"}"#,
            InvalidArgument,
            no_effect,
        ),
        (
            400,
            r#"{"message":"missing environment variable value"}"#,
            InvalidArgument,
            no_effect,
        ),
        (400, r#"{"message":"invalid JSON"}"#, InvalidArgument, no_effect),
        (
            400,
            r#"{"id":"e-1","message":"invalid service type"}"#,
            InvalidArgument,
            no_effect,
        ),
        // The code of a query of metrics: it says nothing about services.
        (
            400,
            r#"{"code":"too_many_resources","message":"no more"}"#,
            InvalidArgument,
            no_effect,
        ),
        (
            400,
            r#"{"message":"IP allow list is only available for Enterprise workspaces"}"#,
            InvalidArgument,
            no_effect,
        ),
        (401, r#"{"message":"Unauthorized"}"#, Unauthenticated, no_effect),
        (402, card.as_str(), PaymentRequired, no_effect),
        (403, r#"{"message":"forbidden"}"#, PermissionDenied, no_effect),
        (404, r#"{"message":"not found: srv-1"}"#, NotFound, no_effect),
        (404, "404 page not found\n", Protocol, no_effect),
        (406, r#"{"message":"not acceptable"}"#, Protocol, no_effect),
        (409, r#"{"message":"the service is suspended"}"#, Unavailable, no_effect),
        (410, r#"{"message":"gone"}"#, NotFound, no_effect),
        (
            413,
            r#"{"message":"request entity too large"}"#,
            InvalidArgument,
            no_effect,
        ),
        (413, "", InvalidArgument, no_effect),
        (429, r#"{"message":"rate limit exceeded"}"#, RateLimited, no_effect),
        (429, r#"{"error":"rate limit exceeded"}"#, RateLimited, no_effect),
        (
            500,
            r#"{"message":"internal server error"}"#,
            Unavailable,
            Outcome::Unknown,
        ),
        (503, "upstream connect error", Unavailable, Outcome::Unknown),
        (302, "", Protocol, no_effect),
    ] {
        let error = refused(status, &[], body);
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{status} {body}");
        assert_eq!(error.details().http_status, Some(status));
    }
    assert_eq!(refused(402, &[], &card).to_string(), CARD);
    let throttled = refused(429, &[], r#"{"error":"rate limit exceeded"}"#);
    assert_eq!(throttled.to_string(), "rate limit exceeded");
}

#[test]
fn a_refusal_carries_the_request_id_and_the_wait() {
    // `Ratelimit-Reset` holds the remaining seconds, although Render documents an epoch (docs/providers/render.md).
    let headers = [
        ("render-request-id", "req-1"),
        ("ratelimit-limit", "20"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "2346"),
    ];
    let error = refused(429, &headers, r#"{"message":"slow down"}"#);
    assert_eq!(error.details().request_id.as_deref(), Some("req-1"));
    assert_eq!(error.details().retry_after.map(|wait| wait.as_secs()), Some(2_346));
}

proptest::proptest! {
    #[test]
    fn never_panics(status in 300_u16..700, body in ".{0,80}") {
        let _ = refused(status, &[], &body);
        let _ = refused(status, &[], &format!(r#"{{"message":{body:?},"code":7}}"#));
    }
}
