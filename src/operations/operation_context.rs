//! The context that every operation works in.

use super::background::Background;
use crate::context::CallContext;
use crate::model::scope::CallScopes;
use crate::process::ProcessState;
use crate::process::instances::CallInstances;
use crate::provider::Provider;
use crate::provider::semantics::Semantics;

/// A call, the process, and the provider that is bound to the call.
#[derive(Clone, Copy)]
pub(super) struct OperationContext<'a> {
    pub(super) context: &'a CallContext,
    pub(super) process: &'a ProcessState,
    pub(super) provider: &'a dyn Provider,
    pub(super) semantics: &'a Semantics,
    pub(super) scopes: &'a CallScopes,
    pub(super) background: &'a Background,
}

impl<'a> OperationContext<'a> {
    /// Returns the instances that this process remembers for the call.
    pub(super) fn instances(&self) -> CallInstances<'a> {
        self.process.instances.of_call(self.scopes)
    }

    /// Returns the same operation under another call context, such as one with a deadline.
    pub(super) fn under<'b>(&self, context: &'b CallContext) -> OperationContext<'b>
    where
        'a: 'b,
    {
        OperationContext { context, ..*self }
    }
}
