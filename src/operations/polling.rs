//! How long to wait between two probes of the same thing.

use std::time::Duration;

use crate::error::Error;

/// The first wait.
const FIRST: Duration = Duration::from_millis(250);

/// The longest wait. A few seconds of delay matter less than a rate limit of 1000 requests an hour
/// (docs/providers/railway.md).
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that grow by half each time.
pub(super) struct Polling {
    next: Duration,
}

impl Polling {
    /// Begins with the first wait.
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// Returns the next wait.
    pub(super) fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = LONGEST.min(wait * 3 / 2);
        wait
    }

    /// Returns the next wait after a failure: no shorter than the provider asks for.
    pub(super) fn next_wait_after(&mut self, failure: &Error) -> Duration {
        let asked = failure.details().retry_after.unwrap_or_default();
        self.next_wait().max(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        let mut polling = Polling::new();
        let waits: Vec<u128> = (0..10).map(|_| polling.next_wait().as_millis()).collect();
        assert_eq!(waits[..4], [250, 375, 562, 843]);
        assert_eq!(waits[9], 5_000);
    }
}
