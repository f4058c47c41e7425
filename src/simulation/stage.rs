//! What all parts of a scenario share: the world, the faults that are left, the ledger of calls, the story.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::clock::Timeline;
use super::coverage::Coverage;
use super::dice::Dice;
use super::faults::FaultKind;
use super::ledger::Ledger;
use super::plan::{Death, Plan};
use super::process::{Life, credential};
use super::recording::Exchange;
use super::story::Story;
use super::worlds::{Answer, Arrived, Provider, World};
use crate::http::message::Request;

tokio::task_local! {
    /// The call that a task works for. What works in the background has none.
    pub(super) static CALL: usize;
}

/// The stage of one scenario.
pub(super) struct Stage {
    pub(super) seed: u64,
    pub(super) timeline: Timeline,
    pub(super) plan: Arc<Plan>,
    pub(super) provider: &'static Provider,
    shared: Mutex<Shared>,
}

/// What changes.
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) ledger: Ledger,
    pub(super) story: Story,
    pub(super) coverage: Coverage,
    /// Invariants that were broken while the scenario went on.
    pub(super) broken: Vec<String>,
    /// Whether the time of faults is over.
    pub(super) is_healed: bool,
    pub(super) exchanges: Vec<Exchange>,
    in_flight: usize,
    /// How many requests of each operation were sent, of each process and in all.
    sent: BTreeMap<&'static str, u32>,
    by_process: Vec<u32>,
    requests: u32,
    aborts: BTreeMap<usize, (u32, CancellationToken)>,
    dice: Dice,
}

/// A request that has left its process.
pub(super) struct Departure {
    pub(super) arrived: Arrived,
    pub(super) latency: u64,
    pub(super) fault: Option<FaultKind>,
}

impl Stage {
    /// Sets the stage.
    pub(super) fn new(plan: &Arc<Plan>, provider: &'static Provider, is_told: bool) -> Self {
        let seed = plan.seed;
        Self {
            seed,
            timeline: Timeline::start(),
            provider,
            shared: Mutex::new(Shared {
                world: World::new(&plan.world, Dice::new(seed, "world"), provider),
                ledger: Ledger::default(),
                story: Story::new(is_told),
                coverage: Coverage::default(),
                broken: Vec::new(),
                is_healed: false,
                exchanges: Vec::new(),
                in_flight: 0,
                sent: BTreeMap::new(),
                by_process: vec![0; plan.processes.len() + 1],
                requests: 0,
                aborts: BTreeMap::new(),
                dice: Dice::new(seed, "network"),
            }),
            plan: Arc::clone(plan),
        }
    }

    /// Returns what changes. No task holds it while it waits.
    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what changes, after everything has ended.
    pub(super) fn into_shared(self) -> Shared {
        self.shared.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the story.
    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        let now = self.timeline.now();
        self.shared().story.add(now, line);
    }

    /// Returns when credentials expire that were renewed by then.
    pub(super) fn renewal(&self) -> Option<u64> {
        self.plan.world.renewal
    }

    /// Has a call cancelled as it sends its nth request.
    pub(super) fn abort_at(&self, call: usize, nth: u32, token: CancellationToken) {
        self.shared().aborts.insert(call, (nth, token));
    }

    /// Returns whether a request is on its way.
    pub(super) fn has_requests_in_flight(&self) -> bool {
        self.shared().in_flight > 0
    }

    /// Takes a request from a process. `None`: the process has died before it was sent.
    pub(super) fn depart(&self, process: usize, life: &Life, request: &Request) -> Option<Departure> {
        let now = self.timeline.now();
        let call = CALL.try_with(|call| *call).ok();
        let mut shared = self.shared();
        let shared = &mut *shared;
        let of_process = &mut shared.by_process[process];
        *of_process += 1;
        let death = self.plan.processes.get(process).and_then(|plan| plan.death);
        let dies = matches!(death, Some(Death::AtRequest { nth, .. }) if nth == *of_process);
        if dies {
            life.end();
            shared.coverage.count("deaths", "at a request");
            shared.story.add(now, || format!("process {process} dies"));
            if !matches!(death, Some(Death::AtRequest { arrives: true, .. })) {
                return None;
            }
        }
        shared.requests += 1;
        let (operation, kind) = self.provider.operation(request);
        let arrived = Arrived::new(request, operation, kind, process, call, (shared.requests, now));
        let sent = shared.sent.entry(operation).or_default();
        *sent += 1;
        let planned = self.plan.faults.iter();
        let planned = planned.filter(|_| !shared.is_healed);
        let fault = planned
            .clone()
            .find(|fault| fault.operation == operation && fault.nth == *sent);
        let mut outages = self.plan.outages.iter().filter(|_| !shared.is_healed);
        let outage = outages.find(|outage| (outage.at..outage.at + outage.lasts).contains(&now));
        let fault = fault.map(|fault| fault.kind).or(outage.map(|outage| outage.kind));
        if let Some(fault) = fault {
            shared.coverage.count("faults", fault.name());
        }
        if let Some(call) = call {
            shared.ledger.note_request(call, fault.is_some());
            if let Some((left, token)) = shared.aborts.get_mut(&call) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    token.cancel();
                    shared.aborts.remove(&call);
                }
            }
        }
        let latency = shared.dice.between(20, self.plan.world.latency);
        shared.story.add(now, || {
            let who = call.map_or_else(|| "background".to_owned(), |call| format!("call {call}"));
            let fault = fault.map_or_else(String::new, |fault| format!("  — meets {fault:?}"));
            format!(
                "#{} process {process}, {who}: {}{fault}",
                arrived.number,
                arrived.line()
            )
        });
        shared.in_flight += 1;
        Some(Departure {
            arrived,
            latency,
            fault,
        })
    }

    /// Notes that nothing of a request is on its way any more.
    pub(super) fn land(&self) {
        self.shared().in_flight -= 1;
    }

    /// Draws for the network.
    pub(super) fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.shared().dice)
    }

    /// Has the provider handle a request that has arrived.
    pub(super) fn handle(&self, arrived: &Arrived) -> Answer {
        let now = self.timeline.now();
        let mut shared = self.shared();
        let shared = &mut *shared;
        let before = shared.world.resources.len();
        shared.world.now = now;
        shared.world.request_sent = arrived.sent;
        let answer = if self.accepts(arrived, now) {
            match shared.world.take_from_rate_window() {
                Ok(headers) => {
                    let answer = (self.provider.handle)(&mut shared.world, arrived);
                    Answer {
                        headers: answer.headers.into_iter().chain(headers).collect(),
                        ..answer
                    }
                }
                Err(refused) => refused,
            }
        } else {
            (self.provider.unauthenticated)()
        };
        if shared.story.is_told() {
            shared.exchanges.push(Exchange::new(arrived, &answer));
            for made in &shared.world.resources[before..] {
                let line = format!(
                    "    #{}: the provider makes {} ({})",
                    arrived.number, made.id, made.name
                );
                shared.story.add(now, || line);
            }
            let line = format!("    #{}: the provider answers {}", arrived.number, answer.line());
            shared.story.add(now, || line);
        }
        shared.broken.append(&mut shared.world.misunderstood);
        answer
    }

    /// Returns whether the credential of a request is valid.
    fn accepts(&self, arrived: &Arrived, now: u64) -> bool {
        let Some(shown) = &arrived.credential else {
            return self.provider.credential.is_empty();
        };
        let has_expired = self.renewal().is_some_and(|at| now >= at);
        (0..=self.plan.processes.len())
            .any(|number| *shown == credential(number, true) || (!has_expired && *shown == credential(number, false)))
    }
}
