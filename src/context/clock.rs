//! Time and chance, injected: no policy reads the wall clock or rolls dice by itself, so tests never sleep.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

/// Where the core takes time from.
#[async_trait]
pub(crate) trait Clock: Send + Sync {
    /// A point on the monotonic axis.
    fn now(&self) -> Instant;
    /// The date, for headers that name a date (`Retry-After`).
    fn date(&self) -> SystemTime;
    /// Resolves `duration` from now.
    async fn sleep(&self, duration: Duration);
}

/// Real time, through Tokio's timer: a test that pauses Tokio's clock pauses this one.
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Time that runs faster than real: a second of it is `1/speed` of a real one.
///
/// The fault harness needs it, whose creates are looked for over minutes of the provider's time.
#[cfg(feature = "test-hooks")]
pub(crate) struct FastClock {
    began: Instant,
    speed: u32,
}

#[cfg(feature = "test-hooks")]
impl FastClock {
    pub(crate) fn new(speed: u32) -> Self {
        Self {
            began: Instant::now(),
            speed: speed.max(1),
        }
    }
}

#[cfg(feature = "test-hooks")]
#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Instant {
        self.began + self.began.elapsed() * self.speed
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.speed).await;
    }
}

/// A clock to share.
pub(crate) type SharedClock = Arc<dyn Clock>;
