//! The results of a run as a file, for the documents and their charts (`npm run docs:charts`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::runner::Played;

/// Writes the results of a run to `target/simulation/results.json`.
pub(super) fn write(played: &Played, seed: u64, seconds: f64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/simulation/results.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = serde_json::to_string_pretty(&describe(played, seed, seconds)).unwrap();
    std::fs::write(path, text + "\n").unwrap();
}

fn describe(played: &Played, seed: u64, seconds: f64) -> Value {
    let table = |name: &str| -> Map<String, Value> {
        let rows = played.coverage.rows(name);
        rows.map(|(row, count)| (row.to_owned(), count.into())).collect()
    };
    let mut by_provider: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (row, count) in played.coverage.rows("outcomes by provider") {
        let (outcome, provider) = row.rsplit_once(": ").unwrap();
        by_provider
            .entry(provider)
            .or_default()
            .insert(outcome.to_owned(), count.into());
    }
    let settle_times: Vec<Value> = played
        .settled
        .iter()
        .map(|(provider, [healthy, faulty])| {
            let mut entry = times(faulty);
            entry.insert("provider".to_owned(), (*provider).into());
            entry.insert("healthy".to_owned(), times(healthy).into());
            entry.into()
        })
        .collect();
    json!({
        "scenarios": played.count,
        "failures": played.failures.len(),
        "seconds": seconds.round(),
        "seed": seed,
        "outcomes": table("outcomes of create"),
        "outcomesByProvider": by_provider,
        "decisions": table("decisions"),
        "byDesign": table("possible by design"),
        "settleTimes": settle_times,
    })
}

/// Returns the median, the 99th percentile and the maximum, in virtual seconds.
fn times(milliseconds: &[u64]) -> Map<String, Value> {
    let mut sorted = milliseconds.to_vec();
    sorted.sort_unstable();
    let at = |share: usize| sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)));
    let seconds = |share| Value::from(*at(share).unwrap_or(&0) as f64 / 1_000.0);
    let entries = [("p50", seconds(50)), ("p99", seconds(99)), ("max", seconds(100))];
    let mut times: Map<String, Value> = entries
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
    times.insert("calls".to_owned(), sorted.len().into());
    times
}
