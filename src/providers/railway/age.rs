//! The age of a service, by the date that Railway gives it.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::semantics::SEMANTICS;

/// Returns whether reads may not show yet all that belongs to a service. A date that is missing or unreadable proves no
/// age.
///
/// `date`: when the read began that did not show it. A slow response tells of a state that is past.
pub(super) fn is_young(created_at: Option<&str>, date: SystemTime) -> bool {
    created_at
        .and_then(|text| parse_age(text, date))
        .is_none_or(|age| age < SEMANTICS.visibility_lag)
}

/// Returns how long ago an RFC 3339 date was; zero for a date in the future, `None` for an unreadable one.
fn parse_age(text: &str, now: SystemTime) -> Option<Duration> {
    let moment = SystemTime::from(OffsetDateTime::parse(text, &Rfc3339).ok()?);
    Some(now.duration_since(moment).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    #[test]
    fn reads_the_age_of_a_date() {
        let now = SystemTime::UNIX_EPOCH + NOW;
        assert_eq!(
            parse_age("2023-11-14T22:12:20.000Z", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            parse_age("2023-11-15T00:12:20+02:00", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(parse_age("2030-01-01T00:00:00Z", now), Some(Duration::ZERO));
        assert_eq!(parse_age("yesterday", now), None);
    }

    #[test]
    fn a_service_is_young_for_a_minute_and_without_a_date() {
        let now = SystemTime::UNIX_EPOCH + NOW;
        assert!(!is_young(Some("2023-11-14T22:12:20Z"), now));
        assert!(is_young(Some("2023-11-14T22:12:20.001Z"), now));
        assert!(is_young(Some("yesterday"), now));
        assert!(is_young(None, now));
    }
}
