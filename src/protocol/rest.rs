//! APIs that answer in JSON and use HTTP statuses in their common meaning. Where a provider deviates, and how it words an
//! error, its [`ErrorMapper`] says.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::http::message::Response;

/// How a provider reports errors.
pub(crate) struct ErrorMapper {
    /// The provider's name in messages.
    pub(crate) title: &'static str,
    /// The header in which the provider names a request, for its support.
    pub(crate) request_id: Option<&'static str>,
    /// Reads an error by its status and its body, if that is a JSON object.
    pub(crate) parse: fn(u16, Option<&Value>) -> ApiError,
}

/// The content of an error's body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) message: Option<Message>,
    /// The provider's own error code.
    pub(crate) code: Option<String>,
    /// The provider's name for the request, if it stands in the body and not in a header.
    pub(crate) request_id: Option<String>,
    /// The meaning of the error, where it differs from the common meaning of its status.
    pub(crate) meaning: Option<(ErrorCode, Outcome)>,
}

impl ErrorMapper {
    /// Reads the body of a success, or maps the error.
    pub(crate) fn read_json<T: DeserializeOwned>(&self, response: &Response) -> Result<T> {
        self.check(response)?;
        json::read(&response.body).map_err(|problem| {
            let title = self.title;
            let text = if response.is_html() {
                Message::ours(format!(
                    "{title}'s address answered with a page of HTML instead of JSON."
                ))
            } else {
                Message::ours(format!("{title}'s answer cannot be read: "))
                    .then(json::describe_problem::<T>(&response.body, &problem))
                    .then(".")
            };
            self.add_response(Error::ambiguous(ErrorCode::Protocol, text), response)
        })
    }

    /// Reads the body of a success; `None` if it is none or cannot be read. [`ErrorMapper::read_json`] tells why.
    pub(crate) fn try_read_json<'a, T: Deserialize<'a>>(&self, response: &'a Response) -> Option<T> {
        self.check(response).ok()?;
        json::read(&response.body).ok()
    }

    /// Accepts HTTP 204 only. Another success is not believed: a page of a proxy may come as 200, and nothing was deleted.
    pub(crate) fn expect_no_content(&self, response: &Response) -> Result<()> {
        self.check(response)?;
        if response.status == 204 {
            return Ok(());
        }
        let (title, status) = (self.title, response.status);
        let text = Message::ours(format!("{title} answered HTTP {status} where HTTP 204 means done."));
        Err(self.add_response(Error::ambiguous(ErrorCode::Protocol, text), response))
    }

    /// Accepts any success, with any body.
    pub(crate) fn check(&self, response: &Response) -> Result<()> {
        match response.status {
            200..=299 => Ok(()),
            _ => Err(self.map_error(response)),
        }
    }

    fn map_error(&self, response: &Response) -> Error {
        let status = response.status;
        let body = json::read(&response.body).ok().filter(Value::is_object);
        let api_error = (self.parse)(status, body.as_ref());
        let is_from_api = body.is_some() || self.request_id(response).is_some();
        let (code, outcome) = api_error
            .meaning
            .unwrap_or_else(|| classify_status(status, is_from_api));
        let retry_delay = response.retry_delay.filter(|_| code == ErrorCode::RateLimited);
        let text = match api_error.message.filter(|text| !text.is_blank()) {
            Some(text) => text,
            None => Message::ours(self.describe(response, is_from_api)),
        };
        let error = Error::new(code, text)
            .with_outcome(outcome)
            .with_provider_code(api_error.code)
            .with_request_id(api_error.request_id)
            .with_retry_after(retry_delay);
        self.add_response(error, response)
    }

    /// Returns the text of an error without a message. A body that is no error message is never quoted.
    fn describe(&self, response: &Response, is_from_api: bool) -> String {
        let (title, status) = (self.title, response.status);
        match status {
            300..=399 => format!("{title}'s address answered with a redirect (HTTP {status}), which is not followed."),
            404 if !is_from_api => format!("HTTP 404: no {title} API at this address; check baseUrl."),
            _ if response.is_html() => format!("HTTP {status} with a page of HTML instead of JSON."),
            _ => format!("HTTP {status}."),
        }
    }

