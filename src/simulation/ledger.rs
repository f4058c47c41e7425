//! What callers were told.

use super::plan::{HandlePlan, Plan};

/// A call, and what its caller knows of it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) process: usize,
    pub(super) what: What,
    pub(super) began: u64,
    /// When its caller was told its outcome.
    pub(super) told: Option<u64>,
    pub(super) outcome: Outcome,
    pub(super) requests: u32,
    /// How many of its requests met a fault.
    pub(super) faults: u32,
    /// How many clean-ups have begun less those that have ended.
    pub(super) open_cleanups: i32,
    /// Whether it has looked up its handle since it last sent its request.
    pub(super) has_looked: bool,
    /// What its clean-ups say to be gone.
    pub(super) cleaned: Vec<String>,
}

/// The method and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Create { handle: HandlePlan, plan: Option<usize> },
    Get { id: String },
    Destroy { id: String },
    List,
}

/// How a call has ended for its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Pending,
    Created(String),
    Found(bool),
    Listed(Vec<String>),
    Done,
    Rejected(Rejection),
    Aborted,
    /// Its process has died.
    Dead,
}

/// An error, as far as a caller acts on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) code: &'static str,
    pub(super) instance_id: Option<String>,
    pub(super) resource_name: Option<String>,
    pub(super) text: String,
}

impl Rejection {
    /// Returns whether the caller is told that something may be left.
    pub(super) fn tells_of_remains(&self) -> bool {
        let is_named = self.instance_id.is_some() || self.resource_name.is_some();
        // A key that was used for another image: its resource stays, and is named.
        let is_known = matches!(self.code, "OUTCOME_UNKNOWN" | "INVALID_ARGUMENT");
        let is_told = |words: &str| self.text.contains(words);
        is_named && (is_known || is_told("could not be removed") || is_told("is left as it is"))
    }
}

/// All calls of a scenario.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) calls: Vec<Call>,
}

impl Ledger {
    /// Begins a call. Returns its number.
    pub(super) fn begin(&mut self, process: usize, what: What, now: u64) -> usize {
        self.calls.push(Call {
            process,
            what,
            began: now,
            told: None,
            outcome: Outcome::Pending,
            requests: 0,
            faults: 0,
            open_cleanups: 0,
            has_looked: false,
            cleaned: Vec::new(),
        });
        self.calls.len() - 1
    }

    /// Notes a request of a call.
    pub(super) fn note_request(&mut self, call: usize, meets_fault: bool) {
        let call = &mut self.calls[call];
        call.requests += 1;
        call.faults += u32::from(meets_fault);
    }

    /// Notes what a caller is told.
    pub(super) fn tell(&mut self, call: usize, now: u64, outcome: Outcome) {
        let call = &mut self.calls[call];
        call.told = Some(now);
        call.outcome = outcome;
    }

    /// Returns of each create that has settled, and was not to wait for its start, whether it met a fault, and how long it took.
    pub(super) fn settled_creates(&self, plan: &Plan) -> Vec<(bool, u64)> {
        let settled = self.calls.iter().filter_map(|call| {
            let What::Create { plan: Some(number), .. } = call.what else {
                return None;
            };
            let has_settled = matches!(call.outcome, Outcome::Created(_) | Outcome::Rejected(_));
            let took = call.told? - call.began;
            (has_settled && !plan.creates[number].waits).then_some((call.faults > 0, took))
        });
        settled.collect()
    }

    /// Returns the names of callers, as creates take them.
    pub(super) fn name_of(handle: HandlePlan) -> Option<(&'static str, String)> {
        match handle {
            HandlePlan::Random => None,
            HandlePlan::Key(number) => Some(("idempotencyKey", format!("key-{number}"))),
            HandlePlan::Name(number) => Some(("name", format!("box-{number}"))),
        }
    }
}
