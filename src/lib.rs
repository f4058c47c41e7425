//! Infrastructure layer of the ComputeSDK gateway server, as a Node.js addon.
//!
//! `node` is the border to JavaScript, `providers` translate, `operations` are what every provider gets for nothing,
//! `http` sends. docs/architecture.md has the map; dependence goes downwards only.

// napi-rs registers no exports in a test build, so that everything seems unused there.
#![cfg_attr(test, allow(dead_code, reason = "exports are not registered in tests"))]

mod access;
mod clock;
mod config;
mod context;
mod create_request;
mod error;
mod graphql;
mod handle;
mod http;
mod instance;
mod json;
mod jwt;
mod memory;
mod node;
mod operations;
mod options;
mod paging;
mod provider;
mod providers;
mod recent;
mod rest;
mod secret;
