//! Which of two settles a call: its output, or the caller's cancellation.

use std::sync::atomic::{AtomicBool, Ordering};

/// Decides once. Without it, an instance could be created at the moment at which its caller gets `ABORTED`, and
/// no caller would hold it.
#[derive(Default)]
pub(crate) struct Handover(AtomicBool);

impl Handover {
    /// Returns `true` to the first that asks.
    pub(crate) fn try_settle(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}
