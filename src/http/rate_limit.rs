//! The rate windows of one tenant. When the provider's headers say that no request is left, or it answers 429, later requests
//! wait instead of spending attempts that can only be refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::headers::RateLimitHeaders;
use super::limits::LONGEST_WAIT;
use super::throttle::Throttle;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};

/// The longest time for which a window stays closed before a request tries it again. The longest window on record is
/// Render's hour, and a misread figure must not silence a tenant for good.
const LONGEST_CLOSURE: Duration = Duration::from_secs(3_600);

/// Two responses whose resets are closer than this speak of one window: headers count in whole seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// Windows by bucket: a provider may count different requests apart (docs/providers/render.md).
#[derive(Default)]
pub(super) struct RateWindows(Mutex<HashMap<&'static str, Arc<Bucket>>>);

#[derive(Default)]
struct Bucket {
    limits: Mutex<Limits>,
    /// How many calls wait for the window.
    waiting: AtomicUsize,
    /// Held by the first of the calls that wait, so that they pass in the order in which they came.
    queue: tokio::sync::Mutex<()>,
    /// Wakes the first of them early, when the throttle admits requests again.
    reopened: Notify,
}

#[derive(Default)]
struct Limits {
    /// What the headers say.
    window: Window,
    /// What 429s without a wait say.
    throttle: Throttle,
}

/// How the provider took a request, as far as its rate limit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rate limit let the request pass; it may have failed later.
    Passed,
    /// The rate limit refused the request. The provider said how long to wait.
    RefusedFor(Duration),
    /// The rate limit refused the request, without a wait.
    Refused,
}

#[derive(Clone, Copy, Default)]
struct Window {
    /// How many requests the window holds, if the provider says it.
    limit: Option<u32>,
    /// How many requests are left: the last response's figure less the requests sent since.
    remaining: Option<u32>,
    resets_at: Option<Instant>,
}

impl RateWindows {
    /// Waits until a request may be sent, first come, first served, and counts it. Returns the moment, for
    /// [`RateWindows::update`]: `now` itself if it may be sent at once.
    ///
    /// Errors: `RATE_LIMITED` with the delay, if that is longer than 30 s or than the caller's deadline leaves; `ABORTED`.
    pub(super) async fn acquire(&self, context: &CallContext, bucket: &'static str, now: Instant) -> Result<Instant> {
        let bucket = self.bucket(bucket);
        // A call that comes while others wait waits behind them.
        let Some(delay) = bucket.try_acquire(now, bucket.waiting.load(Ordering::Relaxed) > 0) else {
            return Ok(now);
        };
        bucket.waiting.fetch_add(1, Ordering::Relaxed);
        let acquired = bucket.wait(context, delay).await;
        bucket.waiting.fetch_sub(1, Ordering::Relaxed);
        acquired
    }

    fn bucket(&self, name: &'static str) -> Arc<Bucket> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(name).or_default())
    }

    /// Takes over the figures of a response to a request that was admitted at `admitted_at`. A refusal closes the window:
    /// for the time that the provider says, or for one that the throttle chooses.
    pub(super) fn update(
        &self,
        bucket: &'static str,
        headers: &RateLimitHeaders,
        verdict: Verdict,
        admitted_at: Instant,
        now: Instant,
    ) {
        let bucket = self.bucket(bucket);
        let mut limits = bucket.limits();
        match verdict {
            Verdict::Passed if limits.throttle.passed(admitted_at) => bucket.reopened.notify_one(),
            Verdict::Refused => limits.throttle.refused(admitted_at, now),
            Verdict::Passed | Verdict::RefusedFor(_) => {}
        }
        let (remaining, reset_after) = match verdict {
            Verdict::RefusedFor(delay) => (Some(0), Some(delay)),
            Verdict::Passed | Verdict::Refused => (headers.remaining, headers.reset_after),
        };
        let (Some(remaining), Some(reset_after)) = (remaining, reset_after) else {
            return;
        };
        let window = &mut limits.window;
        let resets_at = now + LONGEST_CLOSURE.min(reset_after);
        // Responses overtake each other: within one window the smallest figure is the newest.
        let same = window
            .resets_at
            .is_some_and(|known| known.max(resets_at) - known.min(resets_at) < SAME_WINDOW);
        window.remaining = match window.remaining {
            Some(known) if same => Some(known.min(remaining)),
            _ => Some(remaining),
        };
        window.limit = headers.limit.or(window.limit);
        window.resets_at = Some(resets_at);
    }
}

