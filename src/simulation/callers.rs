//! Callers: each makes its create, and then does with what it holds what the scenario says.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::clock::sleep;
use super::fields::{Given, Object};
use super::ledger::{Ledger, Outcome, Rejection, What};
use super::plan::{Abort, CreatePlan, Ending};
use super::process::{Process, View};
use super::stage::{CALL, Stage};
use crate::context::events::{CleanupStep, Event, EventSink, ReconcileStep};
use crate::error::{Error, ErrorContext, Result};
use crate::input::reader::Reader;
use crate::operations::{CallOutput, CallRequest, PreparedCall};

/// What no text may show.
const SECRET: &str = "sim-secret";

/// The stage and its processes.
#[derive(Clone)]
pub(super) struct Cast {
    pub(super) stage: Arc<Stage>,
    pub(super) processes: Arc<Vec<Process>>,
}

/// A call that is about to be made.
pub(super) struct Attempt {
    pub(super) process: usize,
    pub(super) what: What,
    pub(super) options: Vec<(&'static str, Given)>,
    pub(super) abort: Option<Abort>,
}

impl Attempt {
    /// Prepares the call of a method that takes no options.
    pub(super) fn plain(process: usize, what: What) -> Self {
        Self {
            process,
            what,
            options: Vec::new(),
            abort: None,
        }
    }
}

impl Cast {
    /// Plays a caller to its end.
    pub(super) async fn play(self, number: usize) {
        let plan = self.stage.plan.creates[number].clone();
        let _wait = self.processes[plan.process].life.begin_wait();
        sleep(plan.at).await;
        let create = |process, abort| Attempt {
            process,
            what: What::Create {
                handle: plan.handle,
                plan: Some(number),
            },
            options: self.create_options(&plan),
            abort,
        };
        let outcome = self.make(create(plan.process, plan.abort)).await;
        let Outcome::Created(id) = outcome else {
            return;
        };
        match plan.ending {
            Ending::Keep => {}
            Ending::Look { after } => {
                sleep(after).await;
                self.look(plan.process, id).await;
            }
            Ending::Destroy { after, by } => {
                sleep(after).await;
                self.make(Attempt::plain(by, What::Destroy { id })).await;
            }
            Ending::DestroyTwice { after } => {
                sleep(after).await;
                let destroy = || self.make(Attempt::plain(plan.process, What::Destroy { id: id.clone() }));
                tokio::join!(destroy(), destroy());
            }
            Ending::Renew { after } => {
                sleep(after).await;
                self.make(Attempt::plain(plan.process, What::Destroy { id })).await;
                self.make(create(plan.process, None)).await;
            }
            Ending::Repeat { after, by } => {
                sleep(after).await;
                self.make(create(by, None)).await;
            }
        }
    }

    /// Reads what the caller holds, which its own process always sees.
    async fn look(&self, process: usize, id: String) {
        let began = self.stage.timeline.now();
        let outcome = self.make(Attempt::plain(process, What::Get { id: id.clone() })).await;
        if outcome == Outcome::Found(false) {
            let mut shared = self.stage.shared();
            let Some(resource) = shared.world.live(&id).filter(|resource| resource.process == process) else {
                return;
            };
            let made = resource.created;
            // Where an id is a name, the process does not know yet what another of its creates is making under it.
            let holder = Outcome::Created(id.clone());
            let mut calls = shared.ledger.calls.iter();
            let is_held = calls
                .any(|call| call.outcome == holder && call.told.is_some_and(|told| (made..=began).contains(&told)));
            // And a destroy that was under way may take what was made meanwhile for what it has destroyed.
            let of_id = What::Destroy { id: id.clone() };
            let may_come_again = !self.stage.provider.factory.semantics.ids_are_never_reused;
            let mut destroys = shared.ledger.calls.iter().filter(|call| call.what == of_id);
            let is_confused =
                may_come_again && destroys.any(|call| call.began <= made && call.told.is_none_or(|told| told >= made));
            if is_confused {
                let row = "made while a destroy of the same id was under way";
                shared.coverage.count("possible by design", row);
            // With a renewed credential the process does not know what it has created.
            } else if is_held && self.stage.renewal().is_none() {
                shared
                    .broken
                    .push(format!("getById does not find {id}, which is there"));
            }
        }
    }

