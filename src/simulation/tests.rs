//! The tests of the simulation. Those that are ignored take variables of the environment; `scripts/simulate.mjs` sets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use super::coverage::Coverage;
use super::mutations::{MUTATIONS, Mutation};
use super::plan::Plan;
use super::recording::{self, Exchange};
use super::results;
use super::runner::{Played, Task, describe, run};
use super::scenario::play;
use super::shrink::{shrink, tell};
use super::worlds::{PROVIDERS, Provider};

/// Where a search for a deliberate defect ends.
const MUTATION_LIMIT: u64 = 10_000;

/// The rows that every run of some size must reach.
const ROWS: [(&str, &[&str]); 4] = [
    (
        "decisions",
        &[
            "NoEffect, first: Fail",
            "NoEffect, again: LookUp { if_absent: Fail }",
            "RefusedUnclear, first: LookUpBriefly",
            "RefusedUnclear, again: LookUp { if_absent: Fail }",
            "Unknown, first: SendAgain { look_up_first: true }",
            "Unknown, again: SendAgain { look_up_first: true }",
            "Unknown, first: SendAgain { look_up_first: false }",
            "Unknown, again: SendAgain { look_up_first: false }",
            "Unknown, first: LookUp { if_absent: FailWithoutEffect }",
            "Unknown, again: LookUp { if_absent: FailWithoutEffect }",
            "name taken, Random, first: AdoptOwn",
            "name taken, Random, again: AdoptOwn",
            "name taken, Key, first: AdoptEarlier",
            "name taken, Key, again: AdoptOwn",
            "name taken, Caller, first: NameTaken",
            "name taken, Caller, again: AdoptOwn",
        ],
    ),
    (
        "steps of creates",
        &["Lookup", "Adopted", "Absent", "Resent", "DuplicateRemoved", "Unknown"],
    ),
    ("clean-ups", &["Started", "Succeeded", "Failed"]),
    ("deaths", &["at a moment", "at a request"]),
];

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn provider_of(name: &str) -> &'static Provider {
    PROVIDERS.into_iter().find(|provider| provider.name() == name).unwrap()
}

fn play_all(first: u64, count: u64) -> Played {
    let task = Task {
        providers: &PROVIDERS,
        first,
        count,
        mutation: None,
        failures: 3,
        threads: threads(),
    };
    run(task, &|_| {})
}

fn fail_if_broken(played: &Played) {
    if let Some((seed, provider, broken)) = played.failures.first() {
        panic!(
            "{} failures. {}\nat first: {broken:#?}",
            played.failures.len(),
            describe(*seed, provider, None)
        );
    }
}

/// Returns the rows that were not reached.
fn missing_rows(coverage: &Coverage) -> Vec<String> {
    let mut missing = Vec::new();
    for (table, rows) in ROWS {
        let unreached = rows.iter().filter(|row| coverage.get(table, row) == 0);
        missing.extend(unreached.map(|row| format!("{table}: {row}")));
    }
    for provider in PROVIDERS {
        let reached = |row: &str| coverage.get("outcomes by provider", &format!("{row}: {}", provider.name())) > 0;
        let rows = ["created", "ABORTED", "dead", "ALREADY_EXISTS", "PROVISION_FAILED"];
        missing.extend(
            rows.into_iter()
                .filter(|row| !reached(row))
                .map(|row| format!("{row}: {}", provider.name())),
        );
    }
    missing
}

#[test]
fn no_scenario_breaks_an_invariant_and_every_row_is_reached() {
    let played = play_all(0, SCENARIOS);
    fail_if_broken(&played);
    let missing = missing_rows(&played.coverage);
    assert!(missing.is_empty(), "never reached: {missing:#?}\n{}", played.coverage);
}

/// How many scenarios `cargo test` plays.
const SCENARIOS: u64 = 20_000;

#[test]
fn the_same_seed_tells_the_same_story() {
    for (number, provider) in PROVIDERS.into_iter().enumerate() {
        for seed in 0..20 {
            let plan = Arc::new(Plan::draw(seed * 5 + number as u64, provider));
            let [first, second] = [(); 2].map(|()| play(Arc::clone(&plan), provider, None, true));
            assert_eq!(first.story, second.story, "{} {seed}", provider.name());
            assert!(!first.story.is_empty());
        }
    }
}

