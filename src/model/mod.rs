//! What providers and operations speak of: where resources live, how a create is named, what an instance is.

pub(crate) mod create_request;
pub(crate) mod handle;
pub(crate) mod image_reference;
pub(crate) mod instance;
pub(crate) mod scope;
