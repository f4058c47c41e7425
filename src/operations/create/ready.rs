//! Waits until an instance runs.

use std::time::Duration;

use crate::context::Cx;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::instance::Instance;
use crate::operations::polling::Polling;
use crate::provider::{Provider, Readiness};

/// Looks at the instance until it runs or has failed, or `limit` is over.
///
/// Errors: `PROVISION_FAILED`, `TIMEOUT`; the caller removes the instance then.
pub(crate) async fn until_ready(
    cx: &Cx,
    provider: &dyn Provider,
    instance: &Instance,
    limit: Duration,
) -> Result<Instance> {
    let waiting = cx.within(limit);
    let mut polling = Polling::new();
    loop {
        match provider.readiness(&waiting, instance).await {
            Ok(Readiness::Ready(instance)) => return Ok(instance),
            Ok(Readiness::Failed(reason)) => {
                let text = format!("The instance did not start: {reason}");
                return Err(Error::new(ErrorCode::ProvisionFailed, text).with_outcome(Outcome::Done));
            }
            Ok(Readiness::Starting) => {}
            // One look that went wrong says nothing of the instance: the next one may go well.
            Err(error) if error.may_pass() => {}
            Err(error) => return Err(error.with_outcome(Outcome::Done)),
        }
        match waiting.sleep(polling.next_wait()).await {
            Err(error) if error.code() == ErrorCode::Timeout => {
                let text = format!("The instance was not ready within {} ms.", limit.as_millis());
                return Err(Error::new(ErrorCode::Timeout, text).with_outcome(Outcome::Done));
            }
            other => other?,
        }
    }
}
