//! Plays a scenario from its plan to its verdict.

use std::sync::Arc;

use super::callers::{Attempt, Cast};
use super::checker::{Verdict, judge, subjects};
use super::clock::sleep;
use super::coverage::{Coverage, take_reached};
use super::ledger::{Outcome, What};
use super::mutations::{Mutation, mutate};
use super::plan::{Course, CreatePlan, Death, HandlePlan, Plan, ProcessPlan};
use super::process::Process;
use super::recording::Exchange;
use super::stage::Stage;
use super::story;
use super::worlds::Provider;

/// The longest a scenario may go on, in milliseconds: a watch that fails lasts two hours.
const LIMIT: u64 = 8 * 3_600_000;

/// How long the last reads may lag.
const CALM: u64 = 200_000;

/// What came of a scenario.
pub(super) struct Report {
    pub(super) plan: Arc<Plan>,
    pub(super) verdict: Verdict,
    pub(super) coverage: Coverage,
    /// The whole story, if it was told.
    pub(super) story: Vec<String>,
    /// The lines of it that speak of what broke.
    pub(super) excerpt: Vec<String>,
    pub(super) exchanges: Vec<Exchange>,
    /// Of each create that has settled, and was not to wait for its start: whether it met a fault, and how long it took.
    pub(super) settled: Vec<(bool, u64)>,
}

impl Report {
    /// Returns whether an invariant was broken.
    pub(super) fn is_broken(&self) -> bool {
        !self.verdict.broken.is_empty()
    }
}

/// Plays a scenario. `mutation`: the deliberate defect that the core has.
pub(super) fn play(plan: Arc<Plan>, provider: &'static Provider, mutation: Option<Mutation>, is_told: bool) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    take_reached();
    let _mutated = mutate(mutation);
    let (stage, dead) = runtime.block_on(perform(&plan, provider, is_told));
    // Tasks of dead processes are dropped with the runtime.
    drop(runtime);
    let stage = Arc::into_inner(stage).unwrap();
    let shared = stage.into_shared();
    let verdict = judge(&plan, provider, &shared, &dead);
    let settled = shared.ledger.settled_creates(&plan);
    let subjects = subjects(&verdict.broken, &shared.ledger);
    let mut coverage = shared.coverage;
    coverage.merge(take_reached());
    for design in &verdict.by_design {
        coverage.count("possible by design", design);
    }
    let story = shared.story.into_lines();
    Report {
        plan,
        verdict,
        coverage,
        excerpt: story::about(&story, &subjects),
        story,
        exchanges: shared.exchanges,
        settled,
    }
}

async fn perform(plan: &Arc<Plan>, provider: &'static Provider, is_told: bool) -> (Arc<Stage>, Vec<bool>) {
    let stage = Arc::new(Stage::new(plan, provider, is_told));
    let auditor = ProcessPlan {
        credential: plan.processes.len(),
        death: None,
        clock_jump: None,
        request_timeout: None,
        max_retries: None,
        owner: plan.processes[0].owner,
    };
    let started = plan.processes.iter().chain([&auditor]).enumerate();
    let processes: Vec<Process> = started
        .map(|(number, process)| Process::start(&stage, number, process, provider))
        .collect();
    let cast = Cast {
        stage: Arc::clone(&stage),
        processes: Arc::new(processes),
    };
    for (number, process) in plan.processes.iter().enumerate() {
        if let Some(Death::At(at)) = process.death {
            let cast = cast.clone();
            tokio::spawn(async move {
                sleep(at).await;
                cast.stage.tell(|| format!("process {number} dies"));
                cast.stage.shared().coverage.count("deaths", "at a moment");
                cast.processes[number].life.end();
            });
        }
    }
    let clients: Vec<_> = (0..plan.creates.len())
        .map(|number| tokio::spawn(cast.clone().play(number)))
        .collect();
    settle(&cast, &clients).await;
    heal(&cast).await;
    settle(&cast, &clients).await;
    audit(&cast).await;
    settle(&cast, &clients).await;
    sleep(CALM).await;
    cast.make(Attempt::plain(plan.processes.len(), What::List)).await;
    let dead = cast.processes.iter().map(|process| process.life.is_over()).collect();
    for client in clients {
        client.abort();
    }
    (stage, dead)
}

/// Waits until nothing happens any more.
async fn settle(cast: &Cast, clients: &[tokio::task::JoinHandle<()>]) {
    loop {
        sleep(997).await;
        let is_played = clients.iter().enumerate().all(|(number, client)| {
            let process = cast.stage.plan.creates[number].process;
            client.is_finished() || cast.processes[process].life.is_over()
        });
        let is_quiet = cast.processes.iter().all(|process| process.life.is_quiet());
        if is_played && is_quiet && !cast.stage.has_requests_in_flight() {
            return;
        }
        if cast.stage.timeline.now() > LIMIT {
            cast.stage.shared().broken.push("it never comes to rest".to_owned());
            return;
        }
    }
}

/// Ends all faults, and waits until reads show everything.
async fn heal(cast: &Cast) {
    cast.stage.tell(|| "no more faults".to_owned());
    {
        let mut shared = cast.stage.shared();
        shared.is_healed = true;
        shared.world.plan.rate = None;
    }
    sleep(CALM).await;
}

/// Does what callers do who were told to come again, in a process that knows nothing but keys and ids.
async fn audit(cast: &Cast) {
    let calls = cast.stage.shared().ledger.calls.clone();
    let auditor = cast.processes.len() - 1;
    let mut keys = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        match (&call.what, &call.outcome) {
            (What::Destroy { id }, Outcome::Rejected(_) | Outcome::Dead) => {
                let again = cast
                    .make(Attempt::plain(auditor, What::Destroy { id: id.clone() }))
                    .await;
                if again != Outcome::Done {
                    let text = format!("the destroy of call {number} cannot be repeated: {again:?}");
                    cast.stage.shared().broken.push(text);
                }
            }
            (
                What::Create {
                    handle: handle @ HandlePlan::Key(_),
                    plan: Some(plan),
                },
                outcome,
            ) => {
                let plan = &cast.stage.plan.creates[*plan];
                let is_new = keys.iter().all(|(key, known): &(HandlePlan, CreatePlan)| {
                    key != handle || known.other_image != plan.other_image
                });
                // A watch that died with its process may have left something.
                let is_watched = cast.processes[call.process].life.is_over();
                if is_new && (is_watched || !matches!(outcome, Outcome::Created(_))) {
                    keys.push((*handle, plan.clone()));
                }
            }
            _ => {}
        }
    }
    // Where an id is a name, reads may still show what was just destroyed.
    for (handle, plan) in keys {
        sleep(CALM).await;
        let plan = CreatePlan { waits: false, ..plan };
        let again = cast
            .make(Attempt {
                options: cast.create_options(&plan),
                ..Attempt::plain(auditor, What::Create { handle, plan: None })
            })
            .await;
        let is_other_image = matches!(&again, Outcome::Rejected(rejection) if rejection.code == "INVALID_ARGUMENT")
            && cast.stage.plan.creates.iter().any(|create| create.other_image);
        // A command that fails fails again.
        let is_ill = matches!(&again, Outcome::Rejected(rejection) if rejection.code == "PROVISION_FAILED")
            && cast.stage.plan.world.course == Course::Fails;
        if !matches!(again, Outcome::Created(_)) && !is_other_image && !is_ill {
            let text = format!("the create with {handle:?} cannot be repeated: {again:?}");
            cast.stage.shared().broken.push(text);
        }
    }
}
