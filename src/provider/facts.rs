//! Facts that a provider may remember between calls: responses of its API that rarely change.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use crate::context::CallContext;
use crate::error::Result;
use crate::model::scope::Scope;

/// Facts by scope, so that no tenant learns of another's. The process keeps them and hands them to a provider when it
/// connects.
#[async_trait]
pub(crate) trait Facts: Send + Sync {
    /// Returns a fact that has not expired.
    fn get(&self, scope: &Scope, fact: &'static str) -> Option<&'static str>;

    /// Remembers a fact for `lifetime`, at most ten minutes.
    fn insert(&self, scope: &Scope, fact: &'static str, value: &'static str, lifetime: Duration);

    /// Waits until no other call fetches the same fact, so that calls which begin together ask once.
    ///
    /// Errors: `ABORTED`.
    async fn acquire(&self, context: &CallContext, scope: &Scope, fact: &'static str) -> Result<OwnedMutexGuard<()>>;
}
