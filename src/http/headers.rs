//! Headers that every provider shares: our user agent, and how long a server asks us to wait.

use std::time::{Duration, SystemTime};

use ::http::header::{HeaderMap, HeaderName, RETRY_AFTER};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Package and version, so that a provider's support can recognise our traffic.
pub(crate) const USER_AGENT: &str = concat!(
    "computesdk-gateway/",
    env!("CARGO_PKG_VERSION"),
    " (+https://www.npmjs.com/package/@computesdk/gateway)"
);

/// The longest delay that is believed: a day. A longer one is nonsense, or in another unit than ours.
const LONGEST_SERVER_DELAY: Duration = Duration::from_secs(86_400);

/// A number at or above this is a moment since 1970 in seconds; a smaller one is a delay (docs/providers/render.md).
const EPOCH_SECONDS: f64 = 1e9;

/// A number at or above this is a moment since 1970 in milliseconds.
const EPOCH_MILLISECONDS: f64 = 1e12;

/// Names of the rate window's headers, with and without the prefix.
static LIMIT: [HeaderName; 2] = names(["x-ratelimit-limit", "ratelimit-limit"]);
static REMAINING: [HeaderName; 2] = names(["x-ratelimit-remaining", "ratelimit-remaining"]);
static RESET: [HeaderName; 2] = names(["x-ratelimit-reset", "ratelimit-reset"]);

const fn names([prefixed, plain]: [&'static str; 2]) -> [HeaderName; 2] {
    [HeaderName::from_static(prefixed), HeaderName::from_static(plain)]
}

/// The rate-limit headers of one response. A header that is missing or unreadable is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateLimitHeaders {
    /// `Retry-After`.
    pub(super) retry_after: Option<Duration>,
    /// How many requests the window holds.
    pub(super) limit: Option<u32>,
    /// How many requests are left in the window.
    pub(super) remaining: Option<u32>,
    /// When the window resets, from now.
    pub(super) reset_after: Option<Duration>,
}

impl RateLimitHeaders {
    /// Reads the headers of a response. `date` is today's, for headers that name a date.
    pub(super) fn read(headers: &HeaderMap, date: SystemTime) -> Self {
        let text = |name: &HeaderName| headers.get(name)?.to_str().ok();
        let either = |names: &[HeaderName; 2]| names.iter().find_map(text);
        let number = |names| either(names)?.trim().parse().ok();
        Self {
            retry_after: text(&RETRY_AFTER).and_then(|value| parse_retry_after(value, date)),
            limit: number(&LIMIT),
            remaining: number(&REMAINING),
            reset_after: either(&RESET).and_then(|value| parse_reset(value, date)),
        }
    }

    /// Returns how long a server that has refused the request asks to wait: its `Retry-After`, else what is left of the
    /// window if the window is exhausted.
    pub(super) fn retry_delay(&self) -> Option<Duration> {
        let exhausted = self.remaining.is_none_or(|remaining| remaining == 0);
        self.retry_after.or(self.reset_after.filter(|_| exhausted))
    }
}

/// Parses `Retry-After`: whole seconds, or an HTTP date. A date in the past means "now". Anything else is ignored, as if
/// the header were missing.
fn parse_retry_after(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit mean "for ever".
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(LONGEST_SERVER_DELAY.min(Duration::from_secs(seconds)));
    }
    let when = httpdate::parse_http_date(value).ok()?;
    Some(LONGEST_SERVER_DELAY.min(when.duration_since(date).unwrap_or_default()))
}

/// Parses a rate window's reset into the time until then.
///
/// Providers disagree, and their documents with their servers: remaining seconds (Render), a moment in seconds since 1970
/// (Vercel), a time of unstated form (Railway). The value's size and form tell these and RFC 3339 apart.
fn parse_reset(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let now = date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs_f64();
    let seconds = match value.parse::<f64>() {
        Ok(number) if number >= EPOCH_MILLISECONDS => number / 1_000.0 - now,
        Ok(number) if number >= EPOCH_SECONDS => number - now,
        Ok(number) if number >= 0.0 => number,
        Ok(_) => return None,
        Err(_) => {
            let moment = OffsetDateTime::parse(value, &Rfc3339).map(SystemTime::from).ok();
            let moment = moment.or_else(|| httpdate::parse_http_date(value).ok())?;
            return Some(LONGEST_SERVER_DELAY.min(moment.duration_since(date).unwrap_or_default()));
        }
    };
    let delay = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    Some(LONGEST_SERVER_DELAY.min(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<u64> {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        parse_retry_after(value, date).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_dates_and_nonsense() {
        assert_eq!(parsed("7"), Some(7));
        assert_eq!(parsed(" 120 "), Some(120));
        assert_eq!(parsed("99999999999999999999999"), Some(86_400));
        assert_eq!(parsed("Sun, 09 Sep 2001 01:47:40 GMT"), Some(60));
        assert_eq!(parsed("Thu, 09 Sep 1999 01:46:40 GMT"), Some(0));
        for nonsense in ["", "-5", "1.5", "soon", "1e3"] {
            assert_eq!(parsed(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn resets_of_every_form() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let reset = |value| parse_reset(value, date).map(|wait| wait.as_secs());
        assert_eq!(reset("45"), Some(45));
        assert_eq!(reset("0"), Some(0));
        assert_eq!(reset("1700000030"), Some(30));
        assert_eq!(reset("1699999990"), Some(0));
        assert_eq!(reset("1700000030000"), Some(30));
        assert_eq!(reset("2023-11-14T22:13:50Z"), Some(30));
        for nonsense in ["", "-1", "NaN", "inf", "tomorrow"] {
            assert_eq!(reset(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_refusal_tells_how_long_to_wait() {
        let delay = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<HeaderMap>();
            let headers = RateLimitHeaders::read(&headers, SystemTime::now());
            headers.retry_delay().map(|delay| delay.as_secs())
        };
        assert_eq!(delay(&[("retry-after", "51"), ("ratelimit-reset", "7")]), Some(51));
        assert_eq!(
            delay(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "1800")]),
            Some(1_800)
        );
        assert_eq!(delay(&[("x-ratelimit-reset", "7")]), Some(7));
        // A window that is not exhausted has not refused this request.
        assert_eq!(
            delay(&[("ratelimit-remaining", "5"), ("ratelimit-reset", "1800")]),
            None
        );
        assert_eq!(delay(&[]), None);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(value in ".{0,60}") {
            let _ = parsed(&value);
            let _ = parse_reset(&value, SystemTime::now());
        }
    }
}
