//! Time, injected: no policy reads the wall clock by itself, so tests never sleep.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

/// A source of time.
#[async_trait]
pub(crate) trait Clock: Send + Sync {
    /// Returns a point on the monotonic axis.
    fn now(&self) -> Instant;

    /// Returns the date, for headers and tokens that name one (`Retry-After`, `exp`).
    fn date(&self) -> SystemTime;

    /// Resolves `duration` from now.
    async fn sleep(&self, duration: Duration);
}

/// A clock that calls share.
pub(crate) type SharedClock = Arc<dyn Clock>;

/// Real time, from Tokio's timer: a test that pauses Tokio's clock pauses this one.
pub(crate) struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Time that runs `speed` times as fast as real time.
///
/// The fault harness uses it: its creates are looked up over minutes of the provider's time.
#[cfg(feature = "test-hooks")]
pub(crate) struct FastClock {
    began: Instant,
    speed: u32,
}

#[cfg(feature = "test-hooks")]
impl FastClock {
    /// Starts a clock at the present moment. A `speed` of 0 counts as 1.
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

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.speed).await;
    }
}
