//! How often each thing was reached, by table and row.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Counts by table and row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Coverage(BTreeMap<(&'static str, String), u64>);

thread_local! {
    /// The rows that the core itself has reached in the scenario of this thread.
    static REACHED: RefCell<Coverage> = RefCell::default();
}

/// Counts a row that the core has reached.
pub(crate) fn reach(table: &'static str, row: &str) {
    REACHED.with_borrow_mut(|reached| reached.count(table, row));
}

/// Returns what the core has reached on this thread, and forgets it.
pub(super) fn take_reached() -> Coverage {
    REACHED.take()
}

impl Coverage {
    /// Counts a row.
    pub(super) fn count(&mut self, table: &'static str, row: &str) {
        self.add(table, row, 1);
    }

    fn add(&mut self, table: &'static str, row: &str, by: u64) {
        if let Some(count) = self.0.get_mut(&(table, row.to_owned())) {
            *count += by;
        } else {
            self.0.insert((table, row.to_owned()), by);
        }
    }

    /// Adds the counts of another scenario.
    pub(super) fn merge(&mut self, other: Self) {
        for ((table, row), count) in other.0 {
            self.add(table, &row, count);
        }
    }

    /// Adds the decisions that one provider's scenario has reached, in a table of its own.
    pub(super) fn merge_for(&mut self, provider: &str, other: &Self) {
        for ((table, row), count) in &other.0 {
            if matches!(*table, "decisions" | "outcomes of create") {
                let own = if *table == "decisions" {
                    "decisions by provider"
                } else {
                    "outcomes by provider"
                };
                self.add(own, &format!("{row}: {provider}"), *count);
            }
        }
    }

    /// Returns the rows of a table.
    pub(super) fn rows(&self, table: &str) -> impl Iterator<Item = (&str, u64)> {
        let rows = self.0.iter().filter(move |((of, _), _)| *of == table);
        rows.map(|((_, row), count)| (row.as_str(), *count))
    }

    /// Returns how often a row was reached.
    pub(super) fn get(&self, table: &'static str, row: &str) -> u64 {
        self.0.get(&(table, row.to_owned())).copied().unwrap_or_default()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((table, row), count) in &self.0 {
            if *table != last {
                writeln!(formatter, "{table}")?;
                last = table;
            }
            writeln!(formatter, "  {count:>10}  {row}")?;
        }
        Ok(())
    }
}
