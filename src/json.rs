//! JSON bodies, out and in. What is wrong with one is said without quoting it: it may hold secrets.

use serde::Serialize;

use crate::error::{Error, Result};

/// The body of a request.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    // Room for most requests: a text that is written piece by piece grows often otherwise.
    let mut text = Vec::with_capacity(1_024);
    serde_json::to_writer(&mut text, value).map_err(|_| Error::internal("A request could not be written as JSON."))?;
    Ok(text)
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
