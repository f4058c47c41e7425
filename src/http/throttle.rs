//! Finds a pace that a server admits, when it answers 429 and does not say how long to wait.
//!
//! Such a 429 closes the throttle for a time that doubles. Then one request tries. When that passes, the others follow: as
//! many in each period as passed before the 429, and a quarter more each time. If fewer are asked for, the throttle opens.
//! It is pure: the time is a parameter.

use std::time::Duration;

use tokio::time::Instant;

use super::limits::LONGEST_WAIT;

/// The first pause. It is doubled for each further 429.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = LONGEST_WAIT;

/// The pace of one bucket.
pub(super) struct Throttle {
    phase: Phase,
    /// The next pause.
    pause: Duration,
    /// When the throttle last closed. Responses to requests that were admitted before then tell nothing new.
    closed_at: Option<Instant>,
    /// When it last admitted requests again, or will.
    reopens_at: Option<Instant>,
    /// When the period began in which `passed` counts.
    period_began: Option<Instant>,
    /// How many requests that were admitted in the period have passed.
    passed: u32,
    /// `passed` of the period before.
    passed_before: u32,
    /// How many requests a period admits, and its length. They hold while the throttle is paced.
    limit: u32,
    period: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Every request is admitted.
    Open,
    /// No request is admitted before this moment.
    Closed(Instant),
    /// A request tries. The next one does at this moment, if no response has come by then.
    Probing(Instant),
    /// So many requests are still admitted before this moment, when the next period begins.
    Paced(u32, Instant),
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            phase: Phase::Open,
            pause: FIRST_PAUSE,
            closed_at: None,
            reopens_at: None,
            period_began: None,
            passed: 0,
            passed_before: 0,
            limit: 0,
            period: FIRST_PAUSE,
        }
    }
}

impl Throttle {
    /// Admits a request, or returns how long to wait.
    pub(super) fn try_admit(&mut self, now: Instant) -> Option<Duration> {
        match self.phase {
            Phase::Open => {
                let is_over = |began: Instant| now >= began + FIRST_PAUSE;
                if self.period_began.is_none_or(is_over) {
                    self.begin_period(now);
                }
            }
            Phase::Closed(until) | Phase::Probing(until) => {
                if now < until {
                    return Some(until - now);
                }
                // No request waited: what was learned may no longer hold.
                let was_idle = self.phase == Phase::Closed(until) && now >= until + FIRST_PAUSE;
                if was_idle {
                    self.phase = Phase::Open;
                    self.begin_period(now);
                } else {
                    self.phase = Phase::Probing(now + FIRST_PAUSE);
                }
            }
            Phase::Paced(0, until) if now < until => return Some(until - now),
            Phase::Paced(left, until) if now < until => self.phase = Phase::Paced(left - 1, until),
            Phase::Paced(0, _) => {
                // The period was used up. Perhaps more pass.
                self.limit = self.limit.saturating_add(self.limit / 4 + 1);
                self.begin_period(now);
                self.phase = Phase::Paced(self.limit - 1, now + self.period);
            }
            // Fewer requests came than pass.
            Phase::Paced(..) => {
                self.phase = Phase::Open;
                self.begin_period(now);
            }
        }
        None
    }

    /// Takes note of a 429 without a wait, to a request that was admitted at `admitted_at`.
    pub(super) fn refused(&mut self, admitted_at: Instant, now: Instant) {
        if self.was_before_closing(admitted_at) {
            return;
        }
        let reopens_at = now + self.pause;
        self.phase = Phase::Closed(reopens_at);
        self.reopens_at = Some(reopens_at);
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
        self.closed_at = Some(now);
    }

    /// Takes note of another response. Returns whether requests that wait may now be admitted.
    pub(super) fn passed(&mut self, admitted_at: Instant) -> bool {
        let is_news = !self.was_before_closing(admitted_at);
        if is_news {
            self.pause = FIRST_PAUSE;
        }
        let is_first = is_news && matches!(self.phase, Phase::Probing(_));
        if is_first {
            // A 429 at the beginning of a period tells of the period before.
            self.limit = self.passed.max(self.passed_before / 2).max(1);
            let took = self.reopens_at.zip(self.period_began).map(|(end, began)| end - began);
            // A little longer: the server counts from when the requests arrive.
            let took = took.unwrap_or_default().max(FIRST_PAUSE);
            self.period = LONGEST_PAUSE.min(took + took / 10);
            self.begin_period(admitted_at);
            self.phase = Phase::Paced(self.limit - 1, admitted_at + self.period);
        }
        if self.period_began.is_some_and(|began| admitted_at >= began) {
            self.passed = self.passed.saturating_add(1);
        }
        is_first
    }

    fn begin_period(&mut self, now: Instant) {
        let is_next = self.period_began.is_some_and(|began| now < began + self.period * 2);
        self.passed_before = if is_next { self.passed } else { 0 };
        self.period_began = Some(now);
        self.passed = 0;
    }

