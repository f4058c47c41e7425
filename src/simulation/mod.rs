//! Deterministic simulation, for tests alone: the whole core on one thread under virtual time, between callers and an in-memory
//! world of a provider, over a network that loses, delays, repeats and garbles. All of it follows from a seed
//! (docs/contributing/simulation.md).

#![allow(
    clippy::cast_precision_loss,
    clippy::struct_excessive_bools,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests"
)]

mod callers;
mod checker;
mod clock;
pub(crate) mod coverage;
mod dice;
mod faults;
mod fields;
mod ledger;
pub(crate) mod mutations;
mod network;
mod plan;
mod process;
mod recording;
mod results;
mod runner;
mod scenario;
mod shrink;
mod stage;
mod stories;
mod story;
mod tests;
mod worlds;
