//! The operations over a provider that plays a script, under a paused clock.

mod cleanups;
mod create;
mod hanging;
mod keys;
mod list;
mod repeated;
mod scripted;
mod search;
mod settled;
mod tenants;
