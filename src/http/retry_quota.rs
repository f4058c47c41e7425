//! Bounds the retries of all calls of a tenant together.

use std::sync::{Mutex, PoisonError};

/// Tokens in a full quota. The three figures are those of smithy-rs, the runtime of the AWS SDK for Rust.
const QUOTA: u32 = 500;
const RETRY_COST: u32 = 5;
const SUCCESS_REFUND: u32 = 1;

/// Tokens that retries draw on, shared by all calls of a tenant to an origin. When a provider is down, a hundred calls in
/// flight must not become four hundred.
pub(super) struct RetryQuota {
    tokens: Mutex<u32>,
}

impl Default for RetryQuota {
    fn default() -> Self {
        Self {
            tokens: Mutex::new(QUOTA),
        }
    }
}

impl RetryQuota {
    /// Draws the tokens of one retry. Returns `false` if there are not enough left.
    pub(super) fn draw(&self) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tokens.checked_sub(RETRY_COST);
        *tokens = left.unwrap_or(*tokens);
        left.is_some()
    }

    /// Gives back what the retries of a successful call cost, and one token for a call that needed none.
    pub(super) fn refund(&self, retries: u32) {
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
        let quota = RetryQuota::default();
        assert_eq!((0..1_000).filter(|_| quota.draw()).count(), 100);
        quota.refund(0);
        assert!(!quota.draw());
        quota.refund(1);
        assert!(quota.draw());
    }
}
