//! JSON bodies. An error never quotes a body: it may hold secrets.

use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use crate::error::{Error, Result};

/// Returns room for the body of a request: enough for most. Without it, a text that is written piece by piece grows often.
pub(crate) fn room() -> Vec<u8> {
    Vec::with_capacity(1_024)
}

/// Writes the body of a request.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = room();
    append(&mut text, value)?;
    Ok(text)
}

/// Writes a part of the body of a request.
pub(crate) fn append(text: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(text, value).map_err(|_| Error::internal("A request could not be written as JSON."))
}

/// Reads the body of a response.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> serde_json::Result<T> {
    // Checking the UTF-8 of the whole body at once is faster than checking each string.
    let text = std::str::from_utf8(body).map_err(serde::de::Error::custom)?;
    serde_json::from_str(text)
}

/// Returns what is wrong with a body that could not be read: the field, and where it stands. serde's own text can quote the
/// offending value.
pub(crate) fn describe_problem<'a, T: Deserialize<'a>>(body: &'a [u8], problem: &serde_json::Error) -> String {
    let kind = match problem.classify() {
        Category::Syntax => "it is not valid JSON".to_owned(),
        Category::Eof => "its JSON ends too early".to_owned(),
        Category::Data | Category::Io => describe_field::<T>(body),
    };
    format!("{kind} (line {}, column {})", problem.line(), problem.column())
}

/// Returns the field that has another type than expected, or is missing. The body is read once more for that: noting the path
/// at every field would slow down each response.
fn describe_field<'a, T: Deserialize<'a>>(body: &'a [u8]) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        return "it has an unexpected shape".to_owned();
    };
    let path = error.path().to_string();
    let text = error.inner().to_string();
    // The name of a missing field is one of ours; the rest of serde's text may quote.
    let missing = text
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next());
    match (path.as_str(), missing) {
        (".", Some(field)) => format!("{field} is missing"),
        (path, Some(field)) => format!("{path}.{field} is missing"),
        (".", None) => "it has an unexpected shape".to_owned(),
        (path, None) => format!("{path} has an unexpected type or form"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        service: Inner,
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        id: String,
    }

    #[test]
    fn a_problem_names_the_field_and_quotes_nothing() {
        for (body, words) in [
            (
                r#"{"service":{"id":"x"},"list":[{"id":"y"},{"id":{"hunter2":1}}]}"#,
                "list[1].id has an unexpected type",
            ),
            (r#"{"service":{"hunter2":1},"list":[]}"#, "service.id is missing"),
            (r#"{"list":"hunter2"}"#, "list has an unexpected type"),
            (r#"{"service":{"id":"x"}}"#, "list is missing"),
            (r#""hunter2""#, "it has an unexpected shape"),
            (r#"{"service":{"id":"hunter2"#, "its JSON ends too early"),
            ("hunter2", "it is not valid JSON"),
        ] {
            let problem = read::<Outer>(body.as_bytes()).unwrap_err();
            let text = describe_problem::<Outer>(body.as_bytes(), &problem);
            assert!(text.starts_with(words), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
