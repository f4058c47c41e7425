//! A provider that plays a script: each operation takes its next answer from a queue and notes that it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::context::Cx;
use crate::context::clock::SystemClock;
use crate::context::random::SystemRandom;
use crate::error::{Error, Operation, Result};
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};
use crate::model::create_request::CreateRequest;
use crate::model::handle::Handle;
use crate::model::instance::{Instance, Status};
use crate::model::scope::{Identity, Scope};
use crate::process::Core;
use crate::provider::{Completion, Ownership, Page, Provider, Readiness, Removal};
use crate::secret::Secret;

pub(super) const ABSENCE: Duration = Duration::from_secs(90);
pub(super) const LAG: Duration = Duration::from_secs(60);
pub(super) const MAX_RETRIES: u32 = 3;

const IDENTITY: Identity = Identity {
    name: "scripted",
    title: "Scripted",
};

type Queue<T> = Mutex<VecDeque<T>>;

/// What an operation answers when its queue is empty is said at each.
pub(super) struct Scripted {
    scope: Scope,
    /// Empty: the instance is made.
    pub(super) creates: Queue<Result<Instance>>,
    /// Empty: not seen.
    pub(super) finds: Queue<Result<Option<Instance>>>,
    /// Empty: the mark is there.
    pub(super) marks: Queue<Result<Option<bool>>>,
    /// Empty: nothing is left to do.
    pub(super) completions: Queue<Result<Completion>>,
    /// Empty: ready.
    pub(super) looks: Queue<Result<Readiness>>,
    /// Empty: not there.
    pub(super) gets: Queue<Result<Option<Instance>>>,
    /// Empty: no page follows.
    pub(super) pages: Queue<Result<Page>>,
    /// Empty: gone.
    pub(super) removals: Queue<Result<Removal>>,
    asked: Mutex<Vec<&'static str>>,
    /// Whether a create may be sent twice.
    pub(super) repeats_safely: bool,
    /// Fired when a create is asked for, to cancel in mid-flight.
    pub(super) cancel_at_create: Option<CancellationToken>,
}

impl Scripted {
    pub(super) fn new() -> Self {
        Self {
            scope: Scope::new(
                IDENTITY,
                "https://example.com",
                &Secret::new("key".to_owned()),
                &["place"],
            ),
            creates: Mutex::default(),
            finds: Mutex::default(),
            marks: Mutex::default(),
            completions: Mutex::default(),
            looks: Mutex::default(),
            gets: Mutex::default(),
            pages: Mutex::default(),
            removals: Mutex::default(),
            asked: Mutex::default(),
            repeats_safely: false,
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
        queue.lock().unwrap().pop_front()
    }
}

#[async_trait]
impl Provider for Scripted {
    fn identity(&self) -> Identity {
        IDENTITY
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn visibility_lag(&self) -> Duration {
        LAG
    }

    fn absence_window(&self) -> Duration {
        ABSENCE
    }

    fn repeats_safely(&self) -> bool {
        self.repeats_safely
    }

    fn read_id(&self, _operation: Operation, id: &str) -> Result<String> {
        Ok(id.to_owned())
    }

    fn check_create(&self, _request: &CreateRequest, _handle: &Handle) -> Result<()> {
        Ok(())
    }

    async fn create(&self, _cx: &Cx, _request: &CreateRequest, handle: &Handle) -> Result<Instance> {
        if let Some(cancellation) = &self.cancel_at_create {
            cancellation.cancel();
        }
        let next = self.next("create", &self.creates);
        next.unwrap_or_else(|| Ok(instance("made", handle.name())))
    }

    async fn find(&self, _cx: &Cx, _handle: &Handle) -> Result<Option<Instance>> {
        self.next("find", &self.finds).unwrap_or(Ok(None))
    }

    async fn has_mark(&self, _cx: &Cx, _instance: &Instance, _mark: &str) -> Result<Option<bool>> {
        self.next("has mark", &self.marks).unwrap_or(Ok(Some(true)))
    }

    async fn complete(&self, _cx: &Cx, _request: &CreateRequest, instance: &Instance) -> Result<Completion> {
        let next = self.next("complete", &self.completions);
        next.unwrap_or_else(|| Ok(Completion::Done(instance.clone())))
    }

    async fn readiness(&self, _cx: &Cx, instance: &Instance) -> Result<Readiness> {
        let next = self.next("readiness", &self.looks);
        next.unwrap_or_else(|| Ok(Readiness::Ready(instance.clone())))
    }

    async fn get(&self, _cx: &Cx, _id: &str) -> Result<Option<Instance>> {
        self.next("get", &self.gets).unwrap_or(Ok(None))
    }

    async fn list(&self, _cx: &Cx, _cursor: Option<&str>, _managed_only: bool) -> Result<Page> {
        let nothing = Page {
            instances: Vec::new(),
            next: None,
        };
        self.next("list", &self.pages).unwrap_or(Ok(nothing))
    }

    async fn destroy(&self, _cx: &Cx, _id: &str, ownership: Ownership) -> Result<Removal> {
        let operation = match ownership {
            Ownership::Ours => "destroy ours",
            Ownership::Unchecked => "destroy unchecked",
        };
        self.next(operation, &self.removals).unwrap_or(Ok(Removal::Gone))
    }
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
    }
}

pub(super) fn context(operation: Operation) -> (Cx, CancellationToken) {
    let core = Core::new(Arc::new(SystemClock), Arc::new(SystemRandom), Arc::new(NoNetwork));
    let cancellation = CancellationToken::new();
    (Cx::new(Arc::new(core), operation, cancellation.clone()), cancellation)
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
