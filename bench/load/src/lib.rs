//! The Rust side of the benchmarks: what answers, what slows a line down, and what shows how fast a client could be.

pub mod answers;
pub mod relay;
pub mod server;
pub mod tls;

/// What a program of this package ends with when something is wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
