//! Configurations and options of callers, as the bridge to JavaScript would hand them over.

use std::borrow::Cow;

use crate::input::value::{Fields, Raw, Unreadable};

/// A value of a caller's.
#[derive(Clone, Debug)]
pub(super) enum Given {
    Text(String),
    Bool(bool),
    Number(f64),
    Map(Vec<(&'static str, Given)>),
}

impl Given {
    fn into_raw(self) -> Raw<'static> {
        match self {
            Self::Text(text) => Raw::Text(Cow::Owned(text)),
            Self::Bool(value) => Raw::Bool(value),
            Self::Number(value) => Raw::Number(value),
            Self::Map(entries) => Raw::Map(
                entries
                    .into_iter()
                    .map(|(name, value)| (Cow::Borrowed(name), value.into_raw()))
                    .collect(),
            ),
        }
    }
}

/// An object of a caller's.
pub(super) struct Object(Vec<(&'static str, Raw<'static>)>);

impl Object {
    /// Takes its entries.
    pub(super) fn new(entries: Vec<(&'static str, Given)>) -> Self {
        Self(
            entries
                .into_iter()
                .map(|(name, value)| (name, value.into_raw()))
                .collect(),
        )
    }
}

impl Fields for Object {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        let found = self.0.iter().find(|(key, _)| *key == name);
        Ok(found.map_or(&Raw::Absent, |(_, value)| value))
    }
}
