//! The four operations of the public interface, over any provider: they wait, repeat, remember and clean up.
//!
//! They know a provider by its trait alone, so a new provider gets all of this without an edit here.

mod background;
mod call;
mod create;
mod destroy;
mod get;
mod handle_lookup;
mod handover;
mod late_cleanups;
mod list;
mod observe;
mod operation_context;
mod polling;
#[cfg(test)]
mod tests;
mod watch;

pub(crate) use call::{CallDescription, CallOutput, CallRequest, LIST_FIELDS, PreparedCall};
pub(crate) use handover::Handover;
