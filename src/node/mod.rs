//! The border to JavaScript: factories, arguments, replies, errors. Knows no URL and no provider's facts.

mod border;
mod call;
mod environment;
mod error;
mod exports;
mod factory;
mod fields;
mod reply;
mod runtime;
#[cfg(feature = "test-hooks")]
mod test_hooks;
mod way_back;
