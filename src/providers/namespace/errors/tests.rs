use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{CODES, ERRORS};
use crate::error::{Error, ErrorCode, Outcome};
use crate::http::message::Response;

fn refused(status: u16, body: &str) -> Error {
    let response = Response::new(status, HeaderMap::new(), Bytes::from(body.to_owned()));
    ERRORS.read_json::<Value>(&response).unwrap_err()
}

/// A `ResourceLimitsError`: 64 vCPU asked for, 32 in use, description "cpu".
const LIMITS: &str = "CgYIQBCAgAgSAgggGgYIIBCAgAQgASoDY3B1";

/// An `EnvironmentDestroyed`: an instance that no longer runs.
const DESTROYED: &str = "Cg11aTNlM2UzZzdjZnJn";

#[test]
fn codes_decide_and_not_statuses() {
    for (number, (name, code, outcome)) in CODES.iter().enumerate().skip(1) {
        for spelled in [json!(name), json!(name.to_uppercase()), json!(number)] {
            // Connect sends 400 for several codes. Here it comes with every code.
            let error = refused(400, &json!({"code": spelled, "message": "said"}).to_string());
            assert_eq!((error.code(), error.outcome()), (*code, *outcome), "{spelled}");
            assert_eq!(error.details().provider_code.as_deref(), Some(*name));
            assert_eq!(error.to_string(), "said");
        }
    }
    assert_eq!(refused(499, r#"{"code":"CANCELLED"}"#).code(), ErrorCode::Unavailable);
}

#[test]
fn without_a_code_it_is_somebody_else_who_answers() {
    use ErrorCode::*;
    for (status, body, code, outcome) in [
        (400, "{}", Protocol, Outcome::Unknown),
        (401, "", Unauthenticated, Outcome::NoEffect),
        (403, "<html>", Unavailable, Outcome::NoEffect),
        (403, r#"{"message":"no"}"#, PermissionDenied, Outcome::NoEffect),
        (404, "404 page not found", Protocol, Outcome::NoEffect),
        (404, r#"{"message":"Not Found"}"#, Protocol, Outcome::NoEffect),
        (404, r#"{"code":"whatever"}"#, Protocol, Outcome::NoEffect),
        (404, r#"{"code":77}"#, Protocol, Outcome::NoEffect),
        (429, "", RateLimited, Outcome::NoEffect),
        (500, "", Unavailable, Outcome::Unknown),
        (502, "<html>", Unavailable, Outcome::Unknown),
        (503, "", Unavailable, Outcome::Unknown),
        (504, "", Unavailable, Outcome::Unknown),
    ] {
        let error = refused(status, body);
        assert_eq!((error.code(), error.outcome()), (code, outcome), "{status} {body}");
    }
    let text = refused(404, r#"{"message":"Not Found"}"#).to_string();
    assert!(text.contains("NSC_ENDPOINT"), "{text}");
}

#[test]
fn limits_are_told_in_figures() {
    let detail = json!({"type": "namespace.cloud.compute.v1beta.ResourceLimitsError", "value": LIMITS});
    let body = json!({"code": "resource_exhausted", "message": "no room", "details": [detail]});
    let error = refused(429, &body.to_string());
    assert_eq!(error.code(), ErrorCode::QuotaExceeded);
    assert_eq!(
        error.to_string(),
        "no room; cpu, asked for 64 vCPU and 131072 MB, in use 32 vCPU and 0 MB, limit 32 vCPU and 65536 MB"
    );
    // The type of the detail decides, even if its figures cannot be read.
    let body = json!({"code": 8, "details": [{"type": "x.UsageLimitsError", "value": "%"}]});
    assert_eq!(refused(429, &body.to_string()).code(), ErrorCode::QuotaExceeded);
    assert_eq!(
        refused(429, r#"{"code":"resource_exhausted"}"#).code(),
        ErrorCode::RateLimited
    );
}

#[test]
fn a_used_up_allowance_is_told_in_figures() {
    let told = |detail: Value| {
        let body = json!({"code": "resource_exhausted", "message": "no more", "details": [detail]});
        let error = refused(429, &body.to_string());
        assert_eq!(
            (error.code(), error.outcome()),
            (ErrorCode::QuotaExceeded, Outcome::NoEffect)
        );
        error.to_string()
    };
    let kind = "namespace.cloud.compute.v1beta.UsageLimitsError";
    let minutes = "no more; the allowance of the period is used up, used 5000 of 4000 compute unit minutes";
    // `{used: {5000}, limits: {4000}}`
    assert_eq!(told(json!({"type": kind, "value": "CgMIiCcSAwigHw"})), minutes);
    // Proto JSON, beside bytes that cannot be read. 64 bits are a string or a number.
    for (used, limit) in [(json!(5000), json!("4000")), (json!("5000"), json!(4000))] {
        let debug = json!({
            "used": {"computeUnitMinutes": used, "computeWallSeconds": null},
            "limits": {"computeUnitMinutes": limit},
        });
        assert_eq!(told(json!({"type": kind, "value": "%", "debug": debug})), minutes);
        assert_eq!(told(json!({"type": kind, "value": null, "debug": debug})), minutes);
    }
    let both = json!({"used": {"computeUnitMinutes": 1, "computeWallSeconds": "90"}, "limits": null});
    assert_eq!(
        told(json!({"type": kind, "debug": both})),
        "no more; the allowance of the period is used up, used 1 compute unit minutes, used 90 compute wall seconds"
    );
    for debug in [
        json!(null),
        json!("x"),
        json!({"used": 7, "limits": []}),
        json!({"used": {"computeUnitMinutes": "many"}}),
    ] {
        assert_eq!(
            told(json!({"type": kind, "debug": debug})),
            "no more; the allowance of the period is used up"
        );
    }
}

#[test]
fn a_shortage_of_regions_is_no_rate_limit() {
    let body = r#"{"code":"resource_exhausted","message":"no available region to start a linux/amd64 instance"}"#;
    let error = refused(429, body);
    assert_eq!(
        (error.code(), error.outcome()),
        (ErrorCode::Unavailable, Outcome::NoEffect)
    );
}

#[test]
fn what_no_longer_runs_is_not_found() {
    for (status, code) in [(400, "failed_precondition"), (404, "not_found")] {
        for value in [DESTROYED, &format!("{DESTROYED}=="), "?", ""] {
            let detail = json!({"type": "nsl.clusters.v1.EnvironmentDestroyed", "value": value});
            let body = json!({"code": code, "details": [{"type": 7}, "x", detail]});
            assert_eq!(
                refused(status, &body.to_string()).code(),
                ErrorCode::NotFound,
                "{value}"
            );
        }
    }
    let other = refused(400, r#"{"code":"failed_precondition","message":"quota of something"}"#);
    assert_eq!(other.code(), ErrorCode::InvalidArgument);
}

#[test]
fn a_message_for_the_user_is_passed_on() {
    // `{1: "out of luck", 2: "req-1"}`
    let detail = json!({"type": "nsl.clusters.v1.UserMessage", "value": "CgtvdXQgb2YgbHVjaxIFcmVxLTE"});
    let error = refused(500, &json!({"code": "internal", "details": [detail]}).to_string());
    assert_eq!(error.to_string(), "out of luck");
    assert_eq!(error.details().request_id.as_deref(), Some("req-1"));
}

proptest::proptest! {
    #[test]
    fn never_panics(status in 300_u16..700, body in ".{0,80}", value in "[A-Za-z0-9+/=]{0,60}") {
        let _ = refused(status, &body);
        let detail = json!({"type": "a.ResourceLimitsError", "value": value});
        let _ = refused(status, &json!({"code": body, "message": body, "details": [detail]}).to_string());
    }
}
