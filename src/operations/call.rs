//! The way into the core: a call is prepared on the caller's thread, then run to its output.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::background::{Background, Watch};
use super::create::{Creation, HANG_LIMIT, PreparedCreate, create};
use super::destroy::destroy;
use super::get::get;
use super::handover::Handover;
use super::list::list;
use super::observe::MaskedSink;
use super::operation_context::OperationContext;
use super::watch;
use crate::context::CallContext;
use crate::context::events::{EventSink, Events};
use crate::error::{Operation, Result};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::model::instance_rows::InstanceRows;
use crate::model::owner::Owner;
use crate::process::ProcessState;
use crate::provider::config::{BoundProvider, ConfiguredProvider, ConnectRequest};
use crate::provider::facts::Facts;
use crate::provider::semantics::Semantics;
use crate::provider::{Description, ListFilter};
use crate::secret::Redactor;

/// The fields of `list`'s options.
pub(crate) const LIST_FIELDS: [&str; 2] = ["managed", "owned"];

/// The most exchanges with the provider that a `getById` or `destroy` takes. Each has its own time limit.
const EXCHANGES: u32 = 4;

/// The method and the id that a caller asks for.
pub(crate) enum CallRequest {
    Create,
    GetById { id: String },
    List,
    Destroy { id: String },
}

impl CallRequest {
    fn operation(&self) -> Operation {
        match self {
            Self::Create => Operation::Create,
            Self::GetById { .. } => Operation::GetById,
            Self::List => Operation::List,
            Self::Destroy { .. } => Operation::Destroy,
        }
    }
}

/// The value of a call.
#[derive(Debug)]
pub(crate) enum CallOutput {
    Instance(Instance),
    Found(Option<Instance>),
    Instances(InstanceRows),
    Nothing,
}

impl CallOutput {
    /// Masks the credentials of the call in its result: a provider may echo one in a name or a URL. A listing has
    /// masked them.
    fn redact(mut self, redactor: &Redactor) -> Self {
        if let Self::Instance(instance) | Self::Found(Some(instance)) = &mut self {
            instance.redact(&redactor.fields());
        }
        self
    }
}

/// What is known of a call before it begins.
pub(crate) struct CallDescription<'a> {
    pub(crate) target: CallTarget<'a>,
    /// The name of what a create makes.
    pub(crate) name: Option<&'a str>,
    pub(crate) instance_id: Option<&'a str>,
}

/// The part of a description that many calls share: where they go, and which image they start there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallTarget<'a> {
    location: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    server_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_port: Option<u16>,
}

/// A call that was checked and has sent nothing yet.
pub(crate) struct PreparedCall {
    context: CallContext,
    process: Arc<ProcessState>,
    semantics: &'static Semantics,
    bound: BoundProvider,
    handover: Arc<Handover>,
    work: Work,
}

enum Work {
    Create(PreparedCreate),
    Get { id: String },
    List { filter: ListFilter },
    Destroy { id: String },
}

impl PreparedCall {
    /// Resolves credentials and checks every argument. It is cheap and does no I/O: it runs on JavaScript's thread.
    pub(crate) fn prepare(
        process: &Arc<ProcessState>,
        provider: &ConfiguredProvider,
        request: CallRequest,
        options: &Reader<'_>,
        environment: &dyn Environment,
        cancellation: CancellationToken,
    ) -> Result<Self> {
        let operation = request.operation();
        let facts: Arc<dyn Facts> = process.facts.clone();
        let mut bound = provider.config.connect(&ConnectRequest {
            operation,
            config: &provider.config,
            options,
            environment,
            http: &process.http,
            clock: &*process.clock,
            random: &*process.random,
            facts: &facts,
        })?;
        let work = match request {
            CallRequest::Create => {
                let request = CreateRequest::read(options)?;
                request.add_secrets(&mut bound.redactor);
                let create = PreparedCreate::new(
                    &*process.random,
                    &*bound.provider,
                    bound.scopes.first(),
                    bound.owner.as_ref(),
                    request,
                )?;
                Work::Create(create)
            }
            CallRequest::GetById { id } => Work::Get {
                id: bound.provider.read_id(operation, &id)?,
            },
            CallRequest::Destroy { id } => Work::Destroy {
                id: bound.provider.read_id(operation, &id)?,
            },
            CallRequest::List => Work::List {
                filter: read_filter(options, bound.owner.as_ref())?,
            },
        };
        Ok(Self {
            context: CallContext::new(Arc::clone(&process.clock), cancellation),
            process: Arc::clone(process),
            semantics: provider.factory.semantics,
            bound,
            handover: Arc::default(),
            work,
        })
    }