    /// Returns the options of a create.
    pub(super) fn create_options(&self, plan: &CreatePlan) -> Vec<(&'static str, Given)> {
        let text = |text: &str| Given::Text(text.to_owned());
        let daemon = vec![
            ("accessToken", text("sim-secret-access-token")),
            ("gatewayUrl", text("https://gateway.example.com")),
        ];
        let mut options = vec![
            ("daemonConfig", Given::Map(daemon)),
            ("envs", Given::Map(vec![("PASSWORD", text("sim-secret-variable"))])),
        ];
        if let Some((field, value)) = Ledger::name_of(plan.handle) {
            options.push((field, Given::Text(value)));
        }
        if plan.waits {
            options.push(("waitUntilReady", Given::Bool(true)));
            options.push(("readyTimeoutMs", Given::Number(f64::from(plan.ready_timeout))));
        }
        if plan.settings {
            options.extend((self.stage.provider.settings)());
        }
        if plan.other_image && self.stage.provider.takes_images {
            options.push(("image", text("computesdk/other:1")));
        }
        options
    }

    /// Makes a call, as the bridge to JavaScript does: a caller who cancels is told at once, and the work goes on.
    pub(super) async fn make(&self, attempt: Attempt) -> Outcome {
        let Attempt {
            process: number,
            what,
            options,
            abort,
        } = attempt;
        let process = &self.processes[number];
        let stage = &self.stage;
        if process.life.is_over() {
            return Outcome::Dead;
        }
        let request = match &what {
            What::Create { .. } => CallRequest::Create,
            What::Get { id } => CallRequest::GetById { id: id.clone() },
            What::Destroy { id } => CallRequest::Destroy { id: id.clone() },
            What::List => CallRequest::List,
        };
        let now = stage.timeline.now();
        let call = stage.shared().ledger.begin(number, what.clone(), now);
        stage.tell(|| format!("call {call} of process {number} begins: {what:?}"));
        let token = CancellationToken::new();
        match abort {
            Some(Abort::AtRequest(nth)) => stage.abort_at(call, nth, token.clone()),
            Some(Abort::After(after)) => {
                let token = token.clone();
                tokio::spawn(async move {
                    sleep(after).await;
                    token.cancel();
                });
            }
            None => {}
        }
        let options = Object::new(options);
        let prepared = PreparedCall::prepare(
            &process.state,
            &process.provider,
            request,
            &Reader::options(&options),
            &View(Arc::clone(&process.variables)),
            token.clone(),
        );
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.settle(call, Err(error)),
        };
        let prepared = prepared.with_events(Arc::new(Events {
            stage: Arc::clone(stage),
            life: Arc::clone(&process.life),
            call,
        }));
        let handover = prepared.handover();
        let mut work = Box::pin(CALL.scope(call, prepared.run()));
        tokio::select! {
            biased;
            output = &mut work => return self.settle(call, output),
            () = process.life.ended() => {
                self.note(call, Outcome::Dead);
                return Outcome::Dead;
            }
            () = token.cancelled() => {}
        }
        if handover.try_settle() {
            self.note(call, Outcome::Aborted);
            let wait = process.life.begin_wait();
            tokio::spawn(async move {
                let _ = work.await;
                drop(wait);
            });
            return Outcome::Aborted;
        }
        tokio::select! {
            biased;
            output = &mut work => self.settle(call, output),
            () = process.life.ended() => {
                self.note(call, Outcome::Dead);
                Outcome::Dead
            }
        }
    }

    fn settle(&self, call: usize, output: Result<CallOutput>) -> Outcome {
        let outcome = match output {
            Ok(CallOutput::Instance(instance)) => {
                self.check_secrets(call, &format!("{instance:?}"));
                Outcome::Created(instance.id)
            }
            Ok(CallOutput::Found(found)) => {
                self.check_secrets(call, &format!("{found:?}"));
                Outcome::Found(found.is_some())
            }
            Ok(CallOutput::Instances(rows)) => {
                let json = rows.into_json();
                self.check_secrets(call, &json);
                Outcome::Listed(ids_of(&json))
            }
            Ok(CallOutput::Nothing) => Outcome::Done,
            Err(error) => Outcome::Rejected(self.read_error(call, error)),
        };
        self.note(call, outcome.clone());
        outcome
    }

