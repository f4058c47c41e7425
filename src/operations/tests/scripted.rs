//! A provider that plays a script: each operation takes its next answer from a queue and notes that it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::context::CallContext;
use crate::context::clock::{Clock, SystemClock};
use crate::context::random::SystemRandom;
use crate::error::{Error, Operation, Result};
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, Status};
use crate::model::scope::{CallScopes, Identity, Scope};
use crate::operations::background::Background;
use crate::operations::create::{Creation, PreparedCreate, create};
use crate::operations::destroy::destroy;
use crate::operations::get::get;
use crate::operations::handover::Handover;
use crate::operations::list::list;
use crate::operations::operation_context::OperationContext;
use crate::operations::watch;
use crate::process::ProcessState;
use crate::process::instances::CallInstances;
use crate::provider::semantics::Semantics;
use crate::provider::{
    Completion, DeleteResult, Description, InstanceSink, ListFilter, Ownership, OwnershipToken, Provider, ReadResult,
    Readiness,
};
use crate::secret::{Redactor, Secret};

pub(super) const ABSENCE: Duration = Duration::from_secs(90);
pub(super) const LAG: Duration = Duration::from_secs(60);
pub(super) const MAX_RETRIES: u32 = 3;

const IDENTITY: Identity = Identity {
    name: "scripted",
    title: "Scripted",
};

