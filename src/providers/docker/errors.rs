//! Maps the errors of an engine. Docker answers `{ message }`, Podman `{ cause, message, response }`
//! (docs/providers/docker.md).

use serde_json::Value;

use crate::error::{Error, ErrorCode, Message, Outcome};
use crate::protocol::rest::{ApiError, ErrorMapper};

/// Maps an engine's responses to errors.
pub(super) const ERRORS: ErrorMapper = ErrorMapper {
    title: "Docker",
    // Engines do not name requests.
    request_id: None,
    parse,
};

/// A text of an engine's, and what it means. The first row that fits counts.
type Row = (&'static [&'static str], ErrorCode, Outcome);

/// Errors whose text decides, with any status: Podman answers 500 to most mistakes of a caller.
const TEXTS: [Row; 5] = [
    // "The container name "/N" is already in use by container "ID"" (409); "that name is already in use" (500).
    (
        &["name", "is already in use"],
        ErrorCode::AlreadyExists,
        Outcome::NoEffect,
    ),
    (&["no such image"], ErrorCode::NotFound, Outcome::NoEffect),
    (&["image not known"], ErrorCode::NotFound, Outcome::NoEffect),
    (&["no such container"], ErrorCode::NotFound, Outcome::NoEffect),
    // The container that a create names, before it is joined to the network; a start refuses it as well.
    (&["network", "not found"], ErrorCode::InvalidArgument, Outcome::NoEffect),
];

/// Causes of Podman that are mistakes of the caller.
const PODMAN_MISTAKES: [&str; 5] = [
    "invalid argument",
    "invalid reference format",
    "attempted to invoke a command that was not found",
    "oci permission denied",
    "unable to convert",
];

/// The message of a 404 that the engine's API did not send.
const WRONG_ADDRESS: &str = "HTTP 404: no Docker Engine API at this address; check host.";

/// The codes of errors that the provider recognises again.
const WRONG_VERSION: &str = "wrong-api-version";

fn parse(status: u16, body: Option<&Value>) -> ApiError {
    let text = |name: &str| body.and_then(|body| body.get(name)?.as_str());
    let message = text("message");
    let lower = message.unwrap_or_default().to_lowercase();
    let cause = text("cause").unwrap_or_default().to_lowercase();
    let row = TEXTS
        .iter()
        .find(|(parts, ..)| parts.iter().all(|part| lower.contains(part)));
    let is_podman_mistake = || PODMAN_MISTAKES.iter().any(|mistake| cause.contains(mistake));
    let is_wrong_version = status == 400 && lower.starts_with("client version") && lower.contains(" is too ");
    let meaning = match (status, row) {
        (404, _) if body.is_none() || lower == "page not found" => Some((ErrorCode::Protocol, Outcome::NoEffect)),
        // The engine was updated or replaced: the next request names another version.
        _ if is_wrong_version => Some((ErrorCode::Unavailable, Outcome::NoEffect)),
        (400.., Some(&(_, code, outcome))) => Some((code, outcome)),
        (500, None) if is_podman_mistake() => Some((ErrorCode::InvalidArgument, Outcome::NoEffect)),
        // A proxy before the socket, or a plugin of the engine, does not allow the request.
        (403, _) => Some((ErrorCode::PermissionDenied, Outcome::NoEffect)),
        _ => None,
    };
    let is_wrong_address = matches!(meaning, Some((ErrorCode::Protocol, _)));
    ApiError {
        message: if is_wrong_address {
            Some(Message::from(WRONG_ADDRESS))
        } else {
            message.map(Message::foreign)
        },
        code: is_wrong_version.then(|| WRONG_VERSION.to_owned()),
        request_id: None,
        meaning,
    }
}

/// Returns whether the engine does not speak the version of the API that a request named.
pub(super) fn is_wrong_version(error: &Error) -> bool {
    error.details().provider_code.as_deref() == Some(WRONG_VERSION)
}

/// Texts of a registry's refusals, as engines hand them on, and what each means. The first row that fits counts.
const PULL_TEXTS: [(&str, ErrorCode); 26] = [
    ("toomanyrequests", ErrorCode::RateLimited),
    ("too many requests", ErrorCode::RateLimited),
    ("rate limit", ErrorCode::RateLimited),
    ("429", ErrorCode::RateLimited),
    ("unauthorized", ErrorCode::Unauthenticated),
    ("authentication required", ErrorCode::Unauthenticated),
    ("incorrect username or password", ErrorCode::Unauthenticated),
    ("no basic auth credentials", ErrorCode::Unauthenticated),
    // Docker Hub answers so to what does not exist, too: it does not tell who may know.
    ("denied", ErrorCode::PermissionDenied),
    ("forbidden", ErrorCode::PermissionDenied),
    ("manifest unknown", ErrorCode::NotFound),
    ("name unknown", ErrorCode::NotFound),
    ("no matching manifest", ErrorCode::NotFound),
    ("no image found in", ErrorCode::NotFound),
    ("does not exist", ErrorCode::NotFound),
    ("invalid reference format", ErrorCode::InvalidArgument),
    ("repository name must be", ErrorCode::InvalidArgument),
    ("no space left on device", ErrorCode::QuotaExceeded),
    ("certificate", ErrorCode::Unavailable),
    ("no such host", ErrorCode::Unavailable),
    ("connection refused", ErrorCode::Unavailable),
    ("timeout", ErrorCode::Unavailable),
    ("dial tcp", ErrorCode::Unavailable),
    ("network is unreachable", ErrorCode::Unavailable),
    // After the failures to reach a registry: some of them say that something was not found, too.
    ("not found", ErrorCode::NotFound),
    ("no such image", ErrorCode::NotFound),
];

/// Returns the meaning of a pull that failed. A pull makes nothing that a caller owns.
pub(super) fn pull_error(text: &str) -> Error {
    let lower = text.to_lowercase();
    let row = PULL_TEXTS.iter().find(|(part, _)| lower.contains(part));
    let code = row.map_or(ErrorCode::Unavailable, |&(_, code)| code);
    Error::new(
        code,
        Message::from("The image could not be pulled: ").then(Message::foreign(text)),
    )
}

#[cfg(test)]
mod tests;
