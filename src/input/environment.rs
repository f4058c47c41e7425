//! The environment variables of the caller.

use std::fs;
use std::io::{self, Read};
use std::sync::Arc;

use async_trait::async_trait;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// The most that is read of a file, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;

/// Texts that a variable holds when a script has set it from a value that was not there.
const NOTHING: [&str; 2] = ["undefined", "null"];

/// The caller's environment, read at the call. In JavaScript it is `process.env`; in a worker, the worker's copy.
pub(crate) trait Environment {
    /// Returns the value of a variable; `None` also if it is empty or blank.
    fn variable(&self, name: &str) -> Option<String>;

    /// Returns the content of a file that a variable names, up to 64 KiB of UTF-8.
    fn file(&self, path: &str) -> io::Result<String>;

    /// Returns what reads the same environment later, from any thread; `None` if that is not possible.
    fn reader(&self) -> Option<Arc<dyn EnvironmentReader>> {
        None
    }

    /// Returns the credential of the first of these variables that holds one, and the name of that variable.
    ///
    /// Errors: `INVALID_CONFIG` if a variable holds what no header can carry, or if all that are set hold `undefined` or
    /// `null`.
    fn credential(&self, names: &[&'static str]) -> Result<Option<(&'static str, Secret)>> {
        let mut empty = None;
        for &name in names {
            let Some(text) = self.variable(name) else {
                continue;
            };
            if is_nothing(&text) {
                empty.get_or_insert(name);
                continue;
            }
            let unfit = || Error::config(format!("{name} must hold only visible ASCII characters."));
            return Ok(Some((name, credential(&text).ok_or_else(unfit)?)));
        }
        match empty {
            Some(name) => Err(holds_nothing(name)),
            None => Ok(None),
        }
    }
}

/// Reads the caller's environment while a call goes on, from any thread.
#[async_trait]
pub(crate) trait EnvironmentReader: Send + Sync {
    /// Returns the present value of a variable, empty if it is not set; `None` if JavaScript has
    /// ended. It answers late, or never, if it is busy.
    async fn variable(&self, name: &'static str) -> Option<String>;
}

/// Makes the error of a variable that was set from a value that was not there.
pub(crate) fn holds_nothing(name: &str) -> Error {
    Error::config(format!(
        "{name} holds the text of a missing value (undefined or null), not a credential."
    ))
}

/// Returns whether a text is that of a missing value.
pub(crate) fn is_nothing(text: &str) -> bool {
    NOTHING.contains(&text.trim())
}

/// Returns the content of a file, up to 64 KiB of UTF-8.
pub(crate) fn read_file(path: &str) -> io::Result<String> {
    // A pipe or a device could block the thread, or never end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(io::Error::other("longer than 64 KiB"));
    }
    Ok(text)
}

/// Returns a credential fit for a header: trimmed, and visible ASCII only. `None` if it is not.
pub(crate) fn credential(text: &str) -> Option<Secret> {
    let trimmed = text.trim();
    let fit = !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_graphic());
    fit.then(|| Secret::new(trimmed.to_owned()))
}