/// The next answers of an operation.
pub(super) struct Queue<T>(Mutex<VecDeque<T>>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Queue<T> {
    /// Adds answers to the end.
    pub(super) fn then(&self, answers: impl IntoIterator<Item = T>) {
        self.0.lock().unwrap().extend(answers);
    }
}

impl Queue<Duration> {
    /// Takes as long as the next entry says.
    async fn wait(&self) {
        let delay = self.0.lock().unwrap().pop_front();
        SystemClock.sleep(delay.unwrap_or_default()).await;
    }
}

/// A page of a listing.
#[derive(Default)]
pub(super) struct Page {
    pub(super) instances: Vec<Instance>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

/// Each queue says how its operation answers when the queue is empty.
pub(super) struct Scripted {
    pub(super) scopes: CallScopes,
    pub(super) semantics: Semantics,
    /// Empty: the instance is created.
    pub(super) creates: Queue<Result<Instance>>,
    /// How long a create takes. Empty: no time.
    pub(super) delays: Queue<Duration>,
    /// How long a step after the create takes. Empty: no time.
    pub(super) step_delays: Queue<Duration>,
    /// How long a read of an instance, of its ownership token, and a deletion take. Empty: no time.
    pub(super) read_delays: Queue<Duration>,
    pub(super) token_delays: Queue<Duration>,
    pub(super) deletion_delays: Queue<Duration>,
    /// Empty: not seen.
    pub(super) finds: Queue<Result<Option<Instance>>>,
    /// What a lookup shows besides, as long as it is not deleted.
    pub(super) others: Mutex<Vec<Instance>>,
    /// Empty: the token is there.
    pub(super) tokens: Queue<Result<Option<bool>>>,
    /// Empty: nothing is left to do.
    pub(super) completions: Queue<Result<Completion>>,
    /// Empty: ready.
    pub(super) probes: Queue<Result<Readiness>>,
    /// Empty: not there.
    pub(super) gets: Queue<Result<Option<Instance>>>,
    /// Empty: no page follows.
    pub(super) pages: Queue<Result<Page>>,
    /// Empty: gone.
    pub(super) deletions: Queue<Result<DeleteResult>>,
    asked: Mutex<Vec<&'static str>>,
    /// The ownership token of the handle that was looked up last.
    token: Mutex<Option<String>>,
    /// Fired when a create is asked for, to cancel in mid-flight.
    pub(super) cancel_at_create: Option<CancellationToken>,
}

impl Scripted {
    pub(super) fn new() -> Self {
        Self {
            scopes: scopes("https://example.com", "key"),
            semantics: Semantics {
                identity: IDENTITY,
                visibility_lag: LAG,
                absence_window: ABSENCE,
                create_is_idempotent: false,
                ids_are_never_reused: true,
            },
            creates: Queue::default(),
            delays: Queue::default(),
            step_delays: Queue::default(),
            read_delays: Queue::default(),
            token_delays: Queue::default(),
            deletion_delays: Queue::default(),
            finds: Queue::default(),
            others: Mutex::default(),
            tokens: Queue::default(),
            completions: Queue::default(),
            probes: Queue::default(),
            gets: Queue::default(),
            pages: Queue::default(),
            deletions: Queue::default(),
            asked: Mutex::default(),
            token: Mutex::default(),
            cancel_at_create: None,
        }
    }

    /// How often an operation was asked for.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|asked| **asked == operation)
            .count()
    }

    fn next<T>(&self, operation: &'static str, queue: &Queue<T>) -> Option<T> {
        self.asked.lock().unwrap().push(operation);
        queue.0.lock().unwrap().pop_front()
    }
}

#[async_trait]
impl Provider for Scripted {
    fn describe<'a>(&'a self, _request: Option<&'a CreateRequest>) -> Description<'a> {
        Description::default()
    }

    fn read_id(&self, _operation: Operation, id: &str) -> Result<String> {
        Ok(id.to_owned())
    }

    fn check_create(&self, _request: &CreateRequest, _handle: &Handle) -> Result<()> {
        Ok(())
    }

    async fn create(&self, _context: &CallContext, _request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        if let Some(cancellation) = &self.cancel_at_create {
            cancellation.cancel();
        }
        let next = self.next("create", &self.creates);
        self.delays.wait().await;
        next.unwrap_or_else(|| Ok(instance("made", handle.name())))
    }

    async fn find(&self, _context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
        *self.token.lock().unwrap() = handle.ownership_token().map(str::to_owned);
        let next = self.next("find", &self.finds).unwrap_or(Ok(None));
        let others = self.others.lock().unwrap().clone();
        next.map(|found| found.into_iter().chain(others).collect())
    }

    async fn ownership_token(&self, _context: &CallContext, _instance: &Instance) -> Result<OwnershipToken> {
        let own = self.token.lock().unwrap().clone().unwrap_or_default();
        let next = self.next("has token", &self.tokens).unwrap_or(Ok(Some(true)));
        self.token_delays.wait().await;
        next.map(|is_own| match is_own {
            Some(true) => OwnershipToken::Value(own),
            Some(false) => OwnershipToken::Value("another's".to_owned()),
            None => OwnershipToken::NotYetVisible,
        })
    }

    async fn complete(
        &self,
        _context: &CallContext,
        _request: &CreateRequest,
        instance: &Instance,
    ) -> Result<Completion> {
        let next = self.next("complete", &self.completions);
        self.step_delays.wait().await;
        next.unwrap_or_else(|| Ok(Completion::Done(instance.clone())))
    }

    async fn readiness(&self, _context: &CallContext, instance: &Instance) -> Result<Readiness> {
        let next = self.next("readiness", &self.probes);
        next.unwrap_or_else(|| Ok(Readiness::Ready(instance.clone())))
    }

    async fn get(&self, _context: &CallContext, _id: &str) -> Result<ReadResult> {
        let next = self.next("get", &self.gets).unwrap_or(Ok(None));
        self.read_delays.wait().await;
        next.map(ReadResult::found_or_absent)
    }

    async fn list(
        &self,
        _context: &CallContext,
        _cursor: Option<&str>,
        _filter: &ListFilter,
        sink: &mut dyn InstanceSink,
    ) -> Result<Option<String>> {
        let Page { instances, next } = self.next("list", &self.pages).unwrap_or_else(|| Ok(Page::default()))?;
        for instance in &instances {
            sink.add(&instance.view());
        }
        Ok(next)
    }

    async fn destroy(&self, _context: &CallContext, id: &str, ownership: Ownership) -> Result<DeleteResult> {
        let operation = match ownership {
            Ownership::CreatedHere => "destroy own",
            Ownership::Unknown => "destroy unknown",
        };
        let next = self
            .next(operation, &self.deletions)
            .unwrap_or(Ok(DeleteResult::Deleted));
        self.deletion_delays.wait().await;
        if matches!(next, Ok(DeleteResult::Deleted)) {
            self.others.lock().unwrap().retain(|other| other.id != id);
        }
        next
    }
}

/// The scopes of a call with this credential at this address.
pub(super) fn scopes(endpoint: &str, credential: &str) -> CallScopes {
    CallScopes::new(Scope::new(
        IDENTITY,
        endpoint,
        &Secret::new(credential.to_owned()),
        &["place"],
    ))
}

pub(super) fn instance(id: &str, name: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        own: Vec::new(),
        name: Some(name.to_owned()),
        status: Status::Pending,
        created_at: None,
        url: None,
        managed: true,
        owner: None,
        image: None,
        launch: None,
    }
}

