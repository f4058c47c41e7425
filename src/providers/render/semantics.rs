//! The semantics of Render's API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

/// The provider's name in messages.
pub(super) const TITLE: &str = "Render";

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "render",
        title: TITLE,
    },
    // No source says whether reads lag behind writes. Half of the absence window is a safe guess.
    visibility_lag: Duration::from_secs(30),
    // More than four times the slowest create on record, which took 13.4 s (docs/providers/render.md).
    absence_window: Duration::from_secs(60),
    create_is_idempotent: false,
    ids_are_never_reused: true,
};