impl Bucket {
    async fn wait(&self, context: &CallContext, delay: Duration) -> Result<Instant> {
        let _first_in_queue = tokio::select! {
            biased;
            () = context.cancelled() => return Err(Error::aborted()),
            first = self.queue.lock() => first,
            () = context.expired() => return Err(window_closed(delay)),
        };
        loop {
            let now = context.now();
            let Some(delay) = self.try_acquire(now, false) else {
                return Ok(now);
            };
            if delay > LONGEST_WAIT || context.remaining(delay) < delay {
                return Err(window_closed(delay));
            }
            tokio::select! {
                biased;
                slept = context.sleep(delay) => slept?,
                () = self.reopened.notified() => {}
            }
        }
    }

    /// Counts a request, or returns how long to wait. With others waiting (`is_behind`) it counts nothing.
    fn try_acquire(&self, now: Instant, is_behind: bool) -> Option<Duration> {
        let mut limits = self.limits();
        let Limits { window, throttle } = &mut *limits;
        if window.resets_at.is_some_and(|resets_at| resets_at <= now) {
            window.remaining = window.limit;
            window.resets_at = None;
        }
        if let (Some(0), Some(resets_at)) = (window.remaining, window.resets_at) {
            return Some(resets_at.saturating_duration_since(now));
        }
        if is_behind {
            return Some(Duration::ZERO);
        }
        if let Some(delay) = throttle.try_admit(now) {
            return Some(delay);
        }
        window.remaining = window.remaining.map(|remaining| remaining.saturating_sub(1));
        None
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn window_closed(delay: Duration) -> Error {
    let text = "Rate limit reached; the request was not sent.";
    Error::new(ErrorCode::RateLimited, text).with_retry_after(Some(delay))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use ::http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn update(windows: &RateWindows, status: u16, headers: &[(&'static str, &'static str)], now: Instant) {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect::<HeaderMap>();
        let headers = RateLimitHeaders::read(&headers, SystemTime::now());
        let verdict = match (status, headers.retry_delay()) {
            (429, Some(delay)) => Verdict::RefusedFor(delay),
            (429, None) => Verdict::Refused,
            _ => Verdict::Passed,
        };
        windows.update("", &headers, verdict, now, now);
    }

    fn wait(windows: &RateWindows, now: Instant) -> Option<u64> {
        windows.bucket("").try_acquire(now, false).map(|wait| wait.as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_window_is_waited_for() {
        let windows = RateWindows::default();
        let now = Instant::now();
        let headers = [
            ("x-ratelimit-limit", "10"),
            ("x-ratelimit-remaining", "2"),
            ("x-ratelimit-reset", "7"),
        ];
        update(&windows, 200, &headers, now);
        assert_eq!(wait(&windows, now), None);
        assert_eq!(wait(&windows, now), None);
        assert_eq!(wait(&windows, now), Some(7));
        assert_eq!(windows.bucket("other bucket").try_acquire(now, false), None);
        let later = now + Duration::from_secs(7);
        for _ in 0..10 {
            assert_eq!(wait(&windows, later), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_closes_the_window_for_its_retry_after() {
        let windows = RateWindows::default();
        let now = Instant::now();
        update(&windows, 429, &[("retry-after", "12")], now);
        assert_eq!(wait(&windows, now), Some(12));
        assert_eq!(wait(&windows, now + Duration::from_secs(12)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_without_a_wait_closes_the_window_for_a_second() {
        let windows = RateWindows::default();
        let now = Instant::now();
        // The headers describe another limit, which is not exhausted.
        let headers = [("x-ratelimit-remaining", "9990"), ("x-ratelimit-reset", "1800")];
        update(&windows, 429, &headers, now);
        assert_eq!(wait(&windows, now), Some(1));
        assert_eq!(windows.bucket("other bucket").try_acquire(now, false), None);
        assert_eq!(wait(&windows, now + Duration::from_secs(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_overtake_each_other_do_not_reopen_it() {
        let windows = RateWindows::default();
        let now = Instant::now();
        for remaining in ["0", "3"] {
            let headers = [("ratelimit-remaining", remaining), ("ratelimit-reset", "5")];
            update(&windows, 200, &headers, now);
        }
        assert_eq!(wait(&windows, now), Some(5));
    }

    #[tokio::test(start_paused = true)]
    async fn figures_that_say_nothing_close_nothing() {
        let windows = RateWindows::default();
        let now = Instant::now();
        for headers in [
            vec![("x-ratelimit-remaining", "0")],
            vec![("x-ratelimit-remaining", "none"), ("x-ratelimit-reset", "5")],
            vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "whenever")],
        ] {
            update(&windows, 200, &headers, now);
            assert_eq!(wait(&windows, now), None);
        }
    }
}
