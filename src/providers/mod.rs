//! The providers. Each has a folder of its own and shares nothing with its neighbours but the core.

pub(crate) mod namespace;
pub(crate) mod railway;
pub(crate) mod render;
pub(crate) mod vercel;
