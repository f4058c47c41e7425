//! The caller's environment: `process.env` as JavaScript sees it at the call. In a worker it is the worker's copy, and it has
//! the variables that JavaScript has set. The C environment has neither.

use std::io;
use std::sync::Arc;

use napi::{Env, Result};

use super::bridge::Bridge;
use crate::input::environment::{Environment, EnvironmentReader, read_file};

/// The environment of one call.
pub(super) struct JsEnvironment<'a> {
    env: &'a Env,
    bridge: &'static Bridge,
}

impl<'a> JsEnvironment<'a> {
    /// Makes the environment of a call on this thread.
    pub(super) fn new(env: &'a Env) -> Result<Self> {
        let bridge = Bridge::installed(env)?;
        Ok(Self { env, bridge })
    }
}

impl Environment for JsEnvironment<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let read_variable = self.bridge.read_variable.borrow_back(self.env).ok()?;
        let value = read_variable.call((name.to_owned(),).into()).ok()?;
        Some(value).filter(|text| !text.trim().is_empty())
    }

    /// Reads on JavaScript's thread, as everything that a call needs before it is sent: token files are small and local.
    fn file(&self, path: &str) -> io::Result<String> {
        read_file(path)
    }

    fn reader(&self) -> Option<Arc<dyn EnvironmentReader>> {
        Some(Arc::clone(&self.bridge.variables) as Arc<dyn EnvironmentReader>)
    }
}
