//! `waitUntilReady`.

use std::time::Duration;

use super::adopted::AdoptedCheck;
use super::creation::Creation;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::model::instance::Instance;
use crate::operations::polling::Polling;
use crate::provider::Readiness;

impl Creation<'_> {
    /// Probes the instance until it runs.
    ///
    /// Errors: `PROVISION_FAILED` if it will not run, `TIMEOUT` if it does not within `limit`. The caller deletes the
    /// instance then. `NOT_FOUND` if an adopted instance is gone.
    pub(super) async fn wait_until_ready(
        &self,
        instance: &Instance,
        created_here: bool,
        limit: Duration,
    ) -> Result<Instance> {
        let context = self.operation.context.within(limit);
        let mut polling = Polling::new();
        let mut adopted = AdoptedCheck::new(self, instance, created_here);
        loop {
            match self.operation.provider.readiness(&context, instance).await {
                Ok(Readiness::Ready(instance)) => return Ok(instance),
                Ok(Readiness::Failed(_)) if mutated!(TakesFailureForReady) => return Ok(instance.clone()),
                Ok(Readiness::Failed(reason)) => {
                    let text = Message::from("The instance did not start: ").then(reason);
                    return Err(Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done));
                }
                Ok(Readiness::Starting) => adopted.check().await?,
                // A probe that failed says nothing of the instance: the next one may succeed.
                Err(error) if error.is_transient() => {}
                Err(error) => return Err(error.with_outcome(Outcome::Done)),
            }
            match context.sleep(polling.next_wait()).await {
                Err(error) if error.code() == ErrorCode::Timeout => {
                    let text = Message::ours(format!("The instance was not ready within {} ms.", limit.as_millis()));
                    return Err(Error::new(ErrorCode::Timeout, text).with_outcome(Outcome::Done));
                }
                other => other?,
            }
        }
    }
}
