//! Random numbers, injected: tests choose them.

/// Where the core takes chance from: handles need real entropy, jitter merely some.
pub(crate) trait Random: Send + Sync {
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
