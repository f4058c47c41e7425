//! Limits that several layers share.

use std::time::Duration;

/// The longest wait before a request is sent or sent again. A longer one is not slept but reported as `RATE_LIMITED`.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
