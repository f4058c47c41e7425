//! Limits that several layers or both transports share.

use std::time::Duration;

/// The longest wait before a request is sent or sent again. A longer one is not slept but reported as `RATE_LIMITED`.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long connecting may take, TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept. Servers keep theirs longer: a request that is sent just as the server closes the
/// connection is lost without a trace, and a lost create has to be looked up.
pub(super) const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// How soon TCP asks whether the other side is still there while a response is awaited.
pub(super) const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// How soon TCP asks again, and how often.
pub(super) const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
pub(super) const TCP_KEEPALIVE_RETRIES: u32 = 3;

/// How long the other side may leave bytes unacknowledged. Only Linux has this limit.
#[cfg(target_os = "linux")]
pub(super) const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);
