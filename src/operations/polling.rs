//! How long to wait between two looks at the same thing.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(250);

/// The longest wait: what runs a few seconds late matters less than a rate limit of 1000 requests an hour
/// (`reference/railway.md` §2).
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that grow by half each time.
pub(crate) struct Polling {
    next: Duration,
}

impl Polling {
    pub(crate) fn new() -> Self {
        Self { next: FIRST }
    }

    pub(crate) fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = LONGEST.min(wait * 3 / 2);
        wait
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
