//! The client through which a provider sends its requests. Its layers, outermost first:
//!
//! ```text
//! retry → rate window → concurrency limit → attempt timeout → body cap → transport
//! ```
//!
//! Waits lie outside the attempt timeout and inside the operation's deadline.

use std::sync::Arc;
use std::time::Duration;

use ::http::HeaderValue;
use ::http::header::ACCEPT;

use super::attempt;
use super::attempt_events::{ObservedAttempt, observe_refusal, observe_verdict};
use super::credential::{Credential, CredentialSource, CurrentCredential, Presentation};
use super::effect::Effect;
use super::endpoint::BaseUrl;
use super::limits::LONGEST_WAIT;
use super::message::{Request, Response};
use super::rate_limit::Verdict;
use super::resources::HttpResources;
use super::retry::{self, Decision, Failure};
use super::route::Route;
use super::settings::Settings;
use super::tenant::Tenant;
use super::transport::{BODY_LIMIT, TransportError};
use crate::context::CallContext;
use crate::context::events::{Event, RetryEvent};
use crate::context::random::jitter;
use crate::error::{Error, ErrorCode, Message, Result};
use crate::secret::LateSecrets;

/// Sends requests of one credential to one base URL. Clones share everything.
#[derive(Clone)]
pub(crate) struct Client {
    shared: Arc<Shared>,
    credential: Arc<CurrentCredential>,
}

/// Holds what the clients of all calls with one credential share.
struct Shared {
    resources: Arc<HttpResources>,
    base: BaseUrl,
    tenant: Arc<Tenant>,
    settings: Settings,
}

/// Reads a response, and keeps what it has read.
type Interpret<'a> = &'a mut (dyn FnMut(&Response) -> Result<()> + Send);

/// A failed attempt.
struct FailedAttempt {
    error: Error,
    /// How long the server asks to wait before the request is sent again.
    server_delay: Option<Duration>,
}

impl From<Error> for FailedAttempt {
    /// Makes the failure of an attempt without a response.
    fn from(error: Error) -> Self {
        Self {
            server_delay: error.details().retry_after,
            error,
        }
    }
}

impl Client {
    /// Makes a client. `default_base` is the provider's own address.
    ///
    /// Errors: `INVALID_CONFIG` for a credential that no header can carry.
    pub(crate) fn new(
        resources: &Arc<HttpResources>,
        settings: &Settings,
        default_base: &str,
        credential: &Credential,
    ) -> Result<Self> {
        let base = match &settings.base_url {
            Some(base) => base.clone(),
            None => BaseUrl::parse_address(default_base)
                .map_err(|_| Error::internal("A provider's own address is malformed."))?,
        };
        credential.header_value()?;
        let current = CurrentCredential::new(credential.clone(), None, LateSecrets::default());
        Ok(Self {
            shared: Arc::new(Shared {
                tenant: resources.tenants.get_or_insert(&base.origin(), &credential.secret),
                resources: Arc::clone(resources),
                base,
                settings: settings.clone(),
            }),
            credential: Arc::new(current),
        })
    }

