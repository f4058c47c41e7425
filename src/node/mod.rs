//! The bridge to JavaScript: factories, arguments, replies, errors. Knows no URL and no facts about providers.

mod arguments;
mod bridge;
mod call;
mod cancellations;
mod completions;
mod constants;
mod decode;
mod descriptions;
mod diagnostics;
mod environment;
mod error;
mod exports;
mod factory;
mod install;
mod reply;
mod runtime;
mod submission;
mod submit;
#[cfg(feature = "test-hooks")]
mod test_hooks;
mod variables;