    fn read_error(&self, call: usize, error: Error) -> Rejection {
        let semantics = self.stage.provider.factory.semantics;
        let error = error.in_context(&ErrorContext {
            provider: semantics.identity.name,
            title: semantics.identity.title,
            operation: crate::error::Operation::Create,
            resource_name: None,
        });
        let details = error.details();
        let text = format!("{error} {error:?} {:?} {:?}", details.provider_code, details.request_id);
        self.check_secrets(call, &text);
        Rejection {
            code: error.code().as_str(),
            instance_id: details.instance_id.clone(),
            resource_name: details.resource_name.clone(),
            text: error.to_string(),
        }
    }

    fn note(&self, call: usize, outcome: Outcome) {
        let now = self.stage.timeline.now();
        let mut shared = self.stage.shared();
        shared.story.add(now, || format!("call {call} ends: {outcome:?}"));
        let row = match &outcome {
            Outcome::Rejected(rejection) => rejection.code,
            Outcome::Pending => "pending",
            Outcome::Created(_) => "created",
            Outcome::Found(true) => "found",
            Outcome::Found(false) => "not found",
            Outcome::Listed(_) => "listed",
            Outcome::Done => "destroyed",
            Outcome::Aborted => "ABORTED",
            Outcome::Dead => "dead",
        };
        let table = match shared.ledger.calls[call].what {
            What::Create { .. } => "outcomes of create",
            What::Get { .. } => "outcomes of getById",
            What::Destroy { .. } => "outcomes of destroy",
            What::List => "outcomes of list",
        };
        shared.coverage.count(table, row);
        shared.ledger.tell(call, now, outcome);
    }

    fn check_secrets(&self, call: usize, text: &str) {
        if text.contains(SECRET) {
            let mut shared = self.stage.shared();
            shared.broken.push(format!("call {call} shows a secret: {text}"));
        }
    }
}

/// Returns the ids of a listing.
fn ids_of(rows: &str) -> Vec<String> {
    let instances = crate::model::instance_rows::tests::instances_of(rows);
    let ids = instances.iter().filter_map(|instance| {
        let instance: serde_json::Value = serde_json::from_str(instance).ok()?;
        Some(instance.get("instanceId")?.as_str()?.to_owned())
    });
    ids.collect()
}

/// Takes the events of a call.
struct Events {
    stage: Arc<Stage>,
    life: Arc<super::process::Life>,
    call: usize,
}

impl EventSink for Events {
    fn record(&self, event: Event) {
        // A dead process tells nothing.
        if self.life.is_over() {
            return;
        }
        let now = self.stage.timeline.now();
        let mut shared = self.stage.shared();
        match &event {
            Event::Reconcile(reconcile) => {
                shared
                    .coverage
                    .count("steps of creates", &format!("{:?}", reconcile.step));
                let must_look = !self.stage.provider.factory.semantics.create_is_idempotent;
                let has_looked = &mut shared.ledger.calls[self.call].has_looked;
                match reconcile.step {
                    ReconcileStep::Lookup => *has_looked = true,
                    ReconcileStep::Resent if must_look && !*has_looked => {
                        let text = format!("call {} sends its create again without a look", self.call);
                        shared.broken.push(text);
                    }
                    ReconcileStep::Resent => *has_looked = false,
                    _ => {}
                }
            }
            Event::Cleanup(cleanup) => {
                shared.coverage.count("clean-ups", &format!("{:?}", cleanup.step));
                let call = &mut shared.ledger.calls[self.call];
                call.open_cleanups += if cleanup.step == CleanupStep::Started { 1 } else { -1 };
                if cleanup.step == CleanupStep::Succeeded {
                    call.cleaned.extend(cleanup.instance_id.clone());
                }
            }
            Event::Request(request) if request.request_id.is_none() => return,
            Event::Request(_) | Event::Retry(_) | Event::RateLimit(_) => {}
        }
        let text = format!("{event:?}");
        if text.contains(SECRET) {
            shared.broken.push(format!("an event shows a secret: {text}"));
        }
        let call = self.call;
        shared.story.add(now, || format!("    call {call} tells: {text}"));
    }
}
