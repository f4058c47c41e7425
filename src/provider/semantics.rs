//! The semantics of a provider's API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;

/// The semantics of a provider. docs/reliability.md shows them, and a test compares the two.
#[derive(Debug)]
pub(crate) struct Semantics {
    pub(crate) identity: Identity,
    /// The longest time after a create during which reads may not show the resource.
    pub(crate) visibility_lag: Duration,
    /// How long a create whose response was lost can still take effect. What has not appeared by then was not created.
    /// It is longer than the slowest create on record and than [`Semantics::visibility_lag`].
    pub(crate) absence_window: Duration,
    /// Whether the provider answers a second create under one handle with the resource of the first. A lost create is then
    /// sent again without a lookup before.
    pub(crate) create_is_idempotent: bool,
    /// Whether the provider never uses an id twice. Where the id is a name, a deleted one may exist again and be another's.
    pub(crate) ids_are_never_reused: bool,
}
