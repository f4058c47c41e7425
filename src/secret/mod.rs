//! Secrets (keys, tokens, values of variables): one type that cannot be printed, and the masking of texts from outside.

mod characters;
mod copies;
mod decode;
mod excerpt;
mod redactor;
mod search;

use std::sync::Arc;

use zeroize::Zeroizing;

pub(crate) use self::characters::is_invisible;
pub(crate) use self::excerpt::Excerpt;
pub(crate) use self::redactor::{FieldMask, LateSecrets, Redactor};

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

#[cfg(test)]
mod tests;
