//! The border to JavaScript: factories, arguments, promises, errors, results. Knows no URL and no provider's facts.

mod abort;
mod args;
mod call;
mod environment;
mod error;
mod exports;
mod factory;
mod result;
mod runtime;
mod scrub;
#[cfg(feature = "test-hooks")]
mod test_hooks;
