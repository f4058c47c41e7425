//! What is known of Namespace's API and is the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "namespace",
        title: "Namespace",
    },
    // No source says whether reads lag behind writes: a safe guess.
    visibility_lag: Duration::from_secs(30),
    // No slow create is on record: the response comes before the instance runs. This is how long a create request may take
    // by default.
    absence_window: Duration::from_secs(60),
    // By the unique tag (docs/providers/namespace.md).
    create_is_idempotent: true,
    ids_are_never_reused: true,
};
