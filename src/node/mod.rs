//! The border to JavaScript: factories, arguments, replies, errors. Knows no URL and no provider's facts.

mod arguments;
mod bridge;
mod call;
mod completions;
mod environment;
mod error;
mod exports;
mod factory;
mod reply;
mod runtime;
#[cfg(feature = "test-hooks")]
mod test_hooks;
