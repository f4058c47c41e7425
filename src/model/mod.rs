//! The terms that providers and operations share: location, handle, request, instance.

pub(crate) mod create_request;
pub(crate) mod handle;
pub(crate) mod image_reference;
pub(crate) mod instance;
pub(crate) mod instance_rows;
pub(crate) mod owner;
pub(crate) mod scope;
