//! `getById`.

use super::polling::Polling;
use crate::context::Cx;
use crate::error::Result;
use crate::model::instance::Instance;
use crate::provider::Provider;

/// Looks an instance up. `None` for what does not exist or is outside the scope.
///
/// What this process created moments ago is not reported missing merely because reads lag behind writes: it is looked
/// for until it shows, or until the provider's lag has passed since its creation.
pub(crate) async fn get(cx: &Cx, provider: &dyn Provider, id: &str) -> Result<Option<Instance>> {
    let memory = &cx.core.memory;
    let mut polling = Polling::new();
    loop {
        if let Some(instance) = provider.get(cx, id).await? {
            memory.seen(provider.scope(), id);
            return Ok(Some(instance));
        }
        let lagging = memory
            .unseen_for(provider.scope(), id)
            .is_some_and(|age| age < provider.visibility_lag());
        if !lagging {
            return Ok(None);
        }
        cx.sleep(polling.next_wait()).await?;
    }
}
