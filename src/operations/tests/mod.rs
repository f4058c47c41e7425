//! The operations over a provider that plays a script, under a clock that nobody waits for.

mod create;
mod scripted;
mod settled;
