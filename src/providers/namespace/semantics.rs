//! The semantics of Namespace's API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

/// The provider's name in messages.
pub(super) const TITLE: &str = "Namespace";

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "namespace",
        title: TITLE,
    },
    // A safe guess: no source says whether reads lag behind writes (docs/providers/namespace.md).
    visibility_lag: Duration::from_secs(30),
    // No slow create is on record: Namespace responds before the instance runs. This is the default timeout of a create
    // request.
    absence_window: Duration::from_secs(60),
    // The unique tag makes it so (docs/providers/namespace.md).
    create_is_idempotent: true,
    ids_are_never_reused: true,
};
