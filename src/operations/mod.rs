//! The four operations of the public interface, over any provider: what waits, repeats, remembers and cleans up.
//!
//! Knows only the trait [`Provider`](crate::provider::Provider), so that a new provider gets all of it for nothing.

mod call;
mod create;
mod destroy;
mod get;
mod handover;
mod list;
mod polling;

#[cfg(test)]
mod tests;

pub(crate) use call::{Ask, Call, Reply, in_context};
pub(crate) use handover::Claim;
