//! A create: what was checked before it, and what it works with while it is under way.

use crate::context::events::ReconcileStep;
use crate::context::random::Random;
use crate::error::Result;
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::owner::Owner;
use crate::model::scope::Scope;
use crate::operations::handover::Handover;
use crate::operations::observe::observe_reconcile;
use crate::operations::operation_context::OperationContext;
use crate::provider::Provider;

/// A create that was checked and named, and has sent nothing yet.
pub(crate) struct PreparedCreate {
    pub(crate) request: CreateRequest,
    pub(crate) handle: Handle,
}

impl PreparedCreate {
    /// Chooses the handle, and checks that the provider can carry out the request.
    pub(crate) fn new(
        random: &dyn Random,
        provider: &dyn Provider,
        scope: &Scope,
        owner: Option<&Owner>,
        mut request: CreateRequest,
    ) -> Result<Self> {
        let handle = match (request.name.take(), &request.idempotency_key) {
            (Some(name), _) => Handle::named(name, random, owner)?,
            (None, Some(_)) if mutated!(IgnoresKey) => Handle::random(random, owner)?,
            (None, Some(key)) => Handle::derived(scope, key, random, owner)?,
            (None, None) => Handle::random(random, owner)?,
        };
        provider.check_create(&request, &handle)?;
        request.check_gateway_url(|value| provider.replaces(value))?;
        Ok(Self { request, handle })
    }

    /// Returns the name that the resource will have.
    pub(crate) fn name(&self) -> &str {
        self.handle.name()
    }
}

/// A create under way.
pub(crate) struct Creation<'a> {
    pub(crate) operation: OperationContext<'a>,
    pub(crate) request: &'a CreateRequest,
    pub(crate) handle: &'a Handle,
    /// How often the create may be sent again.
    pub(crate) max_retries: u32,
    /// Decides whether the instance goes to the caller or the caller has cancelled.
    pub(crate) handover: &'a Handover,
}

impl Creation<'_> {
    /// Records a step for those who watch the call.
    pub(super) fn observe(&self, step: ReconcileStep, instance_id: Option<&str>) {
        observe_reconcile(self.operation.context, step, self.handle.name(), instance_id);
    }
}
