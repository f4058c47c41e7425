//! Headers that every provider shares: who we are, and how long a server wants us to stay away.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::message::Response;

/// Package and version, so that a provider's support can tell our traffic.
pub(crate) const USER_AGENT: &str = concat!(
    "computesdk-gateway/",
    env!("CARGO_PKG_VERSION"),
    " (+https://www.npmjs.com/package/@computesdk/gateway)"
);

/// The longest wait that is believed: a day. Beyond it a header is nonsense, or in another unit than ours.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

/// Parses `Retry-After`: whole seconds, or an HTTP date, of which one in the past means "now".
///
/// What is neither is ignored, as if the header were missing.
pub(crate) fn retry_after(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit mean "for ever".
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(LONGEST_WISH.min(Duration::from_secs(seconds)));
    }
    let when = httpdate::parse_http_date(value).ok()?;
    Some(LONGEST_WISH.min(when.duration_since(date).unwrap_or_default()))
}

/// Above this a reset is a moment since 1970, in seconds; below it is a wait (`reference/render.md` §2).
const EPOCH_SECONDS: f64 = 1e9;

/// Above this it is in milliseconds.
const EPOCH_MILLISECONDS: f64 = 1e12;

/// Parses a rate window's reset into the time until then.
///
/// Providers disagree, and their documents with their servers: seconds that remain (Render), a moment in seconds since
/// 1970 (Vercel), a time of unstated form (Railway). All of them, and RFC 3339, are told apart by their size and form.
pub(crate) fn reset_after(value: &str, date: SystemTime) -> Option<Duration> {
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
            return Some(LONGEST_WISH.min(moment.duration_since(date).unwrap_or_default()));
        }
    };
    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
    Some(LONGEST_WISH.min(wait))
}

/// How long a refusal asks to stay away: its `Retry-After`, else what is left of the window that it has found empty.
pub(crate) fn stay_away(response: &Response, date: SystemTime) -> Option<Duration> {
    let wish = response
        .header("retry-after")
        .and_then(|value| retry_after(value, date));
    let window = || {
        let left = rate_header(response, RATE_REMAINING).and_then(|value| value.trim().parse::<u32>().ok());
        let reset = rate_header(response, RATE_RESET).and_then(|value| reset_after(value, date));
        reset.filter(|_| left.is_none_or(|left| left == 0))
    };
    wish.or_else(window)
}

/// Names of the headers that tell of a rate window, with and without the prefix.
pub(super) const RATE_LIMIT: [&str; 2] = ["x-ratelimit-limit", "ratelimit-limit"];
pub(super) const RATE_REMAINING: [&str; 2] = ["x-ratelimit-remaining", "ratelimit-remaining"];
pub(super) const RATE_RESET: [&str; 2] = ["x-ratelimit-reset", "ratelimit-reset"];

pub(super) fn rate_header<'a>(response: &'a Response, names: [&str; 2]) -> Option<&'a str> {
    names.into_iter().find_map(|name| response.header(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<u64> {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        retry_after(value, date).map(|wait| wait.as_secs())
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
        let reset = |value| reset_after(value, date).map(|wait| wait.as_secs());
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

    proptest::proptest! {
        #[test]
        fn never_panics(value in ".{0,60}") {
            let _ = parsed(&value);
            let _ = reset_after(&value, SystemTime::now());
        }
    }
}
