//! `destroy`.

use std::time::Duration;

use super::polling::Polling;
use crate::context::Cx;
use crate::error::{Error, Result};
use crate::provider::{Ownership, Provider, Removal};

/// Deletes an instance for good. Deleting what is gone, or outside the scope, succeeds.
pub(crate) async fn destroy(cx: &Cx, provider: &dyn Provider, id: &str) -> Result<()> {
    let scope = provider.scope();
    let ownership = if cx.core.memory.is_ours(scope, id) {
        Ownership::Ours
    } else {
        Ownership::Unchecked
    };
    remove(cx, provider, id, ownership)
        .await
        .map_err(|error: Error| error.with_instance_id(id))
}

/// Deletes an instance and forgets it.
///
/// While it is too young for its absence to mean anything, it is looked at again, for as long as reads may lag.
pub(crate) async fn remove(cx: &Cx, provider: &dyn Provider, id: &str, ownership: Ownership) -> Result<()> {
    // What this process created is that much older already.
    let age = match ownership {
        Ownership::Ours => cx.core.memory.unseen_for(provider.scope(), id),
        Ownership::Unchecked => Some(Duration::ZERO),
    };
    let lag = age.map_or(Duration::ZERO, |age| provider.visibility_lag().saturating_sub(age));
    let lag_ends = cx.now() + lag;
    let mut polling = Polling::new();
    loop {
        // Asked once more when the lag is over, for that answer counts.
        let last = cx.now() >= lag_ends;
        match provider.destroy(cx, id, ownership).await? {
            Removal::Unsettled if !last => cx.sleep(polling.next_wait()).await?,
            Removal::Gone | Removal::Unsettled => break,
        }
    }
    cx.core.memory.removed(provider.scope(), id);
    Ok(())
}
