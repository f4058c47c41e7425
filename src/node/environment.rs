//! The caller's environment: `process.env` as JavaScript saw it at the call. In a worker it is the worker's copy, and it has
//! the variables that JavaScript has set. The C environment has neither.

use std::io;
use std::sync::Arc;

use super::variables::JsVariables;
use crate::input::environment::{Environment, EnvironmentReader, read_file};

/// The environment of one call.
pub(super) struct CallVariables<'a> {
    names: &'a [&'static str],
    /// Empty if a variable is not set.
    values: &'a [String],
    later: &'a Arc<JsVariables>,
}

impl<'a> CallVariables<'a> {
    /// Makes the environment from the values of the variables that the provider names for the operation.
    pub(super) fn new(names: &'a [&'static str], values: &'a [String], later: &'a Arc<JsVariables>) -> Self {
        Self { names, values, later }
    }
}

impl Environment for CallVariables<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let index = self.names.iter().position(|known| *known == name);
        // A test of the providers sees to it that they name all that they read.
        debug_assert!(index.is_some(), "{name} is not among the variables of the provider");
        let value = self.values.get(index?)?;
        Some(value).filter(|value| !value.trim().is_empty()).cloned()
    }

    fn file(&self, path: &str) -> io::Result<String> {
        read_file(path)
    }

    fn reader(&self) -> Option<Arc<dyn EnvironmentReader>> {
        Some(Arc::clone(self.later) as Arc<dyn EnvironmentReader>)
    }
}
