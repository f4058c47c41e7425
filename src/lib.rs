//! Infrastructure layer of the ComputeSDK gateway server, as a Node.js addon.
//!
//! `node` is the bridge to JavaScript, `providers` translate, `operations` are what all providers share,
//! `http` sends. docs/contributing/architecture.md has the map; dependence goes downwards only.

// napi-rs registers no exports in a test build, so that everything seems unused there.
#![cfg_attr(test, allow(dead_code, reason = "exports are not registered in tests"))]

#[macro_use]
mod macros;

mod context;
mod error;
mod http;
mod input;
mod model;
mod node;
mod operations;
mod process;
mod protocol;
mod provider;
mod providers;
mod secret;
#[cfg(test)]
mod simulation;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
