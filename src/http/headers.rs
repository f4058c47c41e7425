//! Headers that every provider shares: who we are, and how long a server wants us to stay away.

use std::time::{Duration, SystemTime};

/// Package and version, so that a provider's support can tell our traffic.
pub(crate) const USER_AGENT: &str = concat!(
    "computesdk-gateway/",
    env!("CARGO_PKG_VERSION"),
    " (+https://www.npmjs.com/package/@computesdk/gateway)"
);

/// Parses `Retry-After`: whole seconds, or an HTTP date, of which one in the past means "now".
///
/// What is neither is ignored, as if the header were missing.
pub(crate) fn retry_after(value: &str, date: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit mean "for ever"; the caller bounds it.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let when = httpdate::parse_http_date(value).ok()?;
    Some(when.duration_since(date).unwrap_or_default())
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
        assert_eq!(parsed("99999999999999999999999"), Some(u64::from(u32::MAX)));
        assert_eq!(parsed("Sun, 09 Sep 2001 01:47:40 GMT"), Some(60));
        assert_eq!(parsed("Thu, 09 Sep 1999 01:46:40 GMT"), Some(0));
        for nonsense in ["", "-5", "1.5", "soon", "1e3"] {
            assert_eq!(parsed(nonsense), None, "{nonsense}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(value in ".{0,60}") {
            let _ = parsed(&value);
        }
    }
}
