//! JSON bodies, out and in. What is wrong with one is said without quoting it: it may hold secrets.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The body of a request.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    // Room for most requests: a text that is written piece by piece grows often otherwise.
    let mut text = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut text, value).map_err(|_| Error::internal("A request could not be written as JSON."))?;
    Ok(text)
}

/// Reads a body.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    // UTF-8 is checked faster for the whole at once than for each string.
    let text = std::str::from_utf8(body).map_err(serde::de::Error::custom)?;
    serde_json::from_str(text)
}

/// Where and how JSON went wrong. serde's own text can quote the offending value.
pub(crate) fn problem(problem: &serde_json::Error) -> String {
    let kind = match problem.classify() {
        serde_json::error::Category::Syntax => "it is not valid JSON",
        serde_json::error::Category::Eof => "its JSON ends too early",
        serde_json::error::Category::Data | serde_json::error::Category::Io => "it has an unexpected shape",
    };
    format!("{kind} (line {}, column {})", problem.line(), problem.column())
}
