//! Bounds one attempt in time, and ends it when the caller cancels. Waits between attempts lie outside of it.

use std::time::Duration;

use super::effect::Effect;
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};

/// Why an attempt was ended from outside.
pub(crate) enum Ended {
    /// The caller's signal fired.
    Cancelled,
    /// The attempt took longer than it may, or the operation's deadline came.
    Expired(Duration),
}

/// Runs an attempt for at most `limit`, or as much of it as the operation's deadline leaves.
///
/// A cancellation ends an idempotent attempt by dropping it, which closes its connection. One that has an effect is
/// left to its end: its answer is the surest word on what has to be cleaned up, and the caller does not wait for it.
pub(crate) async fn attempt<T>(
    cx: &Cx,
    effect: Effect,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Ended> {
    let allowed = cx.remaining(limit);
    tokio::select! {
        biased;
        () = cx.cancelled(), if effect == Effect::Idempotent => Err(Ended::Cancelled),
        output = work => Ok(output),
        () = cx.core.clock.sleep(allowed) => Err(Ended::Expired(allowed)),
    }
}

impl From<Ended> for Error {
    /// Either way the request may have arrived.
    fn from(ended: Ended) -> Self {
        use crate::error::Outcome::Unknown;
        match ended {
            Ended::Cancelled => Self::aborted().with_outcome(Unknown),
            Ended::Expired(limit) => {
                // Rounded, because the operation's deadline shaves a little off.
                let text = format!("No answer came within {:.0} ms.", limit.as_secs_f64() * 1_000.0);
                Self::ambiguous(ErrorCode::Timeout, text)
            }
        }
    }
}
