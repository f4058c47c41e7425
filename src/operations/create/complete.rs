//! The steps that follow a create request.

use std::time::Duration;

use super::adopted::AdoptedCheck;
use super::creation::Creation;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::model::instance::Instance;
use crate::operations::polling::Polling;
use crate::provider::Completion;

/// How long the steps may take in all.
const COMPLETION_LIMIT: Duration = Duration::from_secs(120);

impl Creation<'_> {
    /// Repeats the provider's steps, each of which can be repeated, until nothing is left to do.
    ///
    /// Errors: among others `NOT_FOUND` if an adopted instance is gone.
    pub(super) async fn complete(&self, instance: &Instance, created_here: bool) -> Result<Instance> {
        let context = self.operation.context.within(COMPLETION_LIMIT);
        let mut failures = 0;
        let mut stabilizing_since = None;
        let mut polling = Polling::new();
        let mut adopted = AdoptedCheck::new(self, instance, created_here);
        loop {
            let began = context.now();
            let mut rest = Duration::MAX;
            let step = self.operation.provider.complete(&context, self.request, instance).await;
            let failure = match step {
                _ if mutated!(ForgetsSteps) => return Ok(instance.clone()),
                Ok(Completion::Done(instance)) => return Ok(instance),
                Ok(Completion::Pending) => {
                    adopted.check().await?;
                    None
                }
                Ok(Completion::Stabilizing { instance, minimum }) => {
                    // A slow response tells of a state that is past: what counts is when it was asked for.
                    let since = *stabilizing_since.get_or_insert_with(|| context.now());
                    if began.saturating_duration_since(since) >= minimum {
                        return Ok(instance);
                    }
                    // The next look is the last one, if it finds no failure.
                    rest = (since + minimum).saturating_duration_since(context.now());
                    None
                }
                // A step whose response was lost may have been taken: the next round reads before it repeats the step.
                Err(error)
                    if failures < self.max_retries && error.is_transient() && error.details().retry_after.is_none() =>
                {
                    failures += 1;
                    Some(error)
                }
                Err(_) if mutated!(TakesFailedStepForDone) => return Ok(instance.clone()),
                Err(error) => return Err(error),
            };
            if let Err(ended) = context.sleep(polling.next_wait().min(rest)).await {
                return Err(match failure {
                    Some(failure) if !context.is_cancelled() => failure,
                    _ if context.is_cancelled() => ended,
                    _ => {
                        let limit = COMPLETION_LIMIT.as_secs();
                        let text = Message::ours(format!(
                            "The steps that follow the creation were not done within {limit} s."
                        ));
                        Error::new(ErrorCode::Timeout, text).with_outcome(Outcome::Done)
                    }
                });
            }
        }
    }
}
