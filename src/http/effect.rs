//! The effect of a request at the provider.

/// The effect of a request. It decides how long the request may take and whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Repeating the request changes nothing more: a read, a delete, a setting.
    Idempotent,
    /// Sending the request twice does it twice: it creates a resource or starts a deployment.
    Once,
}
