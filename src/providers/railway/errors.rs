//! What Railway's failures mean: one pure table, from status, error code and message to our code and outcome.
//!
//! `INTERNAL_SERVER_ERROR` is Railway's code for not-found, not-authorized, name clash and throttle alike, so the
//! message decides before the code does (`reference/railway.md` §3). Every row is tested with a recorded body where
//! one is known.

use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode, Outcome, Result, quote};
use crate::graphql::{self, Answer, GraphqlError};
use crate::http::{Response, headers};

/// Words that a message holds, lower-cased, and what they mean. The first row that matches decides.
const MESSAGES: &[(&str, ErrorCode, Outcome)] = &[
    // Before "not found": this is about the credential (§1).
    ("project token not found", ErrorCode::Unauthenticated, Outcome::NoEffect),
    (
        "two factor authentication required",
        ErrorCode::PermissionDenied,
        Outcome::NoEffect,
    ),
    ("too quickly", ErrorCode::RateLimited, Outcome::NoEffect),
    ("per user every", ErrorCode::RateLimited, Outcome::NoEffect),
    ("rate limit", ErrorCode::RateLimited, Outcome::NoEffect),
    ("already exists", ErrorCode::AlreadyExists, Outcome::NoEffect),
    ("must be unique", ErrorCode::AlreadyExists, Outcome::NoEffect),
    ("trial has expired", ErrorCode::PaymentRequired, Outcome::NoEffect),
    ("select a plan", ErrorCode::PaymentRequired, Outcome::NoEffect),
    // Concurrent changes: nothing was done, and it may be later.
    ("already in progress", ErrorCode::Unavailable, Outcome::NoEffect),
    ("cannot redeploy yet", ErrorCode::Unavailable, Outcome::NoEffect),
    ("please try again", ErrorCode::Unavailable, Outcome::Unknown),
    ("not found", ErrorCode::NotFound, Outcome::NoEffect),
    // Of a wrong token too: Railway does not tell the two apart (§3).
    ("not authorized", ErrorCode::PermissionDenied, Outcome::NoEffect),
    // Transient, or the answer to a second deletion, or anything else (§3).
    ("problem processing request", ErrorCode::Unavailable, Outcome::Unknown),
];

