//! The transport of the process. It chooses for each request who sends it.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use super::hyper::HyperTransport;
use super::message::{Request, Response};
use super::proxy::EnvironmentProxy;
use super::reqwest::ReqwestTransport;
use super::transport::{Transport, TransportError};

/// Sends by hyper what goes straight to the host of its URL, and by reqwest what goes another way: through a proxy or a local
/// socket, or with a client's certificate. Each makes its client at its first request.
pub(crate) struct ProcessTransport {
    proxy: Arc<EnvironmentProxy>,
    hyper: HyperTransport,
    reqwest: ReqwestTransport,
}

impl Default for ProcessTransport {
    fn default() -> Self {
        let proxy = Arc::default();
        Self {
            reqwest: ReqwestTransport::new(Arc::clone(&proxy)),
            hyper: HyperTransport::default(),
            proxy,
        }
    }
}

impl ProcessTransport {
    /// Returns who sends a request.
    ///
    /// Errors: a malformed proxy variable, also for a request that goes through no proxy.
    fn sender(&self, request: &Request) -> Result<&dyn Transport, TransportError> {
        if !request.route.is_direct() || is_sent_by_reqwest() {
            return Ok(&self.reqwest);
        }
        match self.proxy.get()? {
            Some(proxy) if proxy.serves(&request.url) => Ok(&self.reqwest),
            _ => Ok(&self.hyper),
        }
    }
}

impl Transport for ProcessTransport {
    // Written as the macro of the trait would, except that it returns the sender's future unchanged.
    fn send<'transport, 'sending>(
        &'transport self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'sending>>
    where
        'transport: 'sending,
        Self: 'sending,
    {
        match self.sender(&request) {
            Ok(sender) => sender.send(request),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

#[cfg(not(feature = "test-hooks"))]
const fn is_sent_by_reqwest() -> bool {
    false
}

#[cfg(feature = "test-hooks")]
static SENT_BY_REQWEST: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[cfg(feature = "test-hooks")]
fn is_sent_by_reqwest() -> bool {
    SENT_BY_REQWEST.load(std::sync::atomic::Ordering::Relaxed)
}

/// Leaves all requests of the process to reqwest, for tests of it.
#[cfg(feature = "test-hooks")]
pub(crate) fn send_by_reqwest() {
    SENT_BY_REQWEST.store(true, std::sync::atomic::Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use ::http::Method;

    use super::*;
    use crate::http::route::{Certificates, Route};
    use crate::secret::Secret;

    fn transport(variables: &[(&str, &str)]) -> ProcessTransport {
        let proxy = Arc::new(EnvironmentProxy::of(variables));
        ProcessTransport {
            reqwest: ReqwestTransport::new(Arc::clone(&proxy)),
            hyper: HyperTransport::default(),
            proxy,
        }
    }

    fn request(url: &str) -> Request {
        Request::new(Method::GET, url.parse().unwrap())
    }

    fn is_sent_by_hyper(transport: &ProcessTransport, request: &Request) -> bool {
        let sender = transport.sender(request).ok().unwrap();
        let is_hyper = ptr::addr_eq(sender, &raw const transport.hyper);
        assert_eq!(is_hyper, !ptr::addr_eq(sender, &raw const transport.reqwest));
        is_hyper
    }

    #[test]
    fn hyper_sends_what_goes_straight_to_the_host_of_its_url() {
        let none = transport(&[]);
        let proxy = transport(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "x.example")]);
        for (url, is_excepted) in [
            ("https://api.example/a?b=c", false),
            ("https://x.example", true),
            ("https://127.0.0.1:1", true),
            ("https://localhost:1", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
        ] {
            assert!(is_sent_by_hyper(&none, &request(url)), "{url}");
            assert_eq!(is_sent_by_hyper(&proxy, &request(url)), is_excepted, "{url}");
        }
    }

    #[test]
    fn reqwest_sends_what_goes_another_way() {
        let socket = Route {
            socket: Some(Arc::from("/run/a.sock")),
            certificates: None,
        };
        let certificates = Certificates::new(String::new(), "", &Secret::new("key".to_owned()));
        let certificates = Route {
            socket: None,
            certificates: Some(Arc::new(certificates)),
        };
        for route in [socket, certificates] {
            let request = Request {
                route,
                ..request("http://localhost")
            };
            assert!(!is_sent_by_hyper(&transport(&[]), &request));
            // It asks for no variable.
            assert!(!is_sent_by_hyper(&transport(&[("ALL_PROXY", "x://")]), &request));
        }
    }

    #[tokio::test]
    async fn a_malformed_variable_fails_every_direct_request() {
        let transport = transport(&[("HTTP_PROXY", "http://a:99999")]);
        for url in ["https://api.example", "http://127.0.0.1:1"] {
            let error = transport.send(request(url)).await.unwrap_err();
            assert!(matches!(error, TransportError::Misconfigured(text) if text.starts_with("HTTP_PROXY")));
        }
    }
}
