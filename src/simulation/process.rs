//! A simulated process: the core with a state of its own, which dies when its scenario says so.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::clock::{ProcessClock, Timeline};
use super::dice::{Dice, SeededRandom};
use super::fields::{Given, Object};
use super::network::Network;
use super::plan::ProcessPlan;
use super::stage::Stage;
use super::worlds::Provider;
use crate::input::environment::{Environment, EnvironmentReader};
use crate::input::reader::Reader;
use crate::process::ProcessState;
use crate::provider::config::ConfiguredProvider;

/// Whether a process lives, and what it waits for.
#[derive(Default)]
pub(super) struct Life {
    death: CancellationToken,
    waits: AtomicUsize,
}

impl Life {
    /// Ends the process.
    pub(super) fn end(&self) {
        self.death.cancel();
    }

    /// Returns whether the process is dead.
    pub(super) fn is_over(&self) -> bool {
        self.death.is_cancelled()
    }

    /// Resolves when the process dies.
    pub(super) async fn ended(&self) {
        self.death.cancelled().await;
    }

    /// Resolves if the process still lives; never, if it is dead.
    pub(super) async fn outlive(&self) {
        if self.is_over() {
            std::future::pending::<()>().await;
        }
    }

    /// Notes that something of the process waits, until the result is dropped.
    pub(super) fn begin_wait(self: &Arc<Self>) -> Wait {
        self.waits.fetch_add(1, Ordering::Relaxed);
        Wait(Arc::clone(self))
    }

    /// Returns whether nothing of the process will happen any more: it is dead, or nothing of it waits.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_over() || self.waits.load(Ordering::Relaxed) == 0
    }
}

/// Something of a process that waits.
pub(super) struct Wait(Arc<Life>);

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.waits.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A process.
pub(super) struct Process {
    pub(super) life: Arc<Life>,
    pub(super) state: Arc<ProcessState>,
    pub(super) provider: ConfiguredProvider,
    pub(super) variables: Arc<Variables>,
}

impl Process {
    /// Starts a process.
    pub(super) fn start(stage: &Arc<Stage>, number: usize, plan: &ProcessPlan, provider: &'static Provider) -> Self {
        let life = Arc::new(Life::default());
        let clock = ProcessClock::new(Arc::clone(&life), stage.timeline, plan.clock_jump);
        let random = SeededRandom::new(Dice::new(stage.seed, &format!("process {number}")));
        let network = Network::new(Arc::clone(stage), number, Arc::clone(&life));
        let state = ProcessState::new(Arc::new(clock), Arc::new(random), Arc::new(network));
        let mut config = (provider.config)();
        if let Some(timeout) = plan.request_timeout {
            config.push(("requestTimeoutMs", Given::Number(f64::from(timeout))));
        }
        if let Some(retries) = plan.max_retries {
            config.push(("maxRetries", Given::Number(f64::from(retries))));
        }
        if let Some(owner) = plan.owner {
            config.push(("owner", Given::Text(owner.to_owned())));
        }
        let config = Object::new(config);
        let read = (provider.factory.read_config)(&Reader::config(&config)).unwrap();
        Self {
            life,
            state: Arc::new(state),
            provider: ConfiguredProvider::new(provider.factory, read),
            variables: Arc::new(Variables {
                timeline: stage.timeline,
                credential: provider.credential,
                renewal: stage.renewal(),
                process_credential: plan.credential,
                values: Mutex::default(),
            }),
        }
    }
}

/// The environment of a process. It holds the credential, which is renewed while the process runs.
pub(super) struct Variables {
    timeline: Timeline,
    credential: &'static str,
    /// When the first credential expires.
    renewal: Option<u64>,
    process_credential: usize,
    values: Mutex<BTreeMap<String, String>>,
}

impl Variables {
    fn value(&self, name: &str) -> Option<String> {
        if name == self.credential {
            let is_renewed = self.renewal.is_some_and(|at| self.timeline.now() >= at);
            return Some(credential(self.process_credential, is_renewed));
        }
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.get(name).cloned()
    }
}

/// Returns a credential of the scenario. All of them reach the same place.
pub(super) fn credential(number: usize, is_renewed: bool) -> String {
    let generation = if is_renewed { "renewed" } else { "first" };
    format!("sim-secret-credential-{number}-{generation}")
}

/// The environment as calls see it.
pub(super) struct View(pub(super) Arc<Variables>);

impl Environment for View {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.value(name)
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn reader(&self) -> Option<Arc<dyn EnvironmentReader>> {
        Some(Arc::new(View(Arc::clone(&self.0))))
    }
}

#[async_trait]
impl EnvironmentReader for View {
    async fn variable(&self, name: &'static str) -> Option<String> {
        Some(self.0.value(name).unwrap_or_default())
    }
}
