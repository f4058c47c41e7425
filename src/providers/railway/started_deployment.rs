//! Remembers what one call has done for the deployment of its service, and for how long it has waited for a deployment.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The steps of one call.
#[derive(Default)]
pub(super) struct StartedDeployment {
    created_with_image: AtomicBool,
    set_image: AtomicBool,
    undeployed_since: OnceLock<Instant>,
}

impl StartedDeployment {
    /// Notes that the call sends a `serviceCreate` with an image, which deploys by itself.
    pub(super) fn creates_with_image(&self) {
        self.created_with_image.store(true, Ordering::Relaxed);
    }

    /// Returns whether the call has sent a `serviceCreate` with an image, with or without a response.
    pub(super) fn created_with_image(&self) -> bool {
        self.created_with_image.load(Ordering::Relaxed)
    }

    /// Notes that the call sets the image of a service, which deploys nothing.
    pub(super) fn sets_image(&self) {
        self.set_image.store(true, Ordering::Relaxed);
    }

    /// Returns whether the call may wait for a deployment that another call has begun.
    ///
    /// `now`: when the read began that showed an image and no deployment.
    pub(super) fn may_wait(&self, now: Instant, limit: Duration) -> bool {
        let since = *self.undeployed_since.get_or_init(|| now);
        !self.set_image.load(Ordering::Relaxed) && now.saturating_duration_since(since) < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn a_call_waits_from_its_first_look_for_a_limited_time() {
        let deployment = StartedDeployment::default();
        let first = Instant::now();
        for (after, waits) in [(0, true), (59, true), (60, false)] {
            let now = first + Duration::from_secs(after);
            assert_eq!(deployment.may_wait(now, LIMIT), waits, "{after} s");
        }
    }

    #[test]
    fn a_call_that_sets_the_image_itself_waits_for_no_deployment() {
        let deployment = StartedDeployment::default();
        deployment.sets_image();
        assert!(!deployment.may_wait(Instant::now(), LIMIT));
        assert!(!deployment.created_with_image());
    }
}
