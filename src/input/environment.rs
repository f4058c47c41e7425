//! The environment variables of the caller.

use crate::error::{Error, Result};
use crate::secret::Secret;

/// The caller's environment, read at the call. In JavaScript it is `process.env`; in a worker, the worker's copy.
pub(crate) trait Environment {
    /// Returns the value of a variable; `None` also if it is empty or blank.
    fn variable(&self, name: &str) -> Option<String>;

    /// Returns the content of a file that a variable names, up to 64 KiB of UTF-8.
    fn file(&self, path: &str) -> std::io::Result<String>;

    /// Returns a credential from a variable, if it is set.
    ///
    /// Errors: `INVALID_CONFIG` if it holds what no header can carry.
    fn credential(&self, name: &str) -> Result<Option<Secret>> {
        let Some(text) = self.variable(name) else {
            return Ok(None);
        };
        let unfit = || Error::config(format!("{name} must hold only visible ASCII characters."));
        credential(&text).map(Some).ok_or_else(unfit)
    }
}

/// Returns a credential fit for a header: trimmed, and visible ASCII only. `None` if it is not.
pub(crate) fn credential(text: &str) -> Option<Secret> {
    let trimmed = text.trim();
    let fit = !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_graphic());
    fit.then(|| Secret::new(trimmed.to_owned()))
}
