//! The providers. Each has a folder of its own and shares nothing with the others but the layers below.

pub(crate) mod docker;
pub(crate) mod namespace;
pub(crate) mod railway;
pub(crate) mod render;
#[cfg(test)]
mod tests;
pub(crate) mod vercel;

use crate::provider::config::ProviderFactory;

/// Every provider that the package exports.
pub(crate) static FACTORIES: [&ProviderFactory; 5] = [
    &docker::FACTORY,
    &namespace::FACTORY,
    &railway::FACTORY,
    &render::FACTORY,
    &vercel::FACTORY,
];
