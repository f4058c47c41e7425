//! The contract of a provider: what each provider must do, and what the shared layers do for it.
//!
//! A provider translates. It sends one request at a time through its client, reads the response, and says what it means.
//! It never sleeps, never repeats a request, never reads the environment and knows nothing of JavaScript. `operations`
//! waits, repeats, cleans up and remembers, and knows only this trait.

pub(crate) mod config;
pub(crate) mod connection;
pub(crate) mod facts;
mod renewal;
pub(crate) mod semantics;
pub(crate) mod settings;

use std::time::Duration;

use async_trait::async_trait;

use crate::context::CallContext;
use crate::error::{Message, Operation, Result};
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, InstanceView};
use crate::model::owner::Owner;

/// How far [`Provider::complete`] has come.
#[derive(Debug)]
pub(crate) enum Completion {
    /// Nothing is left to do.
    Done(Instance),
    /// The provider does not show its own work yet: call again later.
    Pending,
    /// Nothing is left to do, but what was started may still fail: call again until it has run for `minimum`.
    Stabilizing { instance: Instance, minimum: Duration },
}

/// The result of probing a starting instance.
#[derive(Debug)]
pub(crate) enum Readiness {
    Ready(Instance),
    Starting,
    /// It will not run. The text says why, in the provider's words.
    Failed(Message),
}

/// The result of reading one instance.
#[derive(Debug)]
pub(crate) enum ReadResult {
    Found(Instance),
    /// Not there, or outside the scope. A read that lags may miss a young instance.
    Absent,
    /// The provider says itself that the instance was deleted: the read does not merely lag.
    Deleted,
}

impl ReadResult {
    /// Makes the result of a read that cannot tell deleted from absent.
    pub(crate) fn found_or_absent(instance: Option<Instance>) -> Self {
        instance.map_or(Self::Absent, Self::Found)
    }
}

/// Whether this process created an instance that is to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// This process created it: no read, which may lag, has to show that it is in scope.
    CreatedHere,
    /// The provider has to check that it is in scope. What is outside the scope is never deleted.
    Unknown,
}

/// The ownership token that a read of an instance shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OwnershipToken {
    /// The instance has none.
    Missing,
    /// The instance, or its variables, do not show yet.
    NotYetVisible,
    Value(String),
}

impl OwnershipToken {
    /// Returns whether it is `token`; `None` if that does not show yet.
    pub(crate) fn is(&self, token: &str) -> Option<bool> {
        match self {
            Self::Missing => Some(false),
            Self::NotYetVisible => None,
            Self::Value(value) => Some(value == token),
        }
    }
}

/// How a deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeleteResult {
    /// The provider accepted the deletion for good, or the instance was seen in this scope and is gone since.
    Deleted,
    /// There was nothing to delete in this scope: the instance was gone before, or is another's.
    Absent,
    /// The instance may be so young that its absence proves nothing: call again later.
    NotYetVisible,
}

/// Which of the instances in scope a listing returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListFilter {
    All,
    /// What this package created.
    Managed,
    /// What this package created for this owner.
    Owned(Owner),
}

impl ListFilter {
    /// Returns whether a listing returns the instance.
    pub(crate) fn admits(&self, instance: &InstanceView<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Managed => instance.managed,
            Self::Owned(owner) => instance.managed && instance.is_owned_by(owner),
        }
    }
}

/// What a provider tells of a call before it begins, for those who watch the call. It holds no credential.
#[derive(Debug, Default)]
pub(crate) struct Description<'a> {
    /// Where the resources live: `project`, `environment`, `workspace`, `team`.
    pub(crate) location: Vec<(&'static str, &'a str)>,
    /// The region of what is created, or of the endpoint.
    pub(crate) region: Option<&'a str>,
    /// The image of what is created.
    pub(crate) image: Option<&'a str>,
}

/// Takes the instances of a listing one by one.
pub(crate) trait InstanceSink: Send {
    /// Takes an instance, in the provider's order. It may come twice.
    fn add(&mut self, instance: &InstanceView<'_>);
}

#[cfg(test)]
impl InstanceSink for Vec<Instance> {
    fn add(&mut self, instance: &InstanceView<'_>) {
        self.push(instance.clone().into());
    }
}

/// A provider for one call. Each method is about one request long.
///
/// *Errors of all methods*: a response that is an error has the code and outcome that the provider's error table gives it.
/// An error of the transport passes through unchanged.
#[async_trait]
pub(crate) trait Provider: Send + Sync {
    /// Describes the call. `request` is that of a create.
    fn describe<'a>(&'a self, request: Option<&'a CreateRequest>) -> Description<'a>;

    /// Checks that an id has the provider's form, before any request, and returns it in the provider's spelling.
    fn read_id(&self, operation: Operation, id: &str) -> Result<String>;

    /// Checks that the provider can carry out a create as asked, before any request.
    fn check_create(&self, request: &CreateRequest, handle: &Handle) -> Result<()>;

    /// Has the provider fetch what a create needs and no caller owns, such as an image. It can be repeated, may take minutes,
    /// and is called before the first create request. Most providers have nothing to do.
    async fn prepare(&self, _context: &CallContext, _request: &CreateRequest) -> Result<()> {
        Ok(())
    }

    /// Returns whether the provider itself replaces this value of a variable, or a part of it.
    fn replaces(&self, _value: &str) -> bool {
        false
    }

    /// Creates the resource under the name of the handle.
    ///
    /// Sends at most one request that has an effect. A name that is taken is `ALREADY_EXISTS`. An error with
    /// [`Outcome::Unknown`](crate::error::Outcome::Unknown) means that the resource may exist.
    async fn create(&self, context: &CallContext, request: &CreateRequest, handle: &Handle) -> Result<Instance>;

    /// Looks up the resources that bear the handle once, in any order, also those that are only half created. There are
    /// several only where the provider does not keep names unique after all.
    ///
    /// An empty list says only that this lookup saw none; reads may lag.
    async fn find(&self, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>>;

    /// Reads once which ownership token the instance has.
    ///
    /// It is called only where two creates may have had the same name.
    async fn ownership_token(&self, context: &CallContext, instance: &Instance) -> Result<OwnershipToken>;

    /// Brings what `create` made into the state that the request asks for, where that takes further requests. Most
    /// providers have nothing to do.
    ///
    /// Each step can be repeated, also by another process on a create that was cut short.
    async fn complete(
        &self,
        _context: &CallContext,
        _request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        Ok(Completion::Done(instance.clone()))
    }

    /// Reads once whether the instance runs.
    async fn readiness(&self, context: &CallContext, instance: &Instance) -> Result<Readiness>;

    /// Reads an instance. It is absent if it does not exist, is deleted or is outside the scope, and for no other reason.
    async fn get(&self, context: &CallContext, id: &str) -> Result<ReadResult>;

    /// Reads one page of the instances in scope that `create` can make and that are not gone, and hands them to `sink`.
    /// Returns where the next page begins; `None` after the last. A provider that can select on its side does so; the caller
    /// checks what comes.
    ///
    /// Only a page that could be read is handed over: a page that is asked for again has handed over nothing before.
    async fn list(
        &self,
        context: &CallContext,
        cursor: Option<&str>,
        filter: &ListFilter,
        sink: &mut dyn InstanceSink,
    ) -> Result<Option<String>>;

    /// Deletes an instance. Deleting what is gone or outside the scope succeeds; what is outside the scope is not touched.
    /// A response that can mean both "gone" and "failed" is settled by a read.
    async fn destroy(&self, context: &CallContext, id: &str, ownership: Ownership) -> Result<DeleteResult>;
}
