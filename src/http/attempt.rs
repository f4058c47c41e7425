//! Bounds one attempt in time, and ends it when the caller cancels. Waits between attempts lie outside of it.

use std::time::Duration;

use super::effect::Effect;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};

/// Why an attempt ended before its response came.
pub(super) enum Ended {
    /// The caller has cancelled.
    Cancelled,
    /// The attempt took this long, which is as long as it may.
    TimedOut(Duration),
}

/// Runs an attempt for at most `limit`, or as much of it as the operation's deadline leaves.
///
/// A cancellation ends an idempotent attempt by dropping it, which closes its connection. A create request runs to its end:
/// its response is the best evidence of what has to be cleaned up, and the caller does not wait for it.
pub(super) async fn run<T>(
    context: &CallContext,
    effect: Effect,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Ended> {
    let allowed = context.remaining(limit);
    tokio::select! {
        biased;
        () = context.cancelled(), if effect == Effect::Idempotent => Err(Ended::Cancelled),
        output = work => Ok(output),
        () = context.sleep_uncancelled(allowed) => Err(Ended::TimedOut(allowed)),
    }
}

impl From<Ended> for Error {
    /// Makes an error of an unknown outcome: the request may have arrived.
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Cancelled => Self::aborted().with_outcome(Outcome::Unknown),
            Ended::TimedOut(limit) => {
                // Rounded, because the operation's deadline takes a little off.
                let text = format!("No answer came within {:.0} ms.", limit.as_secs_f64() * 1_000.0);
                Self::ambiguous(ErrorCode::Timeout, Message::ours(text))
            }
        }
    }
}
