//! The rate window of one credential at one origin: when the provider's headers say that nothing is left, later
//! requests wait instead of burning attempts that can only be refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::headers::{RATE_LIMIT, RATE_REMAINING, RATE_RESET, rate_header, reset_after, retry_after};
use super::message::Response;
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::limits::LONGEST_WAIT;

/// The longest that a window stays closed before a request tries it again: the longest on record is Render's hour, and
/// a figure that was misread must not silence a tenant for good.
const LONGEST_CLOSURE: Duration = Duration::from_secs(3_600);

/// Windows by bucket: a provider may count different requests apart (`reference/render.md` §2).
#[derive(Default)]
pub(crate) struct RateWindows(Mutex<HashMap<&'static str, Arc<Bucket>>>);

#[derive(Default)]
struct Bucket {
    window: Mutex<Window>,
    /// Calls that wait for the window.
    waiting: AtomicUsize,
    /// Held by the one that waits next, so that waiters pass in the order in which they came.
    queue: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Default)]
struct Window {
    /// Requests that the window holds in all, as far as told.
    limit: Option<u32>,
    /// Requests left, by the last answer less what was sent since.
    remaining: Option<u32>,
    resets_at: Option<Instant>,
}

impl RateWindows {
    /// Waits until a request may be sent, in the order of the callers, and counts it.
    ///
    /// Errors: `RATE_LIMITED`, with the wait, if that is longer than 30 s or than the caller has time; `ABORTED`.
    pub(crate) async fn admit(&self, cx: &Cx, bucket: &'static str) -> Result<()> {
        let bucket = self.bucket(bucket);
        // Who comes while others wait waits behind them.
        let Some(wait) = bucket.take(cx.now(), bucket.waiting.load(Ordering::Relaxed) > 0) else {
            return Ok(());
        };
        bucket.waiting.fetch_add(1, Ordering::Relaxed);
        let admitted = bucket.wait(cx, wait).await;
        bucket.waiting.fetch_sub(1, Ordering::Relaxed);
        admitted
    }

    fn bucket(&self, name: &'static str) -> Arc<Bucket> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(buckets.entry(name).or_default())
    }

    /// Learns from an answer: the window's figures, and a 429's own wait.
    pub(crate) fn learn(&self, bucket: &'static str, response: &Response, now: Instant, date: SystemTime) {
        let number = |names| rate_header(response, names)?.trim().parse::<u32>().ok();
        let limit = number(RATE_LIMIT);
        let mut remaining = number(RATE_REMAINING);
        let mut reset = rate_header(response, RATE_RESET).and_then(|value| reset_after(value, date));
        if response.status == 429 {
            let wish = response
                .header("retry-after")
                .and_then(|value| retry_after(value, date));
            if wish.is_some() {
                (reset, remaining) = (wish, Some(0));
            }
        }
        let (Some(remaining), Some(reset)) = (remaining, reset) else {
            return;
        };
        let resets_at = now + LONGEST_CLOSURE.min(reset);
        let bucket = self.bucket(bucket);
        let mut window = bucket.window();
        // Answers overtake each other: within one window the smallest figure is the newest.
        let same = window
            .resets_at
            .is_some_and(|known| known.max(resets_at) - known.min(resets_at) < SAME_WINDOW);
        window.remaining = match window.remaining {
            Some(known) if same => Some(known.min(remaining)),
            _ => Some(remaining),
        };
        window.limit = limit.or(window.limit);
        window.resets_at = Some(resets_at);
    }
}

impl Bucket {
    async fn wait(&self, cx: &Cx, wait: Duration) -> Result<()> {
        let _turn = tokio::select! {
            biased;
            () = cx.cancelled() => return Err(Error::aborted()),
            turn = self.queue.lock() => turn,
            () = cx.expired() => return Err(closed(wait)),
        };
        while let Some(wait) = self.take(cx.now(), false) {
            if wait > LONGEST_WAIT || cx.remaining(wait) < wait {
                return Err(closed(wait));
            }
            cx.sleep(wait).await?;
        }
        Ok(())
    }

    /// Counts a request, or says how long to wait for the window. `behind` others nothing is counted.
    fn take(&self, now: Instant, behind: bool) -> Option<Duration> {
        let mut window = self.window();
        if window.resets_at.is_some_and(|resets_at| resets_at <= now) {
            window.remaining = window.limit;
            window.resets_at = None;
        }
        match (window.remaining, window.resets_at) {
            (Some(0), Some(resets_at)) => Some(resets_at.saturating_duration_since(now)),
            _ if behind => Some(Duration::ZERO),
            (Some(remaining), _) => {
                window.remaining = Some(remaining.saturating_sub(1));
                None
            }
            (None, _) => None,
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed(wait: Duration) -> Error {
    let text = "No request is left in the provider's rate window; this one was not sent.";
    Error::new(ErrorCode::RateLimited, text).with_retry_after(Some(wait))
}

/// Two answers whose resets are closer than this speak of one window: headers count in whole seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect::<HeaderMap>();
        Response {
            status,
            headers,
            body: Bytes::new(),
        }
    }

    fn wait(windows: &RateWindows, now: Instant) -> Option<u64> {
        windows.bucket("").take(now, false).map(|wait| wait.as_secs())
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
        windows.learn("", &answer(200, &headers), now, SystemTime::now());
        assert_eq!(wait(&windows, now), None);
        assert_eq!(wait(&windows, now), None);
        assert_eq!(wait(&windows, now), Some(7));
        assert_eq!(windows.bucket("other bucket").take(now, false), None);
        let later = now + Duration::from_secs(7);
        for _ in 0..10 {
            assert_eq!(wait(&windows, later), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_closes_the_window_for_its_retry_after() {
        let windows = RateWindows::default();
        let now = Instant::now();
        windows.learn("", &answer(429, &[("retry-after", "12")]), now, SystemTime::now());
        assert_eq!(wait(&windows, now), Some(12));
        assert_eq!(wait(&windows, now + Duration::from_secs(12)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_overtake_each_other_do_not_reopen_it() {
        let windows = RateWindows::default();
        let now = Instant::now();
        for remaining in ["0", "3"] {
            let headers = [("ratelimit-remaining", remaining), ("ratelimit-reset", "5")];
            windows.learn("", &answer(200, &headers), now, SystemTime::now());
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
            windows.learn("", &answer(200, &headers), now, SystemTime::now());
            assert_eq!(wait(&windows, now), None);
        }
    }
}
