//! Secrets (keys, tokens, values of variables): one type that cannot be printed, and the masking of texts from outside.

mod characters;
mod copies;
mod copy;
mod decode;
mod excerpt;
mod redactor;
mod search;
mod text;

pub(crate) use self::characters::{holds_ascii, is_invisible};
pub(crate) use self::excerpt::Excerpt;
pub(crate) use self::redactor::{FieldMask, LateSecrets, Redactor};
pub(crate) use self::text::Secret;

#[cfg(test)]
mod tests;
