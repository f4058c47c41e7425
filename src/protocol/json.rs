//! JSON bodies. An error never quotes a body: it may hold secrets.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Writes the body of a request.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    // Enough for most requests. Without it, a text that is written piece by piece grows often.
    let mut text = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut text, value).map_err(|_| Error::internal("A request could not be written as JSON."))?;
    Ok(text)
}

/// Reads the body of a response.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    // Checking the UTF-8 of the whole body at once is faster than checking each string.
    let text = std::str::from_utf8(body).map_err(serde::de::Error::custom)?;
    serde_json::from_str(text)
}

/// Returns what is wrong with a body, and where. serde's own text can quote the offending value.
pub(crate) fn describe_problem(problem: &serde_json::Error) -> String {
    let kind = match problem.classify() {
        serde_json::error::Category::Syntax => "it is not valid JSON",
        serde_json::error::Category::Eof => "its JSON ends too early",
        serde_json::error::Category::Data | serde_json::error::Category::Io => "it has an unexpected shape",
    };
    format!("{kind} (line {}, column {})", problem.line(), problem.column())
}
