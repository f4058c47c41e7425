//! Macros of the core for the simulation. Outside of tests they cost nothing.

/// Returns whether the core has this deliberate defect: never, but in the simulation (docs/contributing/simulation.md).
macro_rules! mutated {
    ($mutation:ident) => {{
        #[cfg(test)]
        let is_on = crate::simulation::mutations::is_on(crate::simulation::mutations::Mutation::$mutation);
        #[cfg(not(test))]
        let is_on = false;
        is_on
    }};
}

/// Has the simulation count a row of a table that a scenario has reached.
#[cfg(test)]
macro_rules! reached {
    ($table:literal, $row:expr) => {
        crate::simulation::coverage::reach($table, $row)
    };
}
