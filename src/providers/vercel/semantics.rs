//! The semantics of Vercel's API, which are the same for every call.

use std::time::Duration;

use crate::model::scope::Identity;
use crate::provider::semantics::Semantics;

/// The provider's name in messages.
pub(super) const TITLE: &str = "Vercel";

pub(super) static SEMANTICS: Semantics = Semantics {
    identity: Identity {
        name: "vercel",
        title: TITLE,
    },
    // A safe guess: no source says whether reads lag behind writes (docs/providers/vercel.md).
    visibility_lag: Duration::from_secs(30),
    // The slowest creates on record took about 25 s, with an image that was new to its region (docs/providers/vercel.md).
    absence_window: Duration::from_secs(60),
    create_is_idempotent: false,
    // Ids are names, which can be used again after a deletion.
    ids_are_never_reused: false,
};
