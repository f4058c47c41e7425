//! What Railway's failures mean: one pure table, from status, error code and message to our code and outcome.
//!
//! `INTERNAL_SERVER_ERROR` is Railway's code for not-found, not-authorized, name clash and throttle alike, so the
//! message decides where the code is not a telling one (`reference/railway.md` §3). Every row is tested with a recorded body where
//! one is known.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::message::Response;
use crate::protocol::graphql;
use crate::protocol::graphql::{Answer, GraphqlError};

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

/// Error codes that say something by themselves. They decide first; most were seeded by a client, not captured (§3).
const TELLING_CODES: &[(&str, ErrorCode, Outcome)] = &[
    ("UNAUTHENTICATED", ErrorCode::Unauthenticated, Outcome::NoEffect),
    ("UNAUTHORIZED", ErrorCode::Unauthenticated, Outcome::NoEffect),
    ("FORBIDDEN", ErrorCode::PermissionDenied, Outcome::NoEffect),
    ("PROJECT_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("SERVICE_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("ENVIRONMENT_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("RESOURCE_NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("RATE_LIMITED", ErrorCode::RateLimited, Outcome::NoEffect),
    ("TOO_MANY_REQUESTS", ErrorCode::RateLimited, Outcome::NoEffect),
    ("PLAN_LIMIT", ErrorCode::QuotaExceeded, Outcome::NoEffect),
    ("SUBSCRIPTION_REQUIRED", ErrorCode::PaymentRequired, Outcome::NoEffect),
];

/// Error codes that stand for many things: only where neither of the above says what is meant.
const GENERAL_CODES: &[(&str, ErrorCode, Outcome)] = &[
    ("NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
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

/// Reads the data of a response, or maps its error.
pub(super) fn read<T: DeserializeOwned>(response: &Response) -> Result<T> {
    let error = match (response.status, graphql::read(&response.body)) {
        (200..=299, Answer::Data(data)) => return Ok(data),
        (429, Answer::Errors(errors)) => {
            let first = first_error(&errors);
            map_status(response)
                .with_provider_code(first.code)
                .with_request_id(first.trace_id)
        }
        (_, Answer::Errors(errors)) => map_errors(response, first_error(&errors)),
        _ if is_edge_block(response) => {
            let text = "Railway's edge turned the request away (Cloudflare's \"Access denied\" page).";
            Error::new(ErrorCode::RateLimited, text)
        }
        (200..=299, Answer::Nothing) => {
            Error::ambiguous(ErrorCode::Protocol, "Railway's answer holds neither data nor errors.")
        }
        (200..=299, Answer::Unreadable(_)) if response.is_html() => {
            let text = "Railway's address answered with a page of HTML instead of JSON.";
            Error::ambiguous(ErrorCode::Protocol, text)
        }
        (200..=299, Answer::Unreadable(problem)) => Error::ambiguous(
            ErrorCode::Protocol,
            format!("Railway's answer cannot be read: {problem}."),
        ),
        _ => map_status(response),
    };
    let retry_delay = response.retry_delay.filter(|_| error.code() == ErrorCode::RateLimited);
    Err(error.with_http_status(response.status).with_retry_after(retry_delay))
}

/// Documents have one root field, so further errors only repeat the first.
fn first_error(errors: &[GraphqlError]) -> GraphqlError {
    errors.first().cloned().unwrap_or_default()
}

/// Whether this is the page by which Railway's edge turns traffic away: the request went no further.
fn is_edge_block(response: &Response) -> bool {
    response
        .body
        .windows(EDGE_BLOCK.len())
        .any(|window| window == EDGE_BLOCK)
}

fn map_errors(response: &Response, error: GraphqlError) -> Error {
    // What stands in quotation marks are names of the user's: a service may well be called "rate limit".
    let words: String = error.message.to_lowercase().split('"').step_by(2).collect();
    let code = error.code.as_deref();
    let by_code = |table: &'static [(&str, ErrorCode, Outcome)]| table.iter().find(|(name, ..)| code == Some(*name));
    let by_message = MESSAGES.iter().find(|(said, ..)| words.contains(said));
    // A document that the server refuses was not executed; that comes as HTTP 400 (§3).
    let otherwise = match response.status {
        400 => (ErrorCode::InvalidArgument, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        500.. => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    };
    let (code, outcome) = by_code(TELLING_CODES)
        .or(by_message)
        .or_else(|| by_code(GENERAL_CODES))
        .map_or(otherwise, |(_, code, outcome)| (*code, *outcome));
    let wait = (code == ErrorCode::RateLimited)
        .then(|| throttle_delay(&words))
        .flatten();
    let text = match error.message {
        text if text.trim().is_empty() => "Railway reported an error without a message.".to_owned(),
        text => text,
    };
    Error::new(code, text)
        .with_outcome(outcome)
        .with_provider_code(error.code)
        .with_request_id(error.trace_id)
        .with_retry_after(wait)
}

/// Maps a response that is no GraphQL response by its status.
fn map_status(response: &Response) -> Error {
    let status = response.status;
    let (code, outcome) = match status {
        300..=399 => (ErrorCode::Protocol, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        402 => (ErrorCode::PaymentRequired, Outcome::NoEffect),
        // A firewall's page, which says nothing of the credential.
        403 if response.is_html() => (ErrorCode::Unavailable, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        408 => (ErrorCode::Unavailable, Outcome::Unknown),
        429 => (ErrorCode::RateLimited, Outcome::NoEffect),
        400..=499 => (ErrorCode::Protocol, Outcome::NoEffect),
        500..=599 => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    };
    let text = match (status, graphql::read::<serde::de::IgnoredAny>(&response.body)) {
        (_, Answer::Errors(errors)) if !first_error(&errors).message.is_empty() => first_error(&errors).message,
        (300..=399, _) => format!("Railway's address answered with a redirect (HTTP {status}), which is not followed."),
        (404, _) => "HTTP 404: no GraphQL API at this address; check baseUrl.".to_owned(),
        _ if response.is_html() => format!("HTTP {status} with a page of HTML instead of JSON."),
        _ => format!("HTTP {status}."),
    };
    Error::new(code, text).with_outcome(outcome)
}

/// Returns the delay that a throttle's own words name: "1 project per 30 seconds", "every 30s".
fn throttle_delay(lowered: &str) -> Option<Duration> {
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
