//! The semantics of the Docker Engine API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

/// The provider's name in messages.
pub(super) const TITLE: &str = "Docker";

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "docker",
        title: TITLE,
    },
    // An engine answers from its own memory or database: what it has created shows at once (docs/providers/docker.md).
    visibility_lag: Duration::ZERO,
    // A create takes milliseconds, and seconds on a disk that is busy. An engine that is restarted forgets requests.
    absence_window: Duration::from_secs(30),
    // A name that is taken is refused.
    create_is_idempotent: false,
    // 256 random bits.
    ids_are_never_reused: true,
};
