//! Random numbers, injected so that tests can choose them.

/// A source of random bytes. Handles need real entropy, jitter needs little.
pub(crate) trait Random: Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system has no entropy to give.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub(crate) struct EntropyError;

/// The operating system's source.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// Returns a number evenly distributed over 0 to 1. Without entropy it is 1, which makes a back-off the longest it can be.
pub(crate) fn jitter(random: &dyn Random) -> f64 {
    let mut bytes = [0_u8; 4];
    match random.fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}