    fn was_before_closing(&self, admitted_at: Instant) -> bool {
        self.closed_at.is_some_and(|closed_at| admitted_at <= closed_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn wait(throttle: &mut Throttle, now: Instant) -> Option<u64> {
        throttle.try_admit(now).map(|wait| wait.as_secs())
    }

    #[test]
    fn pauses_double_up_to_thirty_seconds_and_begin_anew_after_a_success() {
        let mut throttle = Throttle::default();
        let mut now = Instant::now();
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(throttle.try_admit(now), None);
            throttle.refused(now, now);
            assert_eq!(wait(&mut throttle, now), Some(seconds));
            now += Duration::from_secs(seconds);
        }
        assert_eq!(throttle.try_admit(now), None);
        assert!(throttle.passed(now));
        now += LONGEST_PAUSE;
        assert_eq!(throttle.try_admit(now), None);
        throttle.refused(now, now);
        assert_eq!(wait(&mut throttle, now), Some(1));
    }

    #[test]
    fn the_refusals_of_one_burst_are_one_refusal() {
        let mut throttle = Throttle::default();
        let sent = Instant::now();
        for _ in 0..30 {
            assert_eq!(throttle.try_admit(sent), None);
        }
        for number in 1..=20 {
            throttle.refused(sent, sent + MILLISECOND * number);
        }
        assert_eq!(
            throttle.try_admit(sent + MILLISECOND),
            Some(FIRST_PAUSE),
            "the first refusal counts"
        );
    }

    #[test]
    fn after_the_pause_one_request_tries_and_the_others_follow_at_the_pace_that_passed() {
        let mut throttle = Throttle::default();
        let sent = Instant::now();
        for _ in 0..30 {
            assert_eq!(throttle.try_admit(sent), None);
        }
        throttle.refused(sent, sent + MILLISECOND);
        // What passes takes longer than a refusal.
        for _ in 0..10 {
            assert!(!throttle.passed(sent));
        }
        let probe = sent + MILLISECOND + FIRST_PAUSE;
        assert_eq!(throttle.try_admit(probe), None);
        assert_eq!(throttle.try_admit(probe), Some(FIRST_PAUSE), "one only");
        assert!(throttle.passed(probe));
        let admitted = (0..30).filter(|_| throttle.try_admit(probe + MILLISECOND).is_none());
        assert_eq!(admitted.count(), 9, "ten with the one that tried");
        let next = probe + (FIRST_PAUSE + MILLISECOND) * 11 / 10;
        let admitted = (0..30).filter(|_| throttle.try_admit(next).is_none());
        assert_eq!(admitted.count(), 13, "a quarter more");
    }

    #[test]
    fn a_try_without_a_response_is_followed_by_another() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        assert_eq!(throttle.try_admit(now), None);
        throttle.refused(now, now);
        for second in 1..5 {
            let now = now + FIRST_PAUSE * second;
            assert_eq!(throttle.try_admit(now), None);
            assert_eq!(throttle.try_admit(now), Some(FIRST_PAUSE));
        }
    }

    #[test]
    fn a_429_at_the_beginning_of_a_period_tells_of_the_period_before() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..10 {
            assert_eq!(throttle.try_admit(now), None);
            assert!(!throttle.passed(now));
        }
        let next = now + FIRST_PAUSE;
        assert_eq!(throttle.try_admit(next), None);
        throttle.refused(next, next);
        let probe = next + FIRST_PAUSE;
        assert_eq!(throttle.try_admit(probe), None);
        assert!(throttle.passed(probe));
        let admitted = (0..30).filter(|_| throttle.try_admit(probe).is_none());
        assert_eq!(admitted.count(), 4, "five with the one that tried");
    }

    #[test]
    fn what_was_learned_is_forgotten_when_nobody_waits() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        assert_eq!(throttle.try_admit(now), None);
        throttle.refused(now, now);
        let later = now + FIRST_PAUSE * 2;
        for _ in 0..30 {
            assert_eq!(throttle.try_admit(later), None);
        }
        // The pause is not: nothing has passed yet.
        throttle.refused(later, later);
        assert_eq!(throttle.try_admit(later), Some(FIRST_PAUSE * 2));
    }

    #[test]
    fn it_opens_when_less_is_asked_for_than_passes() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(throttle.try_admit(now), None);
            assert!(!throttle.passed(now));
        }
        throttle.refused(now + MILLISECOND, now + MILLISECOND);
        let probe = now + MILLISECOND + FIRST_PAUSE;
        assert_eq!(throttle.try_admit(probe), None);
        assert!(throttle.passed(probe));
        let later = probe + FIRST_PAUSE * 2;
        for _ in 0..100 {
            assert_eq!(throttle.try_admit(later), None);
        }
    }
}
