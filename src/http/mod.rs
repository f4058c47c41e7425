//! HTTP as the core sees it: requests, whole responses, and the layers between a provider and its API.

pub(crate) mod attempt;
mod attempt_events;
mod body;
pub(crate) mod client;
mod connect_error;
pub(crate) mod credential;
pub(crate) mod effect;
pub(crate) mod endpoint;
pub(crate) mod headers;
mod hyper;
mod limits;
pub(crate) mod message;
pub(crate) mod process_transport;
mod proxy;
mod rate_limit;
mod reqwest;
pub(crate) mod resources;
mod retry;
mod retry_quota;
pub(crate) mod route;
pub(crate) mod settings;
pub(crate) mod tenant;
mod throttle;
pub(crate) mod transport;