    /// Makes the client of one call, which renews its credential by `source` when it is refused. `secrets` learn of each
    /// renewed one. The tenant stays that of the first.
    pub(crate) fn for_call(
        &self,
        credential: Credential,
        source: Option<Arc<dyn CredentialSource>>,
        secrets: LateSecrets,
    ) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            credential: Arc::new(CurrentCredential::new(credential, source, secrets)),
        }
    }

    /// Returns the base URL.
    pub(crate) fn base(&self) -> &BaseUrl {
        &self.shared.base
    }

    /// Sends a request, repeats it as the retry policy allows, and returns what `interpret` reads in the response.
    ///
    /// `interpret` is the provider's: only the provider can tell a success from an error that arrived as HTTP 200.
    pub(crate) async fn call<T: Send>(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        mut interpret: impl FnMut(&Response) -> Result<T> + Send,
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
        let Shared { settings, tenant, .. } = &*self.shared;
        let context = &context.within(request.timeout.unwrap_or_else(|| settings.exchange_timeout(effect)));
        let started = context.now();
        let quota = &tenant.quota;
        let (mut attempts, mut drawn) = (0, 0);
        let mut may_renew = true;
        let mut sent = 0;
        loop {
            let used = self.credential.get();
            let FailedAttempt {
                error: failure,
                server_delay,
            } = match self
                .attempt(context, effect, request.clone(), &used, sent, interpret)
                .await
            {
                Ok(()) => {
                    quota.refund(drawn);
                    return Ok(());
                }
                Err(error) => error,
            };
            sent += 1;
            // Once: a provider that refuses the renewed credential too means it.
            if may_renew && self.credential.renew(context, &used, &failure).await {
                may_renew = false;
                continue;
            }
            let failure = used.explain_refusal(failure, context.date());
            attempts += 1;
            let decision = retry::decide(
                &Failure {
                    error: &failure,
                    server_delay,
                    effect,
                    attempts,
                    max_retries: settings.max_retries,
                    remaining: context.remaining(Duration::MAX),
                },
                jitter(&*self.shared.resources.random),
            );
            // The rate window bounds the retries of what it refused.
            let costs_quota = failure.code() != ErrorCode::RateLimited;
            match decision {
                Decision::RetryAfter(delay) if !costs_quota || quota.draw() => {
                    drawn += u32::from(costs_quota);
                    context.events().record(|| {
                        Event::Retry(RetryEvent {
                            attempts,
                            delay: delay.into(),
                            error_code: failure.code().as_str(),
                        })
                    });
                    context.sleep(delay).await?;
                }
                // A definite answer: how many retries it took to get it is of no interest.
                _ if attempts == 1 || !failure.is_retryable() => {
                    if !failure.is_retryable() {
                        quota.refund(drawn);
                    }
                    return Err(failure);
                }
                _ => {
                    let seconds = (context.now() - started).as_secs_f64();
                    return Err(failure.with_note(Message::ours(format!(
                        "Gave up after {attempts} attempts in {seconds:.1} s"
                    ))));
                }
            }
        }
    }

    /// Makes one attempt: waits for the rate window and a permit, sends once, and has the response interpreted. `resends`
    /// counts the attempts before it.
    async fn attempt(
        &self,
        context: &CallContext,
        effect: Effect,
        request: Request,
        credential: &Credential,
        resends: u32,
        interpret: Interpret<'_>,
    ) -> Result<(), FailedAttempt> {
        let Shared {
            resources,
            tenant,
            settings,
            ..
        } = &*self.shared;
        let bucket = request.bucket;
        let asked_at = context.now();
        let admitted_at = match tenant.windows.acquire(context, bucket, asked_at).await {
            Ok(admitted_at) => admitted_at,
            Err(error) => {
                observe_refusal(context, &error);
                return Err(error.into());
            }
        };
        let mut observed = ObservedAttempt::new(context, &self.shared.base, &request, resends);
        observed.waited(admitted_at - asked_at);
        let _permit = tenant.acquire_permit(context).await?;
        if context.is_cancelled() {
            return Err(Error::aborted().into());
        }
        let limit = request.timeout.unwrap_or_else(|| settings.attempt_timeout(effect));
        let mut request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Presentation::Header(name, _) = &credential.presentation {
            request = request.header(name.clone(), credential.header_value()?);
        }
        request.route = Route {
            socket: self.shared.base.socket().map(Arc::from),
            certificates: credential.certificates(),
        };
        let sending = resources.transport.send(request);
        observed.begin();
        let sent = attempt::run(context, effect, limit, sending)
            .await
            .map_err(Error::from)
            .and_then(|sent| sent.map_err(|error| Error::from(&error)));
        let mut response = sent.inspect_err(|error| observed.end(None, Some(error)))?;
        context.note_received(response.body.len());
        let limits = response.read_rate_limit(context.date());
        let result = interpret(&response);
        observed.end(Some(response.status), result.as_ref().err());
        let verdict = read_verdict(&response, result.as_ref().err());
        observe_verdict(context, verdict);
        tenant
            .windows
            .update(bucket, &limits, verdict, admitted_at, context.now());
        result.map_err(|error| match limits.retry_after {
            Some(delay) if response.status >= 500 => obey(error, effect, delay),
            _ => error.into(),
        })
    }
}

/// Returns how the provider's rate limit took the request. A status of 429 alone does not tell: Namespace sends it for a
/// workspace's limits too. Railway's edge sends other statuses.
fn read_verdict(response: &Response, error: Option<&Error>) -> Verdict {
    let is_refused = error.is_some_and(|error| error.code() == ErrorCode::RateLimited) && response.status >= 400;
    match response.retry_delay.filter(|delay| !delay.is_zero()) {
        Some(delay) if response.status == 429 => Verdict::RefusedFor(delay),
        _ if is_refused => Verdict::Refused,
        _ => Verdict::Passed,
    }
}

/// Makes the failure of an attempt whose response is a 5xx with `Retry-After`. A wait that is too long to be slept is the
/// caller's: it is reported as `RATE_LIMITED`.
fn obey(error: Error, effect: Effect, delay: Duration) -> FailedAttempt {
    let is_callers = effect == Effect::Idempotent && error.code() == ErrorCode::Unavailable && delay > LONGEST_WAIT;
    let error = if is_callers {
        error.with_code(ErrorCode::RateLimited).with_retry_after(Some(delay))
    } else {
        error
    };
    FailedAttempt {
        server_delay: Some(delay),
        error,
    }
}

impl From<&TransportError> for Error {
    fn from(error: &TransportError) -> Self {
        let sentence = |beginning: &'static str, cause: Message| {
            let end = if cause.to_string().ends_with(['.', '…']) {
                ""
            } else {
                "."
            };
            Message::from(beginning).then(cause).then(end)
        };
        let quote = |beginning, cause: &str| sentence(beginning, Message::foreign(cause));
        match error {
            TransportError::Connect(cause) => Self::new(ErrorCode::Network, quote("Could not connect: ", cause)),
            TransportError::Refused(cause) => {
                Self::new(ErrorCode::Network, sentence("Could not connect: ", cause.clone())).with_permanent()
            }
            // The text begins with the name of a variable.
            TransportError::Misconfigured(text) => Self::config(text),
            TransportError::Unsent(cause) => Self::new(ErrorCode::Internal, quote("Could not send: ", cause)),
            TransportError::Interrupted(cause) => {
                Self::ambiguous(ErrorCode::Network, quote("The connection was lost: ", cause))
            }
            TransportError::TooLong => {
                let text = format!("The answer is longer than {} MiB.", BODY_LIMIT / (1024 * 1024));
                Self::ambiguous(ErrorCode::Protocol, Message::ours(text))
            }
        }
    }
}

#[cfg(test)]
mod tests;
