//! The Connect protocol with JSON messages: each call is a POST to a path of service and method.

use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;

use super::json;
use crate::error::Result;
use crate::http::endpoint::BaseUrl;
use crate::http::message::Request;

/// Clients should send this header, and servers may demand it (<https://connectrpc.com/docs/protocol>).
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");

/// Makes the request of a unary call.
pub(crate) fn request(
    base: &BaseUrl,
    service: &str,
    method: &'static str,
    message: &impl Serialize,
) -> Result<Request> {
    let url = base.join(&[service, method])?;
    Ok(Request::new(Method::POST, url)
        .operation(method)
        .header(PROTOCOL_VERSION, HeaderValue::from_static("1"))
        .json(json::write(message)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_a_post_to_service_and_method() {
        let base = BaseUrl::parse("https://api.example.com").unwrap();
        let request = request(&base, "acme.v1.Service", "Get", &[1]).unwrap();
        assert_eq!(request.method, Method::POST);
        assert_eq!(request.url.as_str(), "https://api.example.com/acme.v1.Service/Get");
        assert_eq!(request.headers[PROTOCOL_VERSION], "1");
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(&request.body[..], b"[1]");
    }
}
