//! The client through which a provider sends its requests. Its layers, outermost first:
//!
//! ```text
//! retry → rate window → concurrency limit → attempt timeout → body cap → transport
//! ```
//!
//! Waits lie outside the attempt timeout and inside the operation's deadline.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::ACCEPT;
use ::http::{HeaderName, HeaderValue};

use super::attempt;
use super::effect::Effect;
use super::endpoint::BaseUrl;
use super::message::{Request, Response};
use super::resources::HttpResources;
use super::retry::{self, Decision, Failure};
use super::settings::Settings;
use super::tenant::Tenant;
use super::transport::TransportError;
use crate::context::CallContext;
use crate::context::random::jitter;
use crate::error::{Error, ErrorCode, Result};
use crate::secret::Secret;

/// Sends requests of one credential to one base URL. Clones share everything.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    resources: Arc<HttpResources>,
    base: BaseUrl,
    credential: (HeaderName, HeaderValue),
    tenant: Arc<Tenant>,
    settings: Settings,
}

/// Reads a response, and keeps what it has read.
type Interpret<'a> = &'a mut (dyn FnMut(&Response) -> Result<()> + Send);

impl Client {
    /// Makes a client. `default_base` is the provider's own address. `scheme` precedes the credential in its header:
    /// `Bearer ` or nothing.
    ///
    /// Errors: `INVALID_CONFIG` for a credential that no header can carry.
    pub(crate) fn new(
        resources: &Arc<HttpResources>,
        settings: &Settings,
        default_base: &str,
        (name, scheme): (HeaderName, &str),
        credential: &Secret,
    ) -> Result<Self> {
        let base = match &settings.base_url {
            Some(base) => base.clone(),
            None => {
                BaseUrl::parse(default_base).map_err(|_| Error::internal("A provider's own address is malformed."))?
            }
        };
        let mut value = HeaderValue::try_from(format!("{scheme}{}", credential.expose()))
            .map_err(|_| Error::config("The credential holds characters that no HTTP header can carry."))?;
        value.set_sensitive(true);
        Ok(Self(Arc::new(Inner {
            tenant: resources.tenants.get_or_insert(&base.origin(), credential),
            resources: Arc::clone(resources),
            base,
            credential: (name, value),
            settings: settings.clone(),
        })))
    }

    /// Returns the base URL.
    pub(crate) fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// Sends a request, repeats it as the retry policy allows, and returns what `interpret` reads in the response.
    ///
    /// `interpret` is the provider's: only the provider can tell a success from an error that arrived as HTTP 200.
    pub(crate) async fn call<T: Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        interpret: impl Fn(&Response) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let mut value = None;
        let mut keep = |response: &Response| interpret(response).map(|read| value = Some(read));
        self.exchange(context, effect, request, &mut keep).await?;
        value.ok_or_else(|| Error::internal("A request ended without an answer."))
    }

    /// Runs the layers. They are compiled once, not for every type of response: that would be most of the addon.
    async fn exchange(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        interpret: Interpret<'_>,
    ) -> Result<()> {
        let context = &context.within(self.0.settings.exchange_timeout(effect));
        let started = context.now();
        let quota = &self.0.tenant.quota;
        let mut attempts = 0;
        loop {
            let failure = match self.attempt(context, effect, request.clone(), interpret).await {
                Ok(()) => {
                    quota.refund(attempts);
                    return Ok(());
                }
                Err(error) => error,
            };
            attempts += 1;
            let decision = retry::decide(
                &Failure {
                    error: &failure,
                    effect,
                    attempts,
                    max_retries: self.0.settings.max_retries,
                    remaining: context.remaining(Duration::MAX),
                },
                jitter(&*self.0.resources.random),
            );
            match decision {
                Decision::RetryAfter(delay) if quota.draw() => context.sleep(delay).await?,
                // A definite answer: how many retries it took to get it is of no interest.
                _ if attempts == 1 || !failure.is_retryable() => {
                    if !failure.is_retryable() {
                        quota.refund(attempts - 1);
                    }
                    return Err(failure);
                }
                _ => {
                    let seconds = (context.now() - started).as_secs_f64();
                    return Err(failure.with_note(&format!("Gave up after {attempts} attempts in {seconds:.1} s")));
                }
            }
        }
    }

    /// Makes one attempt: waits for the rate window and a permit, sends once, and has the response interpreted.
    async fn attempt(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        interpret: Interpret<'_>,
    ) -> Result<()> {
        let Inner {
            resources,
            credential: (name, value),
            tenant,
            settings,
            ..
        } = &*self.0;
        let bucket = request.bucket;
        tenant.windows.acquire(context, bucket).await?;
        let _permit = tenant.acquire_permit(context).await?;
        if context.is_cancelled() {
            return Err(Error::aborted());
        }
        let request = request
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(name.clone(), value.clone());
        let sending = resources.transport.send(request);
        let sent = attempt::run(context, effect, settings.attempt_timeout(effect), sending).await?;
        let mut response = sent.map_err(|error| Error::from(&error))?;
        let limits = response.read_rate_limit(context.date());
        tenant.windows.update(bucket, response.status, &limits, context.now());
        interpret(&response)
    }
}

impl From<&TransportError> for Error {
    fn from(error: &TransportError) -> Self {
        let text = to_sentence(&error.to_string());
        match error {
            TransportError::Connect(_) => Self::new(ErrorCode::Network, text),
            TransportError::Refused(_) => Self::new(ErrorCode::Network, text).with_permanent(),
            // The text begins with the name of a variable.
            TransportError::Misconfigured(text) => Self::config(text),
            TransportError::Unsent(_) => Self::new(ErrorCode::Internal, text),
            TransportError::Interrupted(_) => Self::ambiguous(ErrorCode::Network, text),
            TransportError::TooLong => Self::ambiguous(ErrorCode::Protocol, text),
        }
    }
}

/// Returns the text with a capital letter and a full stop.
fn to_sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    let mut sentence: String = first.into_iter().flatten().chain(characters).collect();
    if !sentence.ends_with(['.', '…']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests;
