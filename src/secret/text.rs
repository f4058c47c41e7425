//! The type of a secret.

use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that must never be shown. It has no `Debug`, no `Display` and no `Serialize`, and is wiped when the last clone is
/// dropped.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes the text.
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// Returns the text, for the place that puts it on the wire.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}