/// Returns how many scenarios it took to find a defect, and which one found it.
fn find(mutation: Mutation, providers: &[&'static Provider]) -> Option<(u64, &'static Provider)> {
    let task = Task {
        providers,
        first: 0,
        count: number("SIMULATE_LIMIT", MUTATION_LIMIT),
        mutation: Some(mutation),
        failures: 1,
        threads: threads(),
    };
    let (seed, provider, _) = run(task, &|_| {}).failures.into_iter().next()?;
    Some((seed, provider))
}

#[test]
#[ignore = "minutes; `npm run simulate -- --mutations` runs it"]
#[expect(clippy::print_stdout, reason = "a report")]
fn every_deliberate_defect_is_found_within_ten_thousand_scenarios() {
    let mut survivors = Vec::new();
    let chosen = variable("SIMULATE_MUTATIONS");
    for (mutation, what) in MUTATIONS {
        let name = format!("{mutation:?}");
        if chosen
            .as_ref()
            .is_some_and(|chosen| !chosen.split(',').any(|chosen| chosen == name))
        {
            continue;
        }
        if let Some((seed, provider)) = find(*mutation, &PROVIDERS) {
            println!("{:>6}  {:<10} {mutation:?}: {what}", seed + 1, provider.name());
        } else {
            println!("     –  {mutation:?}: {what}");
            survivors.push(mutation);
        }
    }
    assert!(survivors.is_empty(), "not found: {survivors:?}");
}

#[test]
fn a_watch_that_ends_with_the_absence_window_misses_a_late_effect_at_namespace() {
    let namespace = provider_of("namespace");
    let mutation = Mutation::WatchEndsWithAbsenceWindow;
    let (seed, _) = find(mutation, &[namespace]).unwrap();
    let plan = Plan::draw(seed, namespace);
    assert!(!play(Arc::new(plan.clone()), namespace, None, false).is_broken());
    let (smallest, _) = shrink(&plan, namespace, Some(mutation));
    let report = tell(&smallest, namespace, Some(mutation));
    assert!(report.verdict.broken[0].starts_with("leaked") || report.verdict.broken[0].starts_with("doubled"));
    assert!(smallest.world.lag > 0, "reads lag: {smallest:#?}");
}

#[test]
fn a_failing_scenario_is_shrunk_and_told() {
    let railway = provider_of("railway");
    let mutation = Mutation::BelievesLoss;
    let (seed, _) = find(mutation, &[railway]).unwrap();
    let (smallest, _) = shrink(&Plan::draw(seed, railway), railway, Some(mutation));
    assert!(smallest.size() <= 4, "{smallest:#?}");
    let report = tell(&smallest, railway, Some(mutation));
    assert!(report.is_broken());
    let told = |words: &str| report.excerpt.iter().any(|line| line.contains(words));
    assert!(told("the provider makes"), "{:#?}", report.excerpt);
}

#[expect(clippy::disallowed_methods, reason = "the script hands it over")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str, default: u64) -> u64 {
    variable(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
#[ignore = "`npm run simulate` runs it"]
#[expect(clippy::print_stdout, reason = "a report")]
fn simulate() {
    let chosen = variable("SIMULATE_PROVIDER").map(|name| provider_of(&name));
    let providers: Vec<&'static Provider> = chosen.map_or(PROVIDERS.to_vec(), |provider| vec![provider]);
    let (first, count) = (number("SIMULATE_SEED", 0), number("SIMULATE_SCENARIOS", 20_000));
    let began = Instant::now();
    let (told, failed) = (AtomicU64::new(0), AtomicUsize::new(0));
    let task = Task {
        providers: &providers,
        first,
        count,
        mutation: None,
        failures: usize::try_from(number("SIMULATE_FAILURES", 10)).unwrap(),
        threads: usize::try_from(number("SIMULATE_THREADS", threads() as u64)).unwrap(),
    };
    let played = run(task, &|played| {
        let failures = &played.failures;
        if let Some((seed, provider, broken)) = failures.get(failed.load(Ordering::Relaxed)) {
            failed.store(failures.len(), Ordering::Relaxed);
            println!("FAILED {} --seed {seed}: {broken:?}", provider.name());
        }
        let seconds = began.elapsed().as_secs();
        if seconds >= told.load(Ordering::Relaxed) + 10 {
            told.store(seconds, Ordering::Relaxed);
            let (done, failed) = (played.count, failures.len());
            let rate = done as f64 / began.elapsed().as_secs_f64();
            println!("{done} of {count} scenarios, {failed} failures, {rate:.0} a second");
        }
    });
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", played.coverage);
    results::write(&played, first, seconds);
    println!(
        "{} scenarios in {seconds:.0} s, {:.0} a second, {} failures",
        played.count,
        played.count as f64 / seconds,
        played.failures.len()
    );
    if let Some((seed, provider, _)) = played.failures.first() {
        println!("{}", describe(*seed, provider, None));
    }
    assert!(played.failures.is_empty());
    let missing = missing_rows(&played.coverage);
    assert!(
        count < SCENARIOS || chosen.is_some() || missing.is_empty(),
        "never reached: {missing:#?}"
    );
}

#[test]
#[ignore = "`npm run simulate -- --tell` runs it"]
#[expect(clippy::print_stdout, reason = "a report")]
fn tell_story() {
    let provider = provider_of(&variable("SIMULATE_PROVIDER").unwrap());
    let plan = Plan::draw(number("SIMULATE_SEED", 0), provider);
    let plan = match variable("SIMULATE_SHRINK") {
        Some(_) => shrink(&plan, provider, None).0,
        None => Arc::new(plan),
    };
    let report = tell(&plan, provider, None);
    println!(
        "{plan:#?}\n\n{}\n\nbroken: {:#?}",
        report.story.join("\n"),
        report.verdict.broken
    );
}

/// Where the exchanges are that `__test__/simulation.test.mjs` plays to the fake servers.
const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/__test__/simulation/recordings.ndjson");

/// How many scenarios of each provider are recorded. There is no fake server of Docker: its tests have real engines.
const RECORDED: u64 = 12;

#[test]
fn the_recordings_for_the_fake_servers_are_current() {
    let mut lines = String::new();
    for name in ["railway", "render", "namespace", "vercel"] {
        let provider = provider_of(name);
        for seed in 0..RECORDED {
            let plan = recording::plain(Plan::draw(seed, provider));
            let report = play(Arc::new(plan), provider, None, true);
            let exchanges: Vec<_> = report.exchanges.iter().take(40).map(Exchange::to_json).collect();
            let line = serde_json::json!({ "provider": name, "seed": seed, "exchanges": exchanges });
            lines.extend([line.to_string(), "\n".to_owned()]);
        }
    }
    if variable("SIMULATE_RECORD").is_some() {
        std::fs::write(RECORDINGS, &lines).unwrap();
    }
    let recorded = std::fs::read_to_string(RECORDINGS).unwrap_or_default();
    assert!(
        recorded == lines,
        "the simulation has changed: SIMULATE_RECORD=1 cargo test the_recordings, then npm test"
    );
}
