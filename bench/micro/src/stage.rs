//! The core on a stage: real operations over all layers, with a transport that answers at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ::http::{HeaderMap, HeaderValue};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::context::clock::{Clock, SystemClock};
use crate::context::random::SystemRandom;
use crate::error::Result;
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::input::value::{Fields, Raw, Unreadable};
use crate::model::instance::Provisioned;
use crate::operations::{CallOutput, CallRequest, PreparedCall};
use crate::process::ProcessState;
use crate::provider::config::ConfiguredProvider;
use crate::providers::railway::FACTORY;

/// Project and environment of the stage: a listing of it has 500 entries at the load server.
pub const ENVIRONMENT: &str = "00000000-0000-4000-8000-000000000500";

/// What the stage's provider answers.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Bytes,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Method {
    Create,
    GetById,
    List,
}

/// A core, and a provider that was configured once.
pub struct Stage {
    process: Arc<ProcessState>,
    transport: Arc<Script>,
    provider: ConfiguredProvider,
    runtime: Runtime,
}

impl Stage {
    /// `timers`: waits are real. Without them nothing waits, so that retries take no time but their own.
    ///
    /// # Panics
    ///
    /// If the machine gives no threads.
    #[must_use]
    pub fn new(timers: bool) -> Self {
        let transport = Arc::new(Script::default());
        let clock: Arc<dyn Clock> = if timers {
            Arc::new(SystemClock)
        } else {
            Arc::new(Hasty::default())
        };
        let process = Arc::new(ProcessState::new(
            clock,
            Arc::new(SystemRandom),
            Arc::clone(&transport) as Arc<dyn Transport>,
        ));
        let config = (FACTORY.read_config)(&Reader::config(&Given::new(&[
            ("apiKey", "0123456789abcdef0123456789abcdef"),
            ("projectId", ENVIRONMENT),
            ("environmentId", ENVIRONMENT),
        ])));
        Self {
            process,
            transport,
            provider: ConfiguredProvider::new(&FACTORY, config.unwrap_or_else(|error| panic!("{error}"))),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    /// What is answered from now on, after so many connections that could not be made.
    pub fn answers(&self, answer: &Answer, failures: u32) {
        *self.transport.now() = (Some(answer.clone()), failures, failures);
    }

    /// From now on a service is created for each request, and bears the name that the request gives it.
    pub fn answers_creates(&self) {
        *self.transport.now() = (None, 0, 0);
    }

    /// A call from its arguments to the text that crosses to JavaScript, or to the text of its error. A listing is written page
    /// by page while it is read.
    ///
    /// # Panics
    ///
    /// If the arguments are refused.
    #[must_use]
    pub fn call(&self, method: Method) -> std::result::Result<String, String> {
        self.reply(method).map(cross).map_err(|error| error.to_string())
    }

    /// A call from its arguments to instances.
    ///
    /// # Errors
    ///
    /// What the call rejects with.
    fn reply(&self, method: Method) -> Result<CallOutput> {
        let ask = match method {
            Method::Create => CallRequest::Create,
            Method::GetById => CallRequest::GetById {
                id: ENVIRONMENT.to_owned(),
            },
            Method::List => CallRequest::List,
        };
        let options = Given::new(&[]);
        let reader = Reader::options(&options);
        let signal = CancellationToken::new();
        let call = PreparedCall::prepare(&self.process, &self.provider, ask, &reader, &Nothing, signal)?;
        self.runtime.block_on(call.run())
    }
}

/// Returns the text of a reply, as `src/node/reply.rs` does on a worker thread.
fn cross(reply: CallOutput) -> String {
    match reply {
        CallOutput::Instance(instance) | CallOutput::Found(Some(instance)) => {
            serde_json::to_string(&Provisioned::from(&instance)).unwrap_or_default()
        }
        CallOutput::Instances(rows) => rows.into_json(),
        CallOutput::Found(None) | CallOutput::Nothing => String::new(),
    }
}

/// An answer, and how often no connection can be made before it comes: in all, and from now on.
type Play = (Option<Answer>, u32, u32);

#[derive(Default)]
struct Script(Mutex<Play>);

impl Script {
    fn now(&self) -> MutexGuard<'_, Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> std::result::Result<Response, TransportError> {
        let mut play = self.now();
        if play.2 > 0 {
            play.2 -= 1;
            return Err(TransportError::Connect("Connection refused (os error 111)".to_owned()));
        }
        play.2 = play.1;
        let answer = match &play.0 {
            Some(answer) => answer.clone(),
            None => answer_to_create(&request.body).ok_or_else(|| TransportError::Unsent("no create".to_owned()))?,
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(answer.content_type));
        headers.insert("x-ratelimit-limit", HeaderValue::from_static("1000000000"));
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("1000000000"));
        headers.insert("x-ratelimit-reset", HeaderValue::from_static("86400"));
        Ok(Response::new(answer.status, headers, answer.body))
    }
}

/// Returns the answer to a request of a create.
fn answer_to_create(request: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(request).ok()?;
    let body = match text.split_once(r#""name":""#) {
        Some((_, rest)) => created(rest.split_once('"')?.0),
        None if text.contains(r#""operationName":"Environments""#) => format!(
            r#"{{"data":{{"environments":{{"edges":[{{"node":{{"id":"{ENVIRONMENT}","deletedAt":null,"sourceEnvironment":null}}}}],"pageInfo":{{"hasNextPage":false,"endCursor":null}}}}}}}}"#
        ),
        None => return None,
    };
    Some(Answer {
        status: 200,
        content_type: "application/json; charset=utf-8",
        body: body.into(),
    })
}

/// Returns the answer to `serviceCreate`.
fn created(name: &str) -> String {
    let service = format!(
        r#"{{"id":"7f9a4b1e-5d2c-4abc-9def-000000000001","name":"{name}","projectId":"{ENVIRONMENT}","createdAt":"2026-11-26T12:00:00.000Z"}}"#
    );
    format!(r#"{{"data":{{"serviceCreate":{service}}}}}"#)
}

/// A clock that leaps over every wait.
#[derive(Default)]
struct Hasty(Mutex<Duration>);

impl Hasty {
    fn leapt(&self) -> MutexGuard<'_, Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for Hasty {
    fn now(&self) -> Instant {
        Instant::now() + *self.leapt()
    }

    fn date(&self) -> SystemTime {
        SystemTime::now() + *self.leapt()
    }

    async fn sleep(&self, duration: Duration) {
        *self.leapt() += duration;
    }
}

/// An object with some texts.
struct Given(Vec<(&'static str, Raw<'static>)>);

impl Given {
    fn new(texts: &[(&'static str, &'static str)]) -> Self {
        Self(
            texts
                .iter()
                .map(|&(name, text)| (name, Raw::Text(text.into())))
                .collect(),
        )
    }
}

impl Fields for Given {
    fn get(&self, name: &str) -> std::result::Result<&Raw<'_>, Unreadable> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        Ok(found.map_or(&Raw::Absent, |(_, value)| value))
    }
}

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}
