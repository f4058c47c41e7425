//! What a provider sends its requests through: the layers, outermost first.
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
use super::message::{Request, Response};
use super::retry::{self, Decision, Failure};
use super::tenant::Tenant;
use super::transport::TransportError;
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::endpoint::BaseUrl;
use crate::http::settings::Settings;
use crate::process::Core;
use crate::secret::Secret;

/// Requests of one credential to one base URL.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    base: BaseUrl,
    credential: (HeaderName, HeaderValue),
    tenant: Arc<Tenant>,
    settings: Settings,
}

/// Reads an answer, and keeps what it has read.
type Interpret<'a> = &'a mut (dyn FnMut(&Response) -> Result<()> + Send);

impl Client {
    /// `default_base` is the provider's own address. `scheme` precedes the credential: `Bearer ` or nothing.
    ///
    /// Errors: `INVALID_CONFIG` for a credential that no header can carry.
    pub(crate) fn new(
        core: &Arc<Core>,
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
            core: Arc::clone(core),
            tenant: core.tenancies.of(&base.origin(), credential),
            base,
            credential: (name, value),
            settings: settings.clone(),
        })))
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// Sends a request and has its answer interpreted.
    ///
    /// `interpret` is the provider's: only it can tell a success from a refusal that arrived as HTTP 200.
    pub(crate) async fn call<T: Send>(
        &self,
        cx: &Cx,
        effect: Effect,
        request: Request,
        interpret: impl Fn(&Response) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let mut value = None;
        let mut keep = |response: &Response| interpret(response).map(|read| value = Some(read));
        self.exchange(cx, effect, request, &mut keep).await?;
        value.ok_or_else(|| Error::internal("A request ended without an answer."))
    }

    /// The layers, compiled once and not for every type of answer: that would be the greater part of the addon.
    async fn exchange(&self, cx: &Cx, effect: Effect, request: Request, interpret: Interpret<'_>) -> Result<()> {
        let cx = &cx.within(self.0.settings.patience(effect));
        let started = cx.now();
        let mut attempts = 0;
        loop {
            let failure = match self.attempt(cx, effect, request.clone(), interpret).await {
                Ok(()) => {
                    self.0.tenant.quota.refund(attempts);
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
                    remaining: cx.remaining(Duration::MAX),
                },
                self.0.core.roll(),
            );
            match decision {
                Decision::After(wait) if self.0.tenant.quota.draw() => {
                    tracing::debug!(
                        attempts,
                        ?wait,
                        code = failure.code().as_str(),
                        "waiting before the next attempt"
                    );
                    cx.sleep(wait).await?;
                }
                // A definite answer: that it took retries to get it is of no interest.
                _ if attempts == 1 || !failure.retryable() => {
                    if !failure.retryable() {
                        self.0.tenant.quota.refund(attempts - 1);
                    }
                    return Err(failure);
                }
                _ => {
                    let seconds = (cx.now() - started).as_secs_f64();
                    return Err(failure.after(&format!("Gave up after {attempts} attempts in {seconds:.1} s")));
                }
            }
        }
    }

    /// One attempt: admitted, sent once, bounded in time, interpreted.
    async fn attempt(&self, cx: &Cx, effect: Effect, request: Request, interpret: Interpret<'_>) -> Result<()> {
        let bucket = request.bucket;
        self.0.tenant.windows.admit(cx, bucket).await?;
        let _slot = self.0.tenant.slot(cx).await?;
        if cx.is_cancelled() {
            return Err(Error::aborted());
        }
        let limit = self.0.settings.timeout(effect);
        let (name, value) = &self.0.credential;
        let request = request
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(name.clone(), value.clone());
        tracing::debug!(request = ?request, "sending");
        let sent = attempt::attempt(cx, effect, limit, self.0.core.transport.send(request)).await?;
        let response = sent.map_err(|error| Error::from(&error))?;
        tracing::debug!(response = ?response, "answered");
        self.0
            .tenant
            .windows
            .learn(bucket, &response, cx.now(), self.0.core.clock.date());
        interpret(&response)
    }
}

impl From<&TransportError> for Error {
    fn from(error: &TransportError) -> Self {
        let text = sentence(&error.to_string());
        match error {
            TransportError::Connect(_) => Self::new(ErrorCode::Network, text),
            TransportError::Unsent(_) => Self::new(ErrorCode::Internal, text),
            TransportError::Interrupted(_) => Self::ambiguous(ErrorCode::Network, text),
            TransportError::TooLong => Self::ambiguous(ErrorCode::Protocol, text),
        }
    }
}

/// Makes a sentence of a cause.
fn sentence(text: &str) -> String {
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
