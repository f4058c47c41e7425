//! The behaviour contract of a provider: what each must do, and what the shared layers do for it.
//!
//! A provider translates. It sends one request at a time through its client, reads the answer, and says what it means.
//! It never sleeps, never repeats a request, never reads the environment and knows nothing of JavaScript. Waiting,
//! repeating, cleaning up and remembering are done by `operations`, which knows only this trait.

pub(crate) mod config;
pub(crate) mod connection;

use std::time::Duration;

use async_trait::async_trait;

use crate::context::Cx;
use crate::error::{Operation, Result};
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::model::scope::{Identity, Scope};

/// What `complete` has achieved.
#[derive(Debug)]
pub(crate) enum Completion {
    /// Nothing is left to do.
    Done(Instance),
    /// The provider does not show its own work yet: ask again in a while.
    Pending,
    /// Nothing is left to do, but what was started may still fail: ask again until it has gone well for so long.
    Watching { instance: Instance, at_least: Duration },
}

/// What a look at a starting instance shows.
#[derive(Debug)]
pub(crate) enum Readiness {
    Ready(Instance),
    Starting,
    /// It will not run. The text says why, in the provider's words.
    Failed(String),
}

/// Whether the caller of `destroy` knows that the instance is in scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// This process created it, so no read (which may lag) has to show it.
    Ours,
    /// To be checked: what is outside the scope is never deleted.
    Unchecked,
}

/// How a `destroy` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// The provider accepted the deletion for good, or there was nothing to delete in this scope.
    Gone,
    /// The instance is so young that its absence proves nothing: ask again in a while.
    Unsettled,
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) instances: Vec<Instance>,
    /// Where the next page begins; `None` after the last.
    pub(crate) next: Option<String>,
}

/// The operations of a provider, each about one request long.
///
/// *All*: an answer is `Err` with the code and outcome that the provider's own table gives it. A failure of the
/// transport passes through unchanged.
#[async_trait]
pub(crate) trait Provider: Send + Sync {
    fn identity(&self) -> Identity;

    fn scope(&self) -> &Scope;

    /// Longest time after a create during which reads may not show it yet.
    fn visibility_lag(&self) -> Duration;

    /// How long a resource must stay unseen before it surely was not made: longer than the slowest create on record and
    /// than [`Provider::visibility_lag`].
    fn absence_window(&self) -> Duration;

    /// Whether an id is never given twice. Where it is a name, what was removed may be there again, and be another's.
    fn ids_are_unique(&self) -> bool {
        true
    }

    /// Whether a create that is sent twice under one handle makes one resource: then what is lost is sent again at once
    /// instead of being looked for until it surely is absent.
    fn repeats_safely(&self) -> bool {
        false
    }

    /// Refuses an id that is not of the provider's form, before any request; gives it in the spelling of the provider.
    fn read_id(&self, operation: Operation, id: &str) -> Result<String>;

    /// Refuses a create that the provider cannot carry out as asked, before any request.
    fn check_create(&self, request: &CreateRequest, handle: &Handle) -> Result<()>;

    /// Makes the resource, named by the handle.
    ///
    /// *Behaviour*: sends at most one request that has an effect. A name that is taken is `ALREADY_EXISTS`. An error
    /// with [`Outcome::Unknown`](crate::error::Outcome::Unknown) means that the resource may exist.
    async fn create(&self, cx: &Cx, request: &CreateRequest, handle: &Handle) -> Result<Instance>;

    /// Looks once for the resource that bears the handle, also if it is half-made.
    ///
    /// *Behaviour*: `None` says only that it was not seen; reads may lag.
    async fn find(&self, cx: &Cx, handle: &Handle) -> Result<Option<Instance>>;

    /// Looks once for the mark of the create that made the instance: `None` if none is seen (yet).
    ///
    /// Asked only where two creates may have had the same name.
    async fn has_mark(&self, cx: &Cx, instance: &Instance, mark: &str) -> Result<Option<bool>>;

    /// Brings what `create` made into the state that the request asks for, where that takes further requests.
    ///
    /// *Behaviour*: safe to repeat, also by another process on a half-done create. Most providers have nothing to do.
    async fn complete(&self, _cx: &Cx, _request: &CreateRequest, instance: &Instance) -> Result<Completion> {
        Ok(Completion::Done(instance.clone()))
    }

    /// Looks once at whether the instance runs.
    async fn readiness(&self, cx: &Cx, instance: &Instance) -> Result<Readiness>;

    /// *Behaviour*: `None` for what does not exist, is deleted or is outside the scope; never for any other reason.
    async fn get(&self, cx: &Cx, id: &str) -> Result<Option<Instance>>;

    /// *Behaviour*: only what is in scope, of a kind that `create` can make, and not gone.
    async fn list(&self, cx: &Cx, cursor: Option<&str>, managed_only: bool) -> Result<Page>;

    /// *Behaviour*: deleting what is gone or outside the scope succeeds, the latter without touching it. An answer
    /// that can mean both "gone" and "failed" is settled by reading.
    async fn destroy(&self, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal>;
}
