//! The quota that bounds the retries of all calls of a tenant together.

use std::sync::{Mutex, PoisonError};

/// Tokens that retries draw on, shared by all calls of a tenant to an origin: when a provider is down, a hundred calls
/// in flight must not become four hundred. The figures are those of smithy-rs (`reference/anchors.md` §3).
pub(crate) struct Quota {
    tokens: Mutex<u32>,
}

const QUOTA: u32 = 500;
const RETRY_COST: u32 = 5;
const SUCCESS_REFUND: u32 = 1;

impl Default for Quota {
    fn default() -> Self {
        Self {
            tokens: Mutex::new(QUOTA),
        }
    }
}

impl Quota {
    /// Draws for one retry; `false` if there is not enough left.
    pub(crate) fn draw(&self) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tokens.checked_sub(RETRY_COST);
        *tokens = left.unwrap_or(*tokens);
        left.is_some()
    }

    /// A call has succeeded: what its retries cost comes back, and a little more for one that needed none.
    pub(crate) fn refund(&self, retries: u32) {
        let refund = if retries == 0 {
            SUCCESS_REFUND
        } else {
            retries.saturating_mul(RETRY_COST)
        };
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = QUOTA.min(tokens.saturating_add(refund));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_runs_dry_and_recovers() {
        let quota = Quota::default();
        assert_eq!((0..1_000).filter(|_| quota.draw()).count(), 100);
        quota.refund(0);
        assert!(!quota.draw());
        quota.refund(1);
        assert!(quota.draw());
    }
}