    fn add_response(&self, error: Error, response: &Response) -> Error {
        error
            .with_http_status(response.status)
            .with_request_id(self.request_id(response).map(str::to_owned))
    }

    fn request_id<'a>(&self, response: &'a Response) -> Option<&'a str> {
        self.request_id.and_then(|name| response.header(name))
    }
}

/// Returns the common meaning of a status.
///
/// A 404 that the API itself did not send says nothing of any resource: a wrong address must not look like a missing
/// instance. Such a 403 says nothing of the credential either: a firewall sent it.
fn classify_status(status: u16, is_from_api: bool) -> (ErrorCode, Outcome) {
    match status {
        // 413: the variables are too long.
        400 | 413 | 422 => (ErrorCode::InvalidArgument, Outcome::NoEffect),
        401 => (ErrorCode::Unauthenticated, Outcome::NoEffect),
        402 => (ErrorCode::PaymentRequired, Outcome::NoEffect),
        403 if is_from_api => (ErrorCode::PermissionDenied, Outcome::NoEffect),
        403 => (ErrorCode::Unavailable, Outcome::NoEffect),
        404 if is_from_api => (ErrorCode::NotFound, Outcome::NoEffect),
        410 => (ErrorCode::NotFound, Outcome::NoEffect),
        408 => (ErrorCode::Unavailable, Outcome::Unknown),
        // A conflict with the present state, which may be another one later.
        409 | 425 => (ErrorCode::Unavailable, Outcome::NoEffect),
        429 => (ErrorCode::RateLimited, Outcome::NoEffect),
        300..=499 => (ErrorCode::Protocol, Outcome::NoEffect),
        500..=599 => (ErrorCode::Unavailable, Outcome::Unknown),
        _ => (ErrorCode::Protocol, Outcome::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use ::http::{HeaderMap, HeaderName, HeaderValue};
    use bytes::Bytes;

    use super::*;

    const ERRORS: ErrorMapper = ErrorMapper {
        title: "Acme",
        request_id: Some("acme-request"),
        parse: |status, body| {
            let text = |name: &str| body?.get(name)?.as_str().map(str::to_owned);
            let taken = status == 400 && text("code").as_deref() == Some("taken");
            ApiError {
                message: text("message").map(Message::from),
                code: text("code"),
                request_id: None,
                meaning: taken.then_some((ErrorCode::AlreadyExists, Outcome::NoEffect)),
            }
        },
    };

    #[derive(Debug, Deserialize)]
    struct Thing {
        id: String,
    }

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect::<HeaderMap>();
        Response::new(status, headers, Bytes::from(body.to_owned()))
    }

    fn refused(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
        let response = answer(status, headers, body);
        ERRORS.read_json::<Thing>(&response).unwrap_err()
    }

    #[test]
    fn a_success_is_read_and_a_strange_one_is_not_believed() {
        let thing = ERRORS.read_json::<Thing>(&answer(201, &[], r#"{"id":"x","more":1}"#));
        assert_eq!(thing.unwrap().id, "x");
        for body in ["", "null", "[]", r#"{"id":7}"#, "<html>", r#"{"id":"#] {
            let error = refused(200, &[("acme-request", "r-1")], body);
            assert_eq!(
                (error.code(), error.outcome()),
                (ErrorCode::Protocol, Outcome::Unknown),
                "{body}"
            );
            assert_eq!(error.details().request_id.as_deref(), Some("r-1"));
        }
    }

    #[test]
    fn a_body_is_tried_only_if_it_is_that_of_a_success() {
        let read = |status, body| {
            let response = answer(status, &[], body);
            let thing = ERRORS.try_read_json::<Thing>(&response);
            thing.map(|thing| thing.id)
        };
        assert_eq!(read(200, r#"{"id":"x"}"#).as_deref(), Some("x"));
        assert_eq!(read(200, r#"{"id":7}"#), None);
        assert_eq!(read(500, r#"{"id":"x"}"#), None);
    }

    #[test]
    fn only_a_204_means_done() {
        let done = |status| ERRORS.expect_no_content(&answer(status, &[], ""));
        assert!(done(204).is_ok());
        for status in [200, 202, 206] {
            let error = done(status).unwrap_err();
            assert_eq!((error.code(), error.outcome()), (ErrorCode::Protocol, Outcome::Unknown));
        }
        assert_eq!(done(404).unwrap_err().code(), ErrorCode::Protocol);
    }

    #[test]
    fn the_table_by_status() {
        use ErrorCode::*;
        for (status, code, outcome) in [
            (302, Protocol, Outcome::NoEffect),
            (400, InvalidArgument, Outcome::NoEffect),
            (401, Unauthenticated, Outcome::NoEffect),
            (402, PaymentRequired, Outcome::NoEffect),
            (403, PermissionDenied, Outcome::NoEffect),
            (404, NotFound, Outcome::NoEffect),
            (405, Protocol, Outcome::NoEffect),
            (406, Protocol, Outcome::NoEffect),
            (408, Unavailable, Outcome::Unknown),
            (409, Unavailable, Outcome::NoEffect),
            (410, NotFound, Outcome::NoEffect),
            (413, InvalidArgument, Outcome::NoEffect),
            (422, InvalidArgument, Outcome::NoEffect),
            (429, RateLimited, Outcome::NoEffect),
            (500, Unavailable, Outcome::Unknown),
            (503, Unavailable, Outcome::Unknown),
            (600, Protocol, Outcome::Unknown),
        ] {
            let error = refused(status, &[], r#"{"message":"said"}"#);
            assert_eq!((error.code(), error.outcome()), (code, outcome), "{status}");
            assert_eq!(error.to_string(), "said");
            assert_eq!(error.details().http_status, Some(status));
        }
        assert_eq!(refused(400, &[], r#"{"code":"taken"}"#).code(), AlreadyExists);
    }

    #[test]
    fn a_404_of_somebody_else_is_no_missing_instance() {
        for body in ["", "404 page not found", "<html></html>", "[]", "\"x\""] {
            let error = refused(404, &[], body);
            assert_eq!(error.code(), ErrorCode::Protocol, "{body}");
            assert!(error.to_string().contains("baseUrl"));
        }
        assert_eq!(refused(404, &[("acme-request", "r-1")], "").code(), ErrorCode::NotFound);
        assert_eq!(refused(404, &[], "{}").code(), ErrorCode::NotFound);
    }

    #[test]
    fn a_403_of_somebody_else_says_nothing_of_the_credential() {
        for body in ["", "<html></html>", "Forbidden"] {
            let error = refused(403, &[], body);
            assert_eq!(
                (error.code(), error.outcome()),
                (ErrorCode::Unavailable, Outcome::NoEffect),
                "{body}"
            );
        }
        assert_eq!(refused(403, &[], "{}").code(), ErrorCode::PermissionDenied);
        assert_eq!(
            refused(403, &[("acme-request", "r-1")], "").code(),
            ErrorCode::PermissionDenied
        );
    }

    #[test]
    fn a_body_that_is_no_message_is_not_quoted() {
        for body in ["hunter2", r#"{"secret":"hunter2"}"#, "<p>hunter2</p>", r#"["hunter2"]"#] {
            let text = refused(500, &[], body).to_string();
            assert!(text.starts_with("HTTP 500"), "{text}");
            assert!(!text.contains("hunter2"));
        }
    }

    #[test]
    fn only_a_rate_limit_tells_how_long_to_wait() {
        let delay = |status| {
            let mut response = answer(status, &[], "{}");
            response.retry_delay = Some(std::time::Duration::from_secs(7));
            let error = ERRORS.read_json::<Thing>(&response).unwrap_err();
            error.details().retry_after.map(|delay| delay.as_secs())
        };
        assert_eq!(delay(429), Some(7));
        assert_eq!(delay(503), None);
    }
}
