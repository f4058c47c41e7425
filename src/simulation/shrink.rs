//! Makes a failing scenario small: leaves out one event after the other as long as it still fails.

use std::sync::Arc;

use super::mutations::Mutation;
use super::plan::{Ending, Plan};
use super::scenario::{Report, play};
use super::worlds::Provider;

/// The most scenarios that are played.
const LIMIT: usize = 400;

/// Returns the smallest scenario found that breaks an invariant too, and how many were played.
pub(super) fn shrink(plan: &Plan, provider: &'static Provider, mutation: Option<Mutation>) -> (Arc<Plan>, usize) {
    let mut smallest = Arc::new(plan.clone());
    let mut played = 0;
    let mut goes_on = true;
    while goes_on && played < LIMIT {
        goes_on = false;
        for smaller in simplifications(&smallest) {
            if smaller == *smallest || played >= LIMIT {
                continue;
            }
            played += 1;
            let smaller = Arc::new(smaller);
            if play(Arc::clone(&smaller), provider, mutation, false).is_broken() {
                smallest = smaller;
                goes_on = true;
                break;
            }
        }
    }
    (smallest, played)
}

/// Plays a failing scenario again, and has its story told.
pub(super) fn tell(plan: &Arc<Plan>, provider: &'static Provider, mutation: Option<Mutation>) -> Report {
    play(Arc::clone(plan), provider, mutation, true)
}

/// Returns scenarios that are each a little simpler, the simplest first.
fn simplifications(plan: &Plan) -> Vec<Plan> {
    let mut simpler = Vec::new();
    let mut add = |change: &dyn Fn(&mut Plan)| {
        let mut changed = plan.clone();
        change(&mut changed);
        simpler.push(changed);
    };
    for index in 0..plan.creates.len() {
        if plan.creates.len() > 1 {
            add(&|plan| {
                plan.creates.remove(index);
            });
        }
    }
    add(&|plan| plan.outages.clear());
    for index in 0..plan.faults.len() {
        add(&|plan| {
            plan.faults.remove(index);
        });
    }
    for index in 0..plan.processes.len() {
        add(&|plan| plan.processes[index].death = None);
        add(&|plan| plan.processes[index].clock_jump = None);
        add(&|plan| plan.processes[index].request_timeout = None);
        add(&|plan| plan.processes[index].max_retries = None);
        add(&|plan| plan.processes[index].owner = None);
        add(&|plan| plan.processes[index].credential = 0);
    }
    for index in 0..plan.creates.len() {
        add(&|plan| plan.creates[index].abort = None);
        add(&|plan| plan.creates[index].waits = false);
        add(&|plan| plan.creates[index].settings = false);
        add(&|plan| plan.creates[index].other_image = false);
        add(&|plan| plan.creates[index].ending = Ending::Keep);
        add(&|plan| plan.creates[index].at = 0);
    }
    add(&|plan| plan.world.renewal = None);
    add(&|plan| plan.world.rate = None);
    add(&|plan| plan.world.lag = 0);
    add(&|plan| plan.world.token_lag = 0);
    add(&|plan| plan.world.stale = 0);
    add(&|plan| plan.world.names_are_unique = true);
    add(&|plan| plan.world.name_is_taken = false);
    add(&|plan| plan.world.latency = 300);
    add(&|plan| plan.world.start = 0);
    simpler
}