    /// Describes the call for those who watch it.
    pub(crate) fn describe(&self) -> CallDescription<'_> {
        let request = match &self.work {
            Work::Create(create) => Some(&create.request),
            _ => None,
        };
        let instance_id = match &self.work {
            Work::Get { id } | Work::Destroy { id } => Some(id.as_str()),
            Work::Create(_) | Work::List { .. } => None,
        };
        let Description {
            location,
            region,
            image,
        } = self.bound.provider.describe(request);
        let (server_address, server_port) = self.bound.base.host_and_port();
        CallDescription {
            target: CallTarget {
                location: location.into_iter().collect(),
                region,
                image,
                server_address,
                server_port,
            },
            name: self.name(),
            instance_id,
        }
    }

    /// Has the events of the call go to a sink. Credentials in them are masked.
    #[must_use]
    pub(crate) fn with_events(self, sink: Arc<dyn EventSink>) -> Self {
        let masked = MaskedSink::new(sink, self.bound.redactor.clone());
        Self {
            context: self.context.with_events(Events::to(Arc::new(masked))),
            ..self
        }
    }

    /// Returns what decides whether the output or a cancellation settles the call.
    pub(crate) fn handover(&self) -> Arc<Handover> {
        Arc::clone(&self.handover)
    }

    /// Returns the name under which a create may leave something, for an error that reaches the caller before the create ends.
    pub(crate) fn resource_name(&self) -> Option<String> {
        self.name().map(str::to_owned)
    }

    /// Returns the name of what a create makes.
    fn name(&self) -> Option<&str> {
        match &self.work {
            Work::Create(create) => Some(create.name()),
            _ => None,
        }
    }

    /// Runs the call. Secrets are masked in its error, and credentials in its output.
    pub(crate) async fn run(self) -> Result<CallOutput> {
        let Self {
            context,
            process,
            semantics,
            bound,
            handover,
            work,
        } = self;
        let background = Background::default();
        let operation = OperationContext {
            context: &context,
            process: &process,
            provider: &*bound.provider,
            semantics,
            scopes: &bound.scopes,
            background: &background,
        };
        // Deleting what this process created may include a search for what a pending create request makes late.
        let waits = semantics.visibility_lag + semantics.absence_window + HANG_LIMIT;
        let bounded = context.within(bound.exchange_timeout * EXCHANGES + waits);
        let output = match work {
            // A create bounds its steps one by one: it may have to look up its resource, wait for it and clean up.
            Work::Create(prepared) => create(&Creation {
                operation,
                request: &prepared.request,
                handle: &prepared.handle,
                max_retries: bound.max_retries,
                handover: &handover,
            })
            .await
            .map(CallOutput::Instance),
            Work::Get { id } => get(operation.under(&bounded), &id).await.map(CallOutput::Found),
            Work::Destroy { id } => destroy(operation.under(&bounded), &id)
                .await
                .map(|()| CallOutput::Nothing),
            // Each page is an exchange; how many there are is not known.
            Work::List { filter } => list(operation, &filter, &bound.redactor)
                .await
                .map(CallOutput::Instances),
        };
        let output = output.map(|output| output.redact(&bound.redactor)).map_err(|error| {
            if mutated!(ShowsSecrets) {
                error.redact(&Redactor::default())
            } else {
                error.redact(&bound.redactor)
            }
        });
        let watches = background.take();
        if !watches.is_empty() {
            let bound = Arc::new(bound);
            for watch in watches {
                start_watch(&context, &process, semantics, &bound, watch);
            }
        }
        output
    }
}

/// Reads which instances a listing returns.
fn read_filter(options: &Reader<'_>, owner: Option<&Owner>) -> Result<ListFilter> {
    let managed = options.boolean("managed")?.unwrap_or(false);
    let owned = options.boolean("owned")?.unwrap_or(false);
    match (owned, owner) {
        (true, Some(owner)) => Ok(ListFilter::Owned(owner.clone())),
        (true, None) => Err(options.invalid("owned", "needs an owner: set config.owner or COMPUTESDK_OWNER")),
        (false, _) if managed => Ok(ListFilter::Managed),
        (false, _) => Ok(ListFilter::All),
    }
}

/// Starts a watch that goes on after the call has settled. It does not keep Node's process alive.
fn start_watch(
    context: &CallContext,
    process: &Arc<ProcessState>,
    semantics: &'static Semantics,
    bound: &Arc<BoundProvider>,
    watch: Watch,
) {
    let context = context.detached(watch::longest(&watch, context.now()));
    let process = Arc::clone(process);
    let bound = Arc::clone(bound);
    tokio::spawn(async move {
        let background = Background::default();
        let operation = OperationContext {
            context: &context,
            process: &process,
            provider: &*bound.provider,
            semantics,
            scopes: &bound.scopes,
            background: &background,
        };
        // A watch may leave another one: that of a deletion.
        let mut waiting = vec![watch];
        while let Some(watch) = waiting.pop() {
            watch::run(operation, watch).await;
            waiting.extend(background.take());
        }
    });
}
