//! Scenarios that were found once, written down: a seed means another one as soon as `plan.rs` changes.

use std::sync::Arc;

use super::faults::{Fault, FaultKind};
use super::mutations::Mutation;
use super::plan::{Abort, Course, CreatePlan, Ending, HandlePlan, Plan, ProcessPlan, WorldPlan};
use super::scenario::play;
use super::worlds::PROVIDERS;

const PROCESS: ProcessPlan = ProcessPlan {
    credential: 0,
    death: None,
    clock_jump: None,
    request_timeout: None,
    max_retries: None,
    owner: None,
};

const WORLD: WorldPlan = WorldPlan {
    lag: 0,
    token_lag: 0,
    stale: 0,
    shows_deletion: false,
    names_are_unique: true,
    latency: 300,
    rate: None,
    renewal: None,
    course: Course::Well,
    start: 0,
    variant: 1,
    name_is_taken: false,
};

const CREATE: CreatePlan = CreatePlan {
    at: 0,
    process: 0,
    handle: HandlePlan::Random,
    waits: false,
    ready_timeout: 300_000,
    settings: false,
    other_image: false,
    abort: None,
    ending: Ending::Keep,
};

/// Fails unless a scenario of two processes breaks nothing, and shows the defect if the core has it.
fn shows(mutation: Mutation, provider: &str, world: &WorldPlan, creates: &[CreatePlan], faults: &[Fault]) {
    assert_eq!(broken(None, provider, world, creates, faults), [""; 0]);
    assert!(
        !broken(Some(mutation), provider, world, creates, faults).is_empty(),
        "the scenario does not show that the core {mutation:?}"
    );
}

/// Plays a scenario of two processes with several seeds, and returns what broke.
fn broken(
    mutation: Option<Mutation>,
    provider: &str,
    world: &WorldPlan,
    creates: &[CreatePlan],
    faults: &[Fault],
) -> Vec<String> {
    let provider = PROVIDERS.into_iter().find(|known| known.name() == provider).unwrap();
    let plans = (0..20).map(|seed| Plan {
        seed,
        world: world.clone(),
        processes: vec![PROCESS, PROCESS],
        creates: creates.to_vec(),
        faults: faults.to_vec(),
        outages: Vec::new(),
    });
    plans
        .flat_map(|plan| play(Arc::new(plan), provider, mutation, false).verdict.broken)
        .collect()
}

#[test]
fn a_destroy_at_railway_does_not_believe_a_slow_read_of_a_young_service() {
    let world = WorldPlan { lag: 59_500, ..WORLD };
    let create = CreatePlan {
        ending: Ending::Destroy { after: 37_000, by: 1 },
        ..CREATE
    };
    let slow = FaultKind::Slow {
        takes: 25_000,
        effect_first: true,
    };
    let mutation = Mutation::RailwayCountsReadsFromResponses;
    shows(
        mutation,
        "railway",
        &world,
        &[create],
        &[fault("ServiceInstance", 1, slow)],
    );
}

fn fault(operation: &'static str, nth: u32, kind: FaultKind) -> Fault {
    Fault { operation, nth, kind }
}

/// A create with a key.
fn keyed(process: usize, at: u64, ending: Ending) -> CreatePlan {
    CreatePlan {
        process,
        at,
        handle: HandlePlan::Key(0),
        ending,
        ..CREATE
    }
}

/// Namespace, whose reads show for a while what is gone.
const STALE: WorldPlan = WorldPlan { stale: 20_000, ..WORLD };

#[test]
fn a_key_at_namespace_does_not_give_what_was_gone_when_it_was_destroyed() {
    let creates = [
        keyed(0, 0, Ending::Destroy { after: 10_000, by: 0 }),
        keyed(1, 5_000, Ending::Renew { after: 8_000 }),
    ];
    // A second deletion is told that the instance is no longer running, which another rule notes, too.
    assert_eq!(broken(None, "namespace", &STALE, &creates, &[]), [""; 0]);
    // Or that there is none.
    let world = WorldPlan { variant: 3, ..STALE };
    shows(Mutation::ForgetsForeignDeletion, "namespace", &world, &creates, &[]);
}

#[test]
fn a_key_at_namespace_does_not_give_what_a_destroy_was_told_to_be_no_longer_running() {
    let creates = [
        keyed(0, 0, Ending::Destroy { after: 10_000, by: 0 }),
        // The other process destroys it without having seen it.
        keyed(0, 1_000, Ending::Destroy { after: 12_000, by: 1 }),
        keyed(1, 18_000, Ending::Keep),
    ];
    let mutation = Mutation::NamespaceForgetsGoneInstances;
    shows(mutation, "namespace", &STALE, &creates, &[]);
}

#[test]
fn a_watch_at_docker_goes_on_while_a_destroy_may_still_fail_to_delete_what_came_late() {
    let create = CreatePlan {
        ending: Ending::Destroy { after: 556, by: 0 },
        ..CREATE
    };
    let refused = FaultKind::Refused {
        which: 3,
        effect: false,
    };
    let late = FaultKind::ResetThenEffect { after: 7_575 };
    let hang = FaultKind::Hang { effect: None };
    let faults = [
        fault("POST /containers/create", 1, refused),
        fault("POST /containers/create", 2, late),
        fault("DELETE /containers/{id}", 2, hang),
        fault("DELETE /containers/{id}", 3, FaultKind::Echo),
    ];
    let mutation = Mutation::WatchTrustsOtherDeletions;
    shows(mutation, "docker", &WORLD, &[create], &faults);
}

#[test]
fn a_destroy_at_vercel_leaves_what_another_process_has_made_meanwhile() {
    let world = WorldPlan {
        lag: 19_064,
        variant: 2,
        ..WORLD
    };
    let creates = [
        keyed(0, 0, Ending::Destroy { after: 4_390, by: 0 }),
        keyed(1, 60_050, Ending::Keep),
    ];
    let hang = FaultKind::Hang { effect: Some(78_560) };
    let mutation = Mutation::DeletesByNameAfterSearch;
    shows(
        mutation,
        "vercel",
        &world,
        &creates,
        &[fault("POST /v3/sandboxes", 1, hang)],
    );
}

#[test]
fn a_rollback_at_vercel_leaves_what_another_process_has_made_with_the_name() {
    let named = |process, at, abort| CreatePlan {
        process,
        at,
        handle: HandlePlan::Name(0),
        abort,
        ..CREATE
    };
    let creates = [named(0, 0, Some(Abort::AtRequest(3))), named(1, 10_000, None)];
    let lost = fault("DELETE /v2/sandboxes/{name}", 1, FaultKind::ResetAfter);
    let mutation = Mutation::RepeatsDeletionByName;
    shows(mutation, "vercel", &WORLD, &creates, &[lost]);
}

#[test]
fn a_destroy_at_vercel_leaves_what_the_key_has_made_again() {
    let world = WorldPlan {
        lag: 7_250,
        latency: 1_500,
        variant: 2,
        ..WORLD
    };
    let creates = [
        keyed(0, 961, Ending::Keep),
        keyed(0, 0, Ending::DestroyTwice { after: 102 }),
    ];
    let slow = FaultKind::Slow {
        takes: 35_185,
        effect_first: true,
    };
    let mutation = Mutation::DeletesReplacement;
    shows(
        mutation,
        "vercel",
        &world,
        &creates,
        &[fault("POST /v3/sandboxes", 1, slow)],
    );
}
