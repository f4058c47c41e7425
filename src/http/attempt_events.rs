//! Records what becomes of an attempt, for those who watch the call.

use std::time::Duration;

use tokio::time::Instant;

use super::endpoint::BaseUrl;
use super::message::Request;
use super::rate_limit::Verdict;
use crate::context::CallContext;
use crate::context::events::{Event, RateLimitEvent, RateLimitStep, RequestEvent};
use crate::error::{Error, ErrorCode};

/// An attempt of a call with subscribers; empty otherwise. An attempt that is dropped before its end was aborted.
pub(super) struct ObservedAttempt<'a> {
    context: &'a CallContext,
    pending: Option<Pending>,
}

struct Pending {
    event: RequestEvent,
    began: Option<Instant>,
}

impl<'a> ObservedAttempt<'a> {
    /// Begins to observe an attempt. `resends` counts the attempts before it.
    pub(super) fn new(context: &'a CallContext, base: &BaseUrl, request: &Request, resends: u32) -> Self {
        let pending = context.events().are_watched().then(|| Pending {
            event: RequestEvent {
                method: request.method.as_str().to_owned(),
                url_template: format!("{}{}", base.path(), request.template),
                operation_name: request.operation_name,
                status_code: None,
                start_time: Duration::ZERO.into(),
                duration: Duration::ZERO.into(),
                resend_count: resends,
                request_id: None,
                error_code: None,
                rate_limit_wait: Duration::ZERO.into(),
            },
            began: None,
        });
        Self { context, pending }
    }

    /// Notes how long the attempt waited for its rate window.
    pub(super) fn waited(&mut self, wait: Duration) {
        let Some(pending) = &mut self.pending else { return };
        if !wait.is_zero() {
            pending.event.rate_limit_wait = wait.into();
            record(self.context, RateLimitStep::Waited, Some(wait));
        }
    }

    /// Notes that the request is sent.
    pub(super) fn begin(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.began = Some(self.context.now());
            pending.event.start_time = self.context.date().into();
        }
    }

    /// Records the end of the attempt.
    pub(super) fn end(&mut self, status: Option<u16>, error: Option<&Error>) {
        let Some(Pending {
            mut event,
            began: Some(began),
        }) = self.pending.take()
        else {
            return;
        };
        event.duration = (self.context.now() - began).into();
        event.status_code = status;
        event.error_code = error.map(|error| error.code().as_str());
        event.request_id = error.and_then(|error| error.details().request_id.clone());
        self.context.events().record(|| Event::Request(event));
    }
}

impl Drop for ObservedAttempt<'_> {
    fn drop(&mut self) {
        self.end(None, Some(&Error::aborted()));
    }
}

/// Records that a request was not sent because its window stays closed for too long.
pub(super) fn observe_refusal(context: &CallContext, error: &Error) {
    if error.code() == ErrorCode::RateLimited {
        record(context, RateLimitStep::Refused, error.details().retry_after);
    }
}

/// Records that the provider has closed a rate window.
pub(super) fn observe_verdict(context: &CallContext, verdict: Verdict) {
    match verdict {
        Verdict::Passed => {}
        Verdict::Refused => record(context, RateLimitStep::WindowClosed, None),
        Verdict::RefusedFor(delay) => record(context, RateLimitStep::WindowClosed, Some(delay)),
    }
}

fn record(context: &CallContext, step: RateLimitStep, delay: Option<Duration>) {
    context.events().record(|| {
        Event::RateLimit(RateLimitEvent {
            step,
            delay: delay.map(Into::into),
        })
    });
}
