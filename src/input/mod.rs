//! Reading a caller's values.

pub(crate) mod environment;
pub(crate) mod reader;
pub(crate) mod value;
