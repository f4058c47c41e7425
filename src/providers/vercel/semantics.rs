//! What is known of Vercel's API and is the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "vercel",
        title: "Vercel",
    },
    // No source says whether reads lag behind writes: a safe guess.
    visibility_lag: Duration::from_secs(30),
    // The slowest creates on record took about 25 s, with an image that is new to its region (docs/providers/vercel.md).
    absence_window: Duration::from_secs(60),
    create_is_idempotent: false,
    // They are names.
    ids_are_never_reused: false,
};
