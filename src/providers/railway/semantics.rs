//! The semantics of Railway's API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

/// The provider's name in messages.
pub(super) const TITLE: &str = "Railway";

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "railway",
        title: TITLE,
    },
    // A service is readable at the latest a minute after its creation (docs/providers/railway.md).
    visibility_lag: Duration::from_secs(60),
    // Railway's own command line gives a request 90 seconds: no service is on record that was created later than that after
    // its request was sent (docs/providers/railway.md).
    absence_window: Duration::from_secs(90),
    create_is_idempotent: false,
    ids_are_never_reused: true,
};
