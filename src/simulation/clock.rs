//! Virtual time. Tokio's clock is paused, and jumps to the next timer as soon as no task can run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

use super::process::Life;
use crate::context::clock::Clock;

/// The date at which every scenario begins, in seconds since 1970.
const BEGINNING: u64 = 1_800_000_000;

/// Waits in virtual time.
#[expect(clippy::disallowed_methods, reason = "time is virtual here")]
pub(super) async fn sleep(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// The time since a scenario began.
#[derive(Clone, Copy)]
pub(super) struct Timeline(Instant);

impl Timeline {
    /// Begins now.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the milliseconds since the beginning.
    pub(super) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }

    /// Returns the true date at a moment.
    pub(super) fn date_at(milliseconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING) + Duration::from_millis(milliseconds)
    }
}

/// The clock of one process. Its date may be wrong, and jump.
///
/// It stands still when the process is dead: a task that waits for it waits for ever. The core awaits only its clock, its transport
/// and locks that are held by what awaits one of the two. So nothing of a dead process happens any more, which is what death is.
pub(super) struct ProcessClock {
    life: Arc<Life>,
    timeline: Timeline,
    /// At which moment the date jumps, and by how many seconds.
    jump: Option<(u64, i64)>,
}

impl ProcessClock {
    pub(super) fn new(life: Arc<Life>, timeline: Timeline, jump: Option<(u64, i64)>) -> Self {
        Self { life, timeline, jump }
    }
}

#[async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn date(&self) -> SystemTime {
        let now = self.timeline.now();
        let date = Timeline::date_at(now);
        match self.jump {
            Some((at, seconds)) if now >= at => {
                let by = Duration::from_secs(seconds.unsigned_abs());
                if seconds < 0 { date - by } else { date + by }
            }
            _ => date,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "time is virtual here")]
    async fn sleep(&self, duration: Duration) {
        let _wait = self.life.begin_wait();
        tokio::time::sleep(duration).await;
        self.life.outlive().await;
    }
}