pub(super) fn request() -> CreateRequest {
    CreateRequest {
        image: "image".to_owned(),
        variables: Vec::new(),
        name: None,
        idempotency_key: None,
        ready_timeout: None,
        gateway_url_field: None,
    }
}

pub(super) fn keyed() -> CreateRequest {
    CreateRequest {
        idempotency_key: Some("key".to_owned()),
        ..request()
    }
}

pub(super) fn dated(id: &str, date: &str) -> Instance {
    Instance {
        created_at: Some(date.to_owned()),
        ..instance(id, "x")
    }
}

/// A call in a process. [`Fixture::next_call`] makes another call in the same process.
pub(super) struct Fixture {
    pub(super) process: Arc<ProcessState>,
    pub(super) context: CallContext,
    pub(super) cancellation: CancellationToken,
    pub(super) handover: Handover,
    pub(super) background: Background,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let process = ProcessState::new(Arc::new(SystemClock), Arc::new(SystemRandom), Arc::new(NoNetwork));
        Self::in_process(Arc::new(process))
    }

    pub(super) fn next_call(&self) -> Self {
        Self::in_process(Arc::clone(&self.process))
    }

    fn in_process(process: Arc<ProcessState>) -> Self {
        let cancellation = CancellationToken::new();
        Self {
            context: CallContext::new(Arc::clone(&process.clock), cancellation.clone()),
            process,
            cancellation,
            handover: Handover::default(),
            background: Background::default(),
        }
    }

    fn operation<'a>(&'a self, provider: &'a Scripted) -> OperationContext<'a> {
        OperationContext {
            context: &self.context,
            process: &self.process,
            provider,
            semantics: &provider.semantics,
            scopes: &provider.scopes,
            background: &self.background,
        }
    }

    pub(super) fn instances<'a>(&'a self, provider: &Scripted) -> CallInstances<'a> {
        self.process.instances.of_call(&provider.scopes)
    }

    pub(super) async fn create(&self, provider: &Scripted, request: CreateRequest) -> Result<Instance> {
        let prepared = PreparedCreate::new(&*self.process.random, provider, provider.scopes.first(), None, request)?;
        create(&Creation {
            operation: self.operation(provider),
            request: &prepared.request,
            handle: &prepared.handle,
            max_retries: MAX_RETRIES,
            handover: &self.handover,
        })
        .await
    }

    pub(super) async fn get(&self, provider: &Scripted, id: &str) -> Result<Option<Instance>> {
        get(self.operation(provider), id).await
    }

    /// Lists, and returns the rows as JSON.
    pub(super) async fn list(&self, provider: &Scripted, filter: &ListFilter, redactor: &Redactor) -> Result<String> {
        let rows = list(self.operation(provider), filter, redactor).await?;
        Ok(rows.into_json())
    }

    pub(super) async fn destroy(&self, provider: &Scripted, id: &str) -> Result<()> {
        destroy(self.operation(provider), id).await
    }

    /// Runs to its end what the calls have left to be watched.
    pub(super) async fn watch(&self, provider: &Scripted) {
        let mut waiting = self.background.take();
        while let Some(watch) = waiting.pop() {
            let context = self.context.detached(watch::longest(&watch, self.context.now()));
            watch::run(self.operation(provider).under(&context), watch).await;
            waiting.extend(self.background.take());
        }
    }
}

/// The scripted provider sends nothing.
struct NoNetwork;

#[async_trait]
impl Transport for NoNetwork {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        Err(TransportError::Unsent("a test sent a request".to_owned()))
    }
}

/// The parts of an error that its meaning depends on.
pub(super) fn code(error: &Error) -> &'static str {
    error.code().as_str()
}
