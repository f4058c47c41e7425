//! Who settles a call: its reply, or the caller that has turned away.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a reply goes to its caller or the caller has turned away: decided once, by whoever comes first.
///
/// Without it an instance could be made in the very moment in which its caller is told `ABORTED`, and be nobody's.
#[derive(Default)]
pub(crate) struct Claim(AtomicBool);

impl Claim {
    /// `true` for the first to ask.
    pub(crate) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}
