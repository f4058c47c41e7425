//! The retry policy: whether and when a failed request is sent again.
//!
//! It is a pure function: the remaining time, `Retry-After` and the jitter are parameters.

use std::time::Duration;

use super::effect::Effect;
use super::limits::LONGEST_WAIT;
use crate::error::{Error, ErrorCode, Outcome};

/// The back-off before the first retry, doubled for each further one.
const FIRST_BACK_OFF: Duration = Duration::from_millis(200);

/// The longest back-off of our own choosing.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(20);

/// A failed attempt, with everything that the policy depends on.
pub(super) struct Failure<'a> {
    pub(super) error: &'a Error,
    /// How long the server asks to wait: by a rate limit, or by the `Retry-After` of a 5xx.
    pub(super) server_delay: Option<Duration>,
    pub(super) effect: Effect,
    /// Attempts so far, this one included.
    pub(super) attempts: u32,
    pub(super) max_retries: u32,
    /// The time that the caller's deadline leaves.
    pub(super) remaining: Duration,
}

/// The decision on a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Fail,
    RetryAfter(Duration),
}

/// Decides. `jitter` is evenly distributed over 0 to 1 (full jitter), so that callers who failed together do not come back
/// together.
pub(super) fn decide(failure: &Failure<'_>, jitter: f64) -> Decision {
    if failure.attempts > failure.max_retries || !may_repeat(failure.error, failure.effect) {
        return Decision::Fail;
    }
    let doublings = failure.attempts.saturating_sub(1).min(16);
    let back_off = LONGEST_BACK_OFF
        .min(FIRST_BACK_OFF * 2_u32.pow(doublings))
        .mul_f64(jitter.clamp(0.0, 1.0));
    let delay = match failure.server_delay {
        // Reported, not slept: the caller has better things to do for so long.
        Some(server_delay) if server_delay > LONGEST_WAIT => return Decision::Fail,
        // The jitter comes on top: otherwise all callers that were told one delay would return at one moment.
        Some(server_delay) => server_delay + back_off,
        None => back_off,
    };
    if delay >= failure.remaining {
        return Decision::Fail;
    }
    Decision::RetryAfter(delay)
}

/// Returns whether a request may be sent again: an idempotent one after any transient error, another one only if the error
/// says that it had no effect.
fn may_repeat(error: &Error, effect: Effect) -> bool {
    let transient = matches!(
        error.code(),
        ErrorCode::Network | ErrorCode::Timeout | ErrorCode::Unavailable | ErrorCode::RateLimited
    );
    transient
        && !error.is_permanent()
        && (mutated!(RepeatsCreates) || effect == Effect::Idempotent || error.outcome() == Outcome::NoEffect)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn decided(error: &Error, effect: Effect, attempts: u32, remaining: Duration, jitter: f64) -> Decision {
        let failure = Failure {
            error,
            server_delay: error.details().retry_after,
            effect,
            attempts,
            max_retries: 3,
            remaining,
        };
        decide(&failure, jitter)
    }

    #[test]
    fn the_decision_table() {
        use ErrorCode::*;
        let lost = |code| Error::ambiguous(code, "x");
        let refused = |code| Error::new(code, "x");
        for (error, read, create) in [
            (refused(Network), true, true),
            (refused(Network).with_permanent(), false, false),
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
            let repeats = |effect| decided(&error, effect, 1, HOUR, 0.5) != Decision::Fail;
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
                server_delay: None,
                effect: Effect::Idempotent,
                attempts,
                max_retries: 100,
                remaining: HOUR,
            };
            decide(&failure, 1.0)
        };
        assert_eq!(wait(1), Decision::RetryAfter(Duration::from_millis(200)));
        assert_eq!(wait(2), Decision::RetryAfter(Duration::from_millis(400)));
        assert_eq!(wait(7), Decision::RetryAfter(Duration::from_millis(12_800)));
        assert_eq!(wait(50), Decision::RetryAfter(LONGEST_BACK_OFF));
    }

    #[test]
    fn jitter_is_full() {
        let error = Error::new(ErrorCode::Network, "x");
        assert_eq!(
            decided(&error, Effect::Idempotent, 2, HOUR, 0.0),
            Decision::RetryAfter(Duration::ZERO)
        );
        assert_eq!(
            decided(&error, Effect::Idempotent, 2, HOUR, 0.25),
            Decision::RetryAfter(Duration::from_millis(100))
        );
    }

    #[test]
    fn the_servers_wait_is_obeyed_up_to_thirty_seconds() {
        let throttled =
            |seconds| Error::new(ErrorCode::RateLimited, "x").with_retry_after(Some(Duration::from_secs(seconds)));
        assert_eq!(
            decided(&throttled(30), Effect::Once, 1, HOUR, 0.0),
            Decision::RetryAfter(LONGEST_WAIT)
        );
        assert_eq!(decided(&throttled(31), Effect::Once, 1, HOUR, 0.0), Decision::Fail);
        assert_eq!(
            decided(&throttled(u64::from(u32::MAX)), Effect::Idempotent, 1, HOUR, 0.0),
            Decision::Fail
        );
    }

    #[test]
    fn attempts_and_the_callers_deadline_bound_it() {
        let error = Error::new(ErrorCode::Network, "x");
        assert_eq!(decided(&error, Effect::Idempotent, 4, HOUR, 0.0), Decision::Fail);
        assert_ne!(decided(&error, Effect::Idempotent, 3, HOUR, 0.0), Decision::Fail);
        assert_eq!(
            decided(&error, Effect::Idempotent, 1, Duration::from_millis(200), 1.0),
            Decision::Fail
        );
    }
}
