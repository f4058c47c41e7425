//! The one way in: an operation with everything it needs, run to its reply. Puts on the outer layers, deadline and
//! error context, and masks secrets in what comes back.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::create::{Creation, create};
use super::{destroy::destroy, get::get, list::list};
use crate::context::Cx;
use crate::error::{Error, Operation, Result};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::model::scope::Identity;
use crate::operations::handover::Claim;
use crate::process::Core;
use crate::provider::config::{Bound, Definition};

/// The most exchanges that a `getById` or `destroy` takes, each of which has its own bound.
const EXCHANGES: u32 = 4;

/// What is asked for.
enum Task {
    Create(Creation),
    Get { id: String },
    List { managed_only: bool },
    Destroy { id: String },
}

/// What a caller asks for, as it came.
pub(crate) enum Ask {
    Create,
    GetById { id: String },
    List,
    Destroy { id: String },
}

impl Ask {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::Create,
            Self::GetById { .. } => Operation::GetById,
            Self::List => Operation::List,
            Self::Destroy { .. } => Operation::Destroy,
        }
    }
}

/// What an operation gives back.
#[derive(Debug)]
pub(crate) enum Reply {
    Instance(Instance),
    Found(Option<Instance>),
    Instances(Vec<Instance>),
    Nothing,
}

/// An operation that was checked and has sent nothing yet.
pub(crate) struct Call {
    cx: Cx,
    bound: Bound,
    task: Task,
}

impl Call {
    /// Resolves credentials and checks every argument. Cheap, and does no I/O: it runs on JavaScript's thread.
    pub(crate) fn prepare(
        core: &Arc<Core>,
        definition: &dyn Definition,
        ask: Ask,
        options: &Reader<'_>,
        environment: &dyn Environment,
        cancellation: CancellationToken,
    ) -> Result<Self> {
        let operation = ask.operation();
        let identity = definition.identity();
        let prepare = || {
            let mut bound = definition.bind(core, operation, environment, options)?;
            let cx = Cx::new(Arc::clone(core), operation, cancellation);
            let provider = &*bound.provider;
            let task = match ask {
                Ask::Create => {
                    let request = CreateRequest::read(options)?;
                    bound.redactor.extend(request.variables.iter().map(|(_, value)| value));
                    Task::Create(Creation::prepare(&cx, provider, request)?)
                }
                Ask::GetById { id } => {
                    let id = provider.read_id(operation, &id)?;
                    Task::Get { id }
                }
                Ask::Destroy { id } => {
                    let id = provider.read_id(operation, &id)?;
                    Task::Destroy { id }
                }
                Ask::List => Task::List {
                    managed_only: options.boolean("managed")?.unwrap_or(false),
                },
            };
            Ok(Self { cx, bound, task })
        };
        prepare().map_err(|error: Error| in_context(error, identity, operation))
    }

    /// To be taken before the call's promise is settled without its reply.
    pub(crate) fn claim(&self) -> Arc<Claim> {
        Arc::clone(&self.cx.claim)
    }

    /// The name under which a create may leave something, for an error that must be told before the create ends.
    pub(crate) fn resource_name(&self) -> Option<String> {
        match &self.task {
            Task::Create(creation) => Some(creation.name().to_owned()),
            _ => None,
        }
    }

    pub(crate) async fn run(self) -> Result<Reply> {
        let Self { cx, bound, task } = self;
        let provider = &*bound.provider;
        // Removing what this process has made may include a search for what a lost sending makes belatedly.
        let waits = provider.visibility_lag() + provider.absence_window();
        let bounded = cx.within(bound.patience * EXCHANGES + waits);
        let reply = match &task {
            // A create bounds its steps one by one: it may have to look for its resource, wait for it and clean up after it.
            Task::Create(creation) => create(&cx, provider, creation, bound.max_retries)
                .await
                .map(Reply::Instance),
            Task::Get { id } => get(&bounded, provider, id).await.map(Reply::Found),
            Task::Destroy { id } => destroy(&bounded, provider, id).await.map(|()| Reply::Nothing),
            // Each page is an exchange; how many there are is not known.
            Task::List { managed_only } => list(&cx, provider, *managed_only).await.map(Reply::Instances),
        };
        reply.map_err(|error| in_context(error.redact(&bound.redactor), provider.identity(), cx.operation))
    }
}

/// The error-context layer, for whoever holds an identity.
pub(crate) fn in_context(error: Error, identity: Identity, operation: Operation) -> Error {
    error.in_context(identity.name, identity.title, operation)
}
