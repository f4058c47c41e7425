//! The four operations of the public interface, over any provider: what waits, repeats, remembers and cleans up.
//!
//! Knows only the trait [`Provider`](crate::provider::Provider), so that a new provider gets all of it for nothing.

mod create;
mod destroy;
mod get;
mod image;
mod list;
mod polling;
mod ready;
mod reconcile;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use run::{Ask, Call, Reply, in_context};
