//! HTTP as the core sees it: requests, whole responses, and the layers between a provider and its API.

pub(crate) mod attempt;
mod attempt_events;
pub(crate) mod client;
pub(crate) mod credential;
pub(crate) mod effect;
pub(crate) mod endpoint;
pub(crate) mod headers;
mod limits;
pub(crate) mod message;
mod proxy;
mod rate_limit;
pub(crate) mod reqwest;
pub(crate) mod resources;
mod retry;
mod retry_quota;
pub(crate) mod route;
pub(crate) mod settings;
pub(crate) mod tenant;
mod throttle;
pub(crate) mod transport;
