//! HTTP as the core sees it: a request, a whole response, and the layers between.

pub(crate) mod attempt;
pub(crate) mod client;
pub(crate) mod effect;
pub(crate) mod endpoint;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod message;
mod rate_limit;
pub(crate) mod reqwest;
mod retry;
mod retry_quota;
pub(crate) mod settings;
pub(crate) mod tenant;
pub(crate) mod transport;
