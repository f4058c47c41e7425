//! Maps Railway's errors: pure tables from HTTP status, error code and message to our code and outcome.
//!
//! Railway uses the code `INTERNAL_SERVER_ERROR` for a missing resource, a missing permission, a taken name and a throttle
//! alike. So the message decides unless the code is a specific one (docs/providers/railway.md). Tests cover every table,
//! with recorded bodies where they are known.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::http::message::Response;
use crate::protocol::graphql;
use crate::protocol::graphql::{Answer, GraphqlError};

/// Phrases of messages about the account, in lower case, and their meanings. They decide first: the codes and statuses that
/// come with them are not known (docs/providers/railway.md).
const ACCOUNT_MESSAGES: &[(&str, ErrorCode, Outcome)] = &[
    (
        "resource provision limit exceeded",
        ErrorCode::QuotaExceeded,
        Outcome::NoEffect,
    ),
    ("upgrade to provision more", ErrorCode::QuotaExceeded, Outcome::NoEffect),
    ("has been restricted", ErrorCode::PaymentRequired, Outcome::NoEffect),
    ("attach a payment method", ErrorCode::PaymentRequired, Outcome::NoEffect),
];

/// Phrases of other messages, in lower case, and their meanings. The first phrase that the message contains decides.
const MESSAGES: &[(&str, ErrorCode, Outcome)] = &[
    // These rows are about the credential, so they precede "not found" and "invalid".
    ("project token not found", ErrorCode::Unauthenticated, Outcome::NoEffect),
    ("invalid token", ErrorCode::Unauthenticated, Outcome::NoEffect),
    (TWO_FACTOR, ErrorCode::PermissionDenied, Outcome::NoEffect),
    ("trial has expired", ErrorCode::PaymentRequired, Outcome::NoEffect),
    ("select a plan", ErrorCode::PaymentRequired, Outcome::NoEffect),
    ("too quickly", ErrorCode::RateLimited, Outcome::NoEffect),
    ("per user every", ErrorCode::RateLimited, Outcome::NoEffect),
    ("rate limit", ErrorCode::RateLimited, Outcome::NoEffect),
    ("already exists", ErrorCode::AlreadyExists, Outcome::NoEffect),
    ("already in use", ErrorCode::AlreadyExists, Outcome::NoEffect),
    ("must be unique", ErrorCode::AlreadyExists, Outcome::NoEffect),
    // Another change is in progress. Nothing was done, and a later request may succeed.
    ("already in progress", ErrorCode::Unavailable, Outcome::NoEffect),
    ("cannot redeploy yet", ErrorCode::Unavailable, Outcome::NoEffect),
    ("please try again", ErrorCode::Unavailable, Outcome::RefusedUnclear),
    ("not found", ErrorCode::NotFound, Outcome::NoEffect),
    // Railway answers a wrong token in the same way (docs/providers/railway.md).
    ("not authorized", ErrorCode::PermissionDenied, Outcome::NoEffect),
    // It can be transient, a second deletion or a real failure (docs/providers/railway.md).
    (
        "problem processing request",
        ErrorCode::Unavailable,
        Outcome::RefusedUnclear,
    ),
    // A service behind Railway's API answered with something else than JSON: the input is not to blame.
    ("is not valid json", ErrorCode::Unavailable, Outcome::RefusedUnclear),
    ("is not valid", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("is deprecated", ErrorCode::Protocol, Outcome::NoEffect),
];

/// The account demands a second factor. Nothing is done before.
const TWO_FACTOR: &str = "two factor authentication required";

/// How a message about invalid input begins, as in "Invalid project name". In lower case, or in the middle of a message,
/// "invalid" is a word of runtimes, as in "invalid json response body".
const INVALID_INPUT: &str = "Invalid ";

/// Error codes with one meaning. They decide before a message that is not about the account. Most come from a client's list, not from recorded responses
/// (docs/providers/railway.md).
const SPECIFIC_CODES: &[(&str, ErrorCode, Outcome)] = &[
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

/// Error codes with several meanings. They decide only if neither table above has a match.
const GENERAL_CODES: &[(&str, ErrorCode, Outcome)] = &[
    ("NOT_FOUND", ErrorCode::NotFound, Outcome::NoEffect),
    ("BAD_USER_INPUT", ErrorCode::InvalidArgument, Outcome::NoEffect),
    ("BAD_REQUEST", ErrorCode::InvalidArgument, Outcome::NoEffect),
    // Railway's schema has changed: it has no versions (docs/providers/railway.md).
    ("GRAPHQL_VALIDATION_FAILED", ErrorCode::Protocol, Outcome::NoEffect),
    ("GRAPHQL_PARSE_FAILED", ErrorCode::Protocol, Outcome::NoEffect),
    // The request may still have had an effect (docs/providers/railway.md).
    ("INTERNAL_SERVER_ERROR", ErrorCode::Unavailable, Outcome::RefusedUnclear),
];

/// How the plain text begins with which Railway's edge answers: a number of Cloudflare's follows.
const EDGE_CODE: &[u8] = b"error code: ";

/// The number of the edge's rate limit.
const EDGE_RATE_LIMIT: &str = "1015";

/// Part of the title of the page with which Railway's edge rejects traffic (docs/providers/railway.md).
const EDGE_BLOCK: &[u8] = b"used Cloudflare to restrict access";

/// Returns the data of a response, or maps its error. Data beside errors is not believed.
pub(super) fn read<T: DeserializeOwned>(response: &Response) -> Result<T> {
    match graphql::read(&response.body) {
        Answer::Data(data) if is_success(response) => Ok(data),
        Answer::Data(_) => Err(map_error::<T>(response, Answer::Nothing)),
        answer => Err(map_error(response, answer)),
    }
}

/// Returns the data of a success; `None` for any other response, and for data of another shape. [`read`] tells why.
pub(super) fn try_read<'a, T: Deserialize<'a>>(response: &'a Response) -> Option<T> {
    is_success(response)
        .then(|| graphql::read_data(&response.body))
        .flatten()
}

/// Returns the data of a response also if there are errors beside it: a create whose response names the service has succeeded.
///
/// A mutation was seen to take effect and to be answered with "not found" (docs/providers/railway.md). So for a create, such
/// an answer and "not authorized" do not rule out an effect.
pub(super) fn read_created<T: DeserializeOwned>(response: &Response) -> Result<T> {
    match graphql::read(&response.body) {
        Answer::DataWithErrors(data, _) if is_success(response) => Ok(data),
        _ => read(response).map_err(|error| {
            if may_hide_effect(&error) {
                error.with_outcome(Outcome::RefusedUnclear)
            } else {
                error
            }
        }),
    }
}

/// Returns whether an error of a create may have come after the service was made.
fn may_hide_effect(error: &Error) -> bool {
    let is_executed = matches!(error.details().http_status, Some(200..=299));
    let is_about_an_object = matches!(error.code(), ErrorCode::NotFound | ErrorCode::PermissionDenied);
    let is_about_the_account = unquote(&error.to_string()).to_lowercase().contains(TWO_FACTOR);
    is_executed && is_about_an_object && !is_about_the_account
}

fn is_success(response: &Response) -> bool {
    matches!(response.status, 200..=299)
}

fn map_error<T>(response: &Response, answer: Answer<T>) -> Error {
    let error = match (response.status, answer) {
        (429, Answer::Errors(errors) | Answer::DataWithErrors(_, errors)) => {
            let first = first_error(&errors);
            map_status(response)
                .with_provider_code(first.code)
                .with_request_id(first.trace_id)
        }
        (_, Answer::Errors(errors) | Answer::DataWithErrors(_, errors)) => map_errors(response, first_error(&errors)),
        _ if is_edge_block(response) => {
            let text = "Railway's edge turned the request away (Cloudflare's \"Access denied\" page).";
            Error::new(ErrorCode::RateLimited, text)
        }
        (300..=499, _) if edge_code(response).is_some() => map_edge_code(response),
        (200..=299, Answer::Nothing) => {
            Error::ambiguous(ErrorCode::Protocol, "Railway's answer holds neither data nor errors.")
        }
        (200..=299, Answer::Unreadable(_)) if response.is_html() => {
            let text = "Railway's address answered with a page of HTML instead of JSON.";
            Error::ambiguous(ErrorCode::Protocol, text)
        }
        (200..=299, Answer::Unreadable(problem)) => Error::ambiguous(
            ErrorCode::Protocol,
            Message::from("Railway's answer cannot be read: ")
                .then(problem)
                .then("."),
        ),
        _ => map_status(response),
    };
    let retry_delay = response.retry_delay.filter(|_| error.code() == ErrorCode::RateLimited);
    error.with_http_status(response.status).with_retry_after(retry_delay)
}

/// Returns the first error. A document has one root field, so further errors only repeat it.
fn first_error(errors: &[GraphqlError]) -> GraphqlError {
    errors.first().cloned().unwrap_or_default()
}

/// Returns whether Railway's edge rejected the request, which then did not reach the API.
fn is_edge_block(response: &Response) -> bool {
    response
        .body
        .windows(EDGE_BLOCK.len())
        .any(|window| window == EDGE_BLOCK)
}

/// Maps the plain text with which Railway's edge turned the request away.
fn map_edge_code(response: &Response) -> Error {
    let (status, number) = (response.status, edge_code(response).unwrap_or_default());
    // A rule of the edge is not the API's: it says nothing about the credential.
    let code = match (status, number) {
        (429, _) | (_, EDGE_RATE_LIMIT) => ErrorCode::RateLimited,
        _ => ErrorCode::Unavailable,
    };
    Error::new(
        code,
        Message::ours(format!(
            "Railway's edge turned the request away (HTTP {status}, error code: {number})."
        )),
    )
}

/// Returns the number in the edge's plain text, if that is the body.
fn edge_code(response: &Response) -> Option<&str> {
    let number = response.body.trim_ascii().strip_prefix(EDGE_CODE)?;
    let number = std::str::from_utf8(number).ok()?;
    let is_number = (3..=5).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// Returns a message without what stands in quotation marks. Names that the user chose do: a service may be called "rate limit".
fn unquote(message: &str) -> String {
    message.split(['"', '`', '“', '”']).step_by(2).collect()
}

/// Maps an error of a GraphQL response.
fn map_errors(response: &Response, error: GraphqlError) -> Error {
    let text = Message::from(error.message);
    // Judged by its beginning, as it is shown: a message of 15 MB is not searched for thirty phrases.
    let unquoted = unquote(&text.to_string());
    let lowered = unquoted.to_lowercase();
    let code = error.code.as_deref();
    let find_code = |table: &'static [(&str, ErrorCode, Outcome)]| {
        let row = table.iter().find(|(name, ..)| code == Some(*name));
        row.map(|(_, code, outcome)| (*code, *outcome))
    };
    let find_phrase = |table: &'static [(&str, ErrorCode, Outcome)]| {
        let row = table.iter().find(|(phrase, ..)| lowered.contains(phrase));
        row.map(|(_, code, outcome)| (*code, *outcome))
    };
    let is_invalid_input = unquoted.trim_start().starts_with(INVALID_INPUT);
    let by_beginning = is_invalid_input.then_some((ErrorCode::InvalidArgument, Outcome::NoEffect));
    // HTTP 400: Railway rejected the document and did not execute it (docs/providers/railway.md).
    let by_status = match response.status {
        400 => (ErrorCode::InvalidArgument, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        500.. => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::RefusedUnclear),
    };
    let (code, outcome) = find_phrase(ACCOUNT_MESSAGES)
        .or_else(|| find_code(SPECIFIC_CODES))
        .or_else(|| find_phrase(MESSAGES))
        .or(by_beginning)
        .or_else(|| find_code(GENERAL_CODES))
        .unwrap_or(by_status);
    // A gateway may have sent these statuses: what became of the request is not known.
    let is_answered = !matches!(response.status, 408 | 500..);
    let outcome = match outcome {
        Outcome::RefusedUnclear if !is_answered => Outcome::Unknown,
        outcome => outcome,
    };
    let retry_delay = (code == ErrorCode::RateLimited)
        .then(|| throttle_delay(&lowered))
        .flatten();
    let text = if text.is_blank() {
        Message::from("Railway reported an error without a message.")
    } else {
        text
    };
    Error::new(code, text)
        .with_outcome(outcome)
        .with_provider_code(error.code)
        .with_request_id(error.trace_id)
        .with_retry_after(retry_delay)
}

/// Maps a response by its status, for a rate limit and for what is no GraphQL response.
fn map_status(response: &Response) -> Error {
    let status = response.status;
    let (code, outcome) = match status {
        300..=399 => (ErrorCode::Protocol, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        402 => (ErrorCode::PaymentRequired, Outcome::NoEffect),
        // A firewall sent this page. It says nothing about the credential.
        403 if response.is_html() => (ErrorCode::Unavailable, Outcome::NoEffect),
        403 => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        408 => (ErrorCode::Unavailable, Outcome::Unknown),
        429 => (ErrorCode::RateLimited, Outcome::NoEffect),
        400..=499 => (ErrorCode::Protocol, Outcome::NoEffect),
        500..=599 => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    };
    let text = match (status, graphql::read::<serde::de::IgnoredAny>(&response.body)) {
        (_, Answer::Errors(errors) | Answer::DataWithErrors(_, errors)) if !first_error(&errors).message.is_empty() => {
            Message::from(first_error(&errors).message)
        }
        (300..=399, _) => Message::ours(format!(
            "Railway's address answered with a redirect (HTTP {status}), which is not followed."
        )),
        (404, _) => Message::from("HTTP 404: no GraphQL API at this address; check baseUrl."),
        _ if response.is_html() => Message::ours(format!("HTTP {status} with a page of HTML instead of JSON.")),
        _ => Message::ours(format!("HTTP {status}.")),
    };
    Error::new(code, text).with_outcome(outcome)
}

/// Returns the delay that the message of a throttle names: "1 project per 30 seconds", "every 30s".
fn throttle_delay(message: &str) -> Option<Duration> {
    let (_, rest) = message
        .split_once(" per ")
        .filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
        .or_else(|| message.split_once("every "))?;
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
