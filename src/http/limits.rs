//! Limits that several layers share.

use std::time::Duration;

/// The longest wait between two attempts; a longer one is reported, not slept (contract §6).
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30);
