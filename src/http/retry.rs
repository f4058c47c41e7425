//! Whether and when a failed request is sent again: a pure policy, and the quota that bounds all retries together.
//!
//! The policy knows no clock and no dice: elapsed time, the server's wish and a roll are handed in.

use std::time::Duration;

use super::effect::Effect;
use crate::error::{Error, ErrorCode, Outcome};
use crate::http::limits::LONGEST_WAIT;

/// The back-off before the first repetition, doubled for each further one.
const FIRST_BACK_OFF: Duration = Duration::from_millis(200);

/// The longest back-off of our own choosing.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(20);

/// What is known when an attempt has failed.
pub(crate) struct Failure<'a> {
    pub(crate) error: &'a Error,
    pub(crate) effect: Effect,
    /// Attempts made so far, this one included.
    pub(crate) attempts: u32,
    pub(crate) max_retries: u32,
    /// How much time the caller leaves for all that is to come.
    pub(crate) remaining: Duration,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Stop,
    After(Duration),
}

/// Decides. `roll` is evenly spread over 0 to 1: full jitter, so that callers who failed together do not come back
/// together.
pub(crate) fn decide(failure: &Failure<'_>, roll: f64) -> Decision {
    if failure.attempts > failure.max_retries || !may_repeat(failure.error, failure.effect) {
        return Decision::Stop;
    }
    let doublings = failure.attempts.saturating_sub(1).min(16);
    let back_off = LONGEST_BACK_OFF
        .min(FIRST_BACK_OFF * 2_u32.pow(doublings))
        .mul_f64(roll.clamp(0.0, 1.0));
    let wait = match failure.error.details().retry_after {
        // Not slept but reported: the caller has better things to do for so long.
        Some(wish) if wish > LONGEST_WAIT => return Decision::Stop,
        // The jitter comes on top, or all that were told the same wait would return at the same moment.
        Some(wish) => wish + back_off,
        None => back_off,
    };
    if wait >= failure.remaining {
        return Decision::Stop;
    }
    Decision::After(wait)
}

/// What repeats safely may be repeated after anything transient; what does not, only if it surely had no effect.
fn may_repeat(error: &Error, effect: Effect) -> bool {
    let transient = matches!(
        error.code(),
        ErrorCode::Network | ErrorCode::Timeout | ErrorCode::Unavailable | ErrorCode::RateLimited
    );
    transient && (effect == Effect::Idempotent || error.outcome() == Outcome::NoEffect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn decided(error: &Error, effect: Effect, attempts: u32, remaining: Duration, roll: f64) -> Decision {
        let failure = Failure {
            error,
            effect,
            attempts,
            max_retries: 3,
            remaining,
        };
        decide(&failure, roll)
    }

    #[test]
    fn the_decision_table() {
        use ErrorCode::*;
        let lost = |code| Error::ambiguous(code, "x");
        let refused = |code| Error::new(code, "x");
        for (error, read, create) in [
            (refused(Network), true, true),
            (lost(Network), true, false),
            (lost(Timeout), true, false),
            (lost(Unavailable), true, false),
            (refused(Unavailable), true, true),
            (refused(RateLimited), true, true),
            (lost(Protocol), false, false),
            (refused(NotFound), false, false),
            (refused(AlreadyExists), false, false),
            (refused(PaymentRequired), false, false),
            (refused(Unauthenticated), false, false),
            (refused(Aborted), false, false),
            (lost(Internal), false, false),
        ] {
            let repeats = |effect| decided(&error, effect, 1, HOUR, 0.5) != Decision::Stop;
            assert_eq!(
                (repeats(Effect::Idempotent), repeats(Effect::Once)),
                (read, create),
                "{error:?}"
            );
        }
    }

    #[test]
    fn back_off_doubles_and_is_bounded() {
        let error = Error::new(ErrorCode::Network, "x");
        let wait = |attempts| {
            let failure = Failure {
                error: &error,
                effect: Effect::Idempotent,
                attempts,
                max_retries: 100,
                remaining: HOUR,
            };
            decide(&failure, 1.0)
        };
        assert_eq!(wait(1), Decision::After(Duration::from_millis(200)));
        assert_eq!(wait(2), Decision::After(Duration::from_millis(400)));
        assert_eq!(wait(7), Decision::After(Duration::from_millis(12_800)));
        assert_eq!(wait(50), Decision::After(LONGEST_BACK_OFF));
    }

    #[test]
    fn jitter_is_full() {
        let error = Error::new(ErrorCode::Network, "x");
        assert_eq!(
            decided(&error, Effect::Idempotent, 2, HOUR, 0.0),
            Decision::After(Duration::ZERO)
        );
        assert_eq!(
            decided(&error, Effect::Idempotent, 2, HOUR, 0.25),
            Decision::After(Duration::from_millis(100))
        );
    }

    #[test]
    fn the_servers_wait_is_obeyed_up_to_thirty_seconds() {
        let throttled =
            |seconds| Error::new(ErrorCode::RateLimited, "x").with_retry_after(Some(Duration::from_secs(seconds)));
        assert_eq!(
            decided(&throttled(30), Effect::Once, 1, HOUR, 0.0),
            Decision::After(LONGEST_WAIT)
        );
        assert_eq!(decided(&throttled(31), Effect::Once, 1, HOUR, 0.0), Decision::Stop);
        assert_eq!(
            decided(&throttled(u64::from(u32::MAX)), Effect::Idempotent, 1, HOUR, 0.0),
            Decision::Stop
        );
    }

    #[test]
    fn attempts_and_the_callers_patience_bound_it() {
        let error = Error::new(ErrorCode::Network, "x");
        assert_eq!(decided(&error, Effect::Idempotent, 4, HOUR, 0.0), Decision::Stop);
        assert_ne!(decided(&error, Effect::Idempotent, 3, HOUR, 0.0), Decision::Stop);
        assert_eq!(
            decided(&error, Effect::Idempotent, 1, Duration::from_millis(200), 1.0),
            Decision::Stop
        );
    }
}