/// Error codes that say something by themselves. Most were seeded by a client, not captured (§3): they come second.
const CODES: &[(&str, ErrorCode, Outcome)] = &[
    ("UNAUTHENTICATED", ErrorCode::Unauthenticated, Outcome::NoEffect),
    ("UNAUTHORIZED", ErrorCode::Unauthenticated, Outcome::NoEffect),
    ("FORBIDDEN", ErrorCode::PermissionDenied, Outcome::NoEffect),
    ("NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("PROJECT_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("SERVICE_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("ENVIRONMENT_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("RESOURCE_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("RATE_LIMITED", ErrorCode::RateLimited, Outcome::NoEffect),
    ("TOO_MANY_REQUESTS", ErrorCode::RateLimited, Outcome::NoEffect),
    ("PLAN_LIMIT", ErrorCode::QuotaExceeded, Outcome::NoEffect),
    ("SUBSCRIPTION_REQUIRED", ErrorCode::PaymentRequired, Outcome::NoEffect),
    ("BAD_USER_INPUT", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("BAD_REQUEST", ErrorCode::InvalidArgument, Outcome::NoEffect),
    // Our document does not fit their schema: theirs has changed, for it has no versions (§4).
    ("GRAPHQL_VALIDATION_FAILED", ErrorCode::Protocol, Outcome::NoEffect),
    ("GRAPHQL_PARSE_FAILED", ErrorCode::Protocol, Outcome::NoEffect),
    // An error can follow a successful side effect (§3).
    ("INTERNAL_SERVER_ERROR", ErrorCode::Unavailable, Outcome::Unknown),
];

/// The title of the page by which Railway's edge turns traffic away (§2).
const EDGE_BLOCK: &[u8] = b"used Cloudflare to restrict access";

/// Reads a response's data, or says what its failure means. `date` is today's, for headers that name one.
pub(super) fn read<T: DeserializeOwned>(response: &Response, date: SystemTime) -> Result<T> {
    let error = match (response.status, graphql::read(&response.body)) {
        (429, answer) => from_status(response, date, answer),
        (_, Answer::Errors(errors)) => from_errors(response, &errors),
        (200..=299, Answer::Data(data)) => return Ok(data),
        (200..=299, Answer::Nothing) => {
            Error::ambiguous(ErrorCode::Protocol, "Railway's answer holds neither data nor errors.")
        }
        (200..=299, Answer::Unreadable(_)) if response.is_html() => Error::ambiguous(
            ErrorCode::Protocol,
            "Railway's address answered with a page of HTML instead of JSON.",
        ),
        (200..=299, Answer::Unreadable(problem)) => Error::ambiguous(
            ErrorCode::Protocol,
            format!("Railway's answer cannot be read: {problem}."),
        ),
        (_, answer) => from_status(response, date, answer),
    };
    Err(error.with_http_status(response.status))
}

/// Judges by the first error: documents have one root field, so others only repeat it.
fn from_errors(response: &Response, errors: &[GraphqlError]) -> Error {
    let unknown = GraphqlError::default();
    let first = errors.first().unwrap_or(&unknown);
    let lowered = first.message.to_lowercase();
    let by_message = MESSAGES.iter().find(|(words, ..)| lowered.contains(words));
    let by_code = || CODES.iter().find(|(code, ..)| first.code.as_deref() == Some(*code));
    // A document that the server refuses was not executed; that comes as HTTP 400 (§3).
    let otherwise = match response.status {
        400 => (ErrorCode::InvalidArgument, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        500.. => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    };
    let (code, outcome) = by_message
        .or_else(by_code)
        .map_or(otherwise, |(_, code, outcome)| (*code, *outcome));
    let text = match quote(&first.message) {
        text if text.is_empty() => "Railway reported an error without a message.".to_owned(),
        text => text,
    };
    let wait = (code == ErrorCode::RateLimited).then(|| throttle(&lowered)).flatten();
    Error::new(code, text)
        .with_outcome(outcome)
        .with_provider_code(first.code.clone())
        .with_request_id(first.trace_id.clone())
        .with_retry_after(wait)
}

/// Judges an answer that is no GraphQL answer by its status.
fn from_status<T>(response: &Response, date: SystemTime, answer: Answer<T>) -> Error {
    let status = response.status;
    if response
        .body
        .windows(EDGE_BLOCK.len())
        .any(|window| window == EDGE_BLOCK)
    {
        let text =
            format!("Railway's edge turned the request away (HTTP {status}, Cloudflare's \"Access denied\" page).");
        return Error::new(ErrorCode::RateLimited, text);
    }
    let (code, outcome) = match status {
        300..=399 => (ErrorCode::Protocol, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        402 => (ErrorCode::PaymentRequired, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        408 => (ErrorCode::Unavailable, Outcome::Unknown),
        429 => (ErrorCode::RateLimited, Outcome::NoEffect),
        400..=499 => (ErrorCode::Protocol, Outcome::NoEffect),
        500..=599 => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    };
    let text = match (answer, status) {
        (Answer::Errors(errors), _) if !errors[0].message.is_empty() => quote(&errors[0].message),
        (_, 300..=399) => format!("Railway's address answered with a redirect (HTTP {status}), which is not followed."),
        (_, 404) => "HTTP 404: no GraphQL API at this address; check baseUrl.".to_owned(),
        _ if response.is_html() => format!("HTTP {status} with a page of HTML instead of JSON."),
        _ => format!("HTTP {status}."),
    };
    let wait = match code {
        ErrorCode::RateLimited => response
            .header("retry-after")
            .and_then(|value| headers::retry_after(value, date)),
        _ => None,
    };
    Error::new(code, text).with_outcome(outcome).with_retry_after(wait)
}

/// The wait that a throttle's own words name: "1 project per 30 seconds", "every 30s" (§2).
fn throttle(lowered: &str) -> Option<Duration> {
    let (_, rest) = lowered
        .split_once(" per ")
        .filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
        .or_else(|| lowered.split_once("every "))?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let number: u32 = rest[..digits].parse().ok()?;
    let unit = match rest[digits..].trim_start() {
        unit if unit.starts_with('s') => 1,
        unit if unit.starts_with("min") => 60,
        unit if unit.starts_with('h') => 3_600,
        _ => return None,
    };
    Some(Duration::from_secs(u64::from(number) * unit))
}

#[cfg(test)]
mod tests;
