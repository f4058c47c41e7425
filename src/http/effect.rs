//! What a request does at the provider.

/// What a request does at the provider, which decides how long it may take and whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Repeating it changes nothing more: a read, a delete, a setting.
    Idempotent,
    /// Sending it twice does it twice: it makes a resource or starts a deployment.
    Once,
}
