//! Plays many scenarios on all cores.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::coverage::Coverage;
use super::mutations::Mutation;
use super::plan::Plan;
use super::scenario::{Report, play};
use super::shrink;
use super::worlds::Provider;

/// What is to be played.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) providers: &'a [&'static Provider],
    /// The first seed. Scenario number `n` has the seed `first + n`, and the provider whose turn it is.
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) mutation: Option<Mutation>,
    /// After so many failures it stops.
    pub(super) failures: usize,
    pub(super) threads: usize,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Played {
    pub(super) coverage: Coverage,
    /// Seeds and providers of scenarios that broke an invariant, in the order of seeds, each with what broke.
    pub(super) failures: Vec<(u64, &'static Provider, Vec<String>)>,
    pub(super) count: u64,
    /// How long creates took, in milliseconds, by provider: those that met no fault, and those that met some.
    pub(super) settled: BTreeMap<&'static str, [Vec<u64>; 2]>,
}

/// Plays scenarios. `progress` is told what has come of them until now.
pub(super) fn run(task: Task<'_>, progress: &(dyn Fn(&Played) + Sync)) -> Played {
    let next = AtomicU64::new(0);
    let stops = AtomicBool::new(false);
    let played = Mutex::new(Played::default());
    thread::scope(|scope| {
        for _ in 0..task.threads {
            scope.spawn(|| {
                while !stops.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= task.count {
                        return;
                    }
                    let (seed, provider) = scenario(task, number);
                    let report = play(Arc::new(Plan::draw(seed, provider)), provider, task.mutation, false);
                    let mut played = played.lock().unwrap_or_else(PoisonError::into_inner);
                    take(&mut played, seed, provider, report);
                    progress(&played);
                    if played.failures.len() >= task.failures {
                        stops.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    played.failures.sort_by_key(|(seed, ..)| *seed);
    played
}

/// Returns the seed and the provider of a scenario.
fn scenario(task: Task<'_>, number: u64) -> (u64, &'static Provider) {
    let turn = usize::try_from(number % task.providers.len() as u64).unwrap();
    (task.first + number, task.providers[turn])
}

fn take(played: &mut Played, seed: u64, provider: &'static Provider, report: Report) {
    played.count += 1;
    let name = provider.name();
    played.coverage.count("scenarios", name);
    played.coverage.merge_for(name, &report.coverage);
    played.coverage.merge(report.coverage);
    let settled = played.settled.entry(name).or_default();
    for (met_fault, took) in report.settled {
        settled[usize::from(met_fault)].push(took);
    }
    if !report.verdict.broken.is_empty() {
        played.failures.push((seed, provider, report.verdict.broken));
    }
}

/// Describes a failure: its seed, what broke, the scenario shrunk, and the story of what is concerned.
pub(super) fn describe(seed: u64, provider: &'static Provider, mutation: Option<Mutation>) -> String {
    let (plan, played) = shrink::shrink(&Plan::draw(seed, provider), provider, mutation);
    let report = shrink::tell(&plan, provider, mutation);
    let size = plan.size();
    format!(
        "{} with seed {seed}, shrunk to {size} events by playing {played} scenarios:\n{plan:#?}\n\n{}\n\nbroken: {:#?}\n",
        provider.name(),
        report.story.join("\n"),
        report.verdict.broken,
    )
}
