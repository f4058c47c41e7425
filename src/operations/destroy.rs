//! `destroy`.

use std::time::Duration;

use super::polling::Polling;
use crate::context::Cx;
use crate::error::{Error, Result};
use crate::model::handle::Handle;
use crate::process::instances::Straggler;
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

/// Deletes an instance and forgets it, and with it what a lost sending of its create may still make.
pub(crate) async fn remove(cx: &Cx, provider: &dyn Provider, id: &str, ownership: Ownership) -> Result<()> {
    let straggler = cx.core.memory.straggler(provider.scope(), id);
    remove_one(cx, provider, id, ownership).await?;
    if let Some(straggler) = straggler {
        sweep(cx, provider, &straggler).await?;
    }
    cx.core.memory.removed(provider.scope(), id);
    Ok(())
}

/// Deletes an instance.
///
/// While it is too young for its absence to mean anything, it is looked at again, for as long as reads may lag.
async fn remove_one(cx: &Cx, provider: &dyn Provider, id: &str, ownership: Ownership) -> Result<()> {
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
            // Another call of this process has removed it meanwhile.
            Removal::Unsettled if was_removed(cx, provider, id) => return Ok(()),
            Removal::Unsettled if !last => cx.sleep(polling.next_wait()).await?,
            Removal::Gone | Removal::Unsettled => return Ok(()),
        }
    }
}

fn was_removed(cx: &Cx, provider: &dyn Provider, id: &str) -> bool {
    provider.ids_are_unique() && cx.core.memory.was_removed(provider.scope(), id)
}

/// Looks for what a lost sending makes belatedly, and deletes it, until none can come any more.
async fn sweep(cx: &Cx, provider: &dyn Provider, straggler: &Straggler) -> Result<()> {
    // A mark may show later than what bears it.
    let unclear_until = straggler.until.max(cx.now()) + provider.visibility_lag();
    let mut polling = Polling::new();
    loop {
        let (last, marks_show) = (cx.now() >= straggler.until, cx.now() >= unclear_until);
        match find_late(cx, provider, &straggler.handle).await {
            Ok(Late::Found(id)) => remove_one(cx, provider, &id, Ownership::Ours).await?,
            Ok(Late::Unclear) if marks_show => return Ok(()),
            Ok(Late::Nothing) if last => return Ok(()),
            Ok(Late::Nothing | Late::Unclear) => {}
            Err(error) if error.may_pass() && !last => {}
            Err(error) => return Err(error),
        }
        cx.sleep(polling.next_wait()).await?;
    }
}

/// What a look for a straggler's work has shown.
enum Late {
    Nothing,
    /// The id of what this create has made.
    Found(String),
    /// Something bears the handle, and no mark of it shows.
    Unclear,
}

/// Looks for what bears the handle and is of the same create. Under a key or a caller's name a later create may have
/// made it, and it is in somebody's hands.
async fn find_late(cx: &Cx, provider: &dyn Provider, handle: &Handle) -> Result<Late> {
    let Some(late) = provider.find(cx, handle).await? else {
        return Ok(Late::Nothing);
    };
    Ok(match handle.mark() {
        None => Late::Found(late.id),
        Some(mark) => match provider.has_mark(cx, &late, mark).await? {
            Some(true) => Late::Found(late.id),
            Some(false) => Late::Nothing,
            None => Late::Unclear,
        },
    })
}
