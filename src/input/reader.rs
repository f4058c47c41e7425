//! Typed access to a caller's fields. An error names the field and never its value.

use crate::error::{Error, Result, quote_name};
use crate::input::environment::credential;
use crate::input::value::{Fields, Nested, Raw, Unreadable};
use crate::secret::Secret;

/// Typed access to [`Fields`]. Errors carry the code that fits the object, and the path of the field.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    fields: &'a dyn Fields,
    make_error: fn(String) -> Error,
    /// The name of the object in errors: `config`, `options`, `options.daemonConfig`.
    object: String,
}

impl<'a> Reader<'a> {
    /// Reads a factory's configuration. Errors are `INVALID_CONFIG`.
    pub(crate) fn config(fields: &'a dyn Fields) -> Self {
        Self {
            fields,
            make_error: Error::config,
            object: "config".to_owned(),
        }
    }

    /// Reads a method's options. Errors are `INVALID_ARGUMENT`.
    pub(crate) fn options(fields: &'a dyn Fields) -> Self {
        Self {
            fields,
            make_error: Error::argument,
            object: "options".to_owned(),
        }
    }

    /// Reads an object inside this one, as [`Reader::object`] returned it.
    pub(crate) fn nested<'b>(&self, name: &str, object: &'b Nested<'b>) -> Reader<'b> {
        Reader {
            fields: object,
            make_error: self.make_error,
            object: format!("{}.{name}", self.object),
        }
    }

    /// Makes the error of an invalid field.
    pub(crate) fn invalid(&self, name: &str, rule: &str) -> Error {
        (self.make_error)(format!("{}.{name} {rule}.", self.object))
    }

    fn get(&self, name: &str) -> Result<&'a Raw<'a>> {
        self.fields
            .get(name)
            .map_err(|Unreadable| self.invalid(name, "could not be read: it threw"))
    }

    fn wrong_type(&self, name: &str, wanted: &str, got: &Raw<'_>) -> Error {
        match got {
            Raw::Refused(rule) => self.invalid(name, rule),
            _ => self.invalid(name, &format!("must be {wanted}, not {}", got.kind())),
        }
    }

    /// Returns a string; an empty one counts as given.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Text(text) => Ok(Some(text.as_ref().to_owned())),
            other => Err(self.wrong_type(name, "a string", other)),
        }
    }

    /// Returns a string; an empty or blank one counts as absent.
    pub(crate) fn filled_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.text(name)?.filter(|text| !text.trim().is_empty()))
    }

    /// Returns a credential, trimmed: Railway reports a blank one as a wrong one (docs/providers/railway.md).
    pub(crate) fn secret(&self, name: &str) -> Result<Option<Secret>> {
        let Some(text) = self.filled_text(name)? else {
            return Ok(None);
        };
        let secret = credential(&text);
        secret
            .map(Some)
            .ok_or_else(|| self.invalid(name, "must hold only visible ASCII characters"))
    }

    /// Returns a boolean.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Bool(value) => Ok(Some(*value)),
            other => Err(self.wrong_type(name, "a boolean", other)),
        }
    }

    /// Returns a finite number within bounds.
    pub(crate) fn number(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Number(value) if value.is_finite() && (low..=high).contains(value) => Ok(Some(*value)),
            Raw::Number(_) => Err(self.invalid(name, &format!("must be a number from {low} to {high}"))),
            other => Err(self.wrong_type(name, "a number", other)),
        }
    }

    /// Returns a whole number within bounds. JavaScript has only floats, so `2.5`, `-1` and `NaN` are refused here.
    pub(crate) fn whole(&self, name: &str, low: u32, high: u32) -> Result<Option<u32>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            value => self.as_whole(name, value, low, high).map(Some),
        }
    }

    /// Returns an array of whole numbers within bounds.
    pub(crate) fn wholes(&self, name: &str, low: u32, high: u32) -> Result<Option<Vec<u32>>> {
        self.list(name, |path, item| self.as_whole(path, item, low, high))
    }

    /// Returns an array of strings.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.list(name, |path, item| match item {
            Raw::Text(text) => Ok(text.as_ref().to_owned()),
            other => Err(self.wrong_type(path, "a string", other)),
        })
    }

    fn list<T>(&self, name: &str, read: impl Fn(&str, &Raw<'_>) -> Result<T>) -> Result<Option<Vec<T>>> {
        let items = match self.get(name)? {
            Raw::Absent => return Ok(None),
            Raw::List(items) => items,
            other => return Err(self.wrong_type(name, "an array", other)),
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| read(&format!("{name}[{index}]"), item))
            .collect::<Result<_>>()
            .map(Some)
    }

    fn as_whole(&self, name: &str, value: &Raw<'_>, low: u32, high: u32) -> Result<u32> {
        match value {
            Raw::Number(value) if value.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(value) => {
                // In range and whole, as just checked: the cast is exact.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Ok(*value as u32)
            }
            Raw::Number(_) => Err(self.invalid(name, &format!("must be a whole number from {low} to {high}"))),
            other => Err(self.wrong_type(name, "a number", other)),
        }
    }

    /// Returns a string that `false` switches off; an empty one counts as absent.
    pub(crate) fn text_or_false(&self, name: &str) -> Result<Choice> {
        match self.get(name)? {
            Raw::Absent => Ok(Choice::Absent),
            Raw::Bool(false) => Ok(Choice::Off),
            Raw::Text(text) if text.trim().is_empty() => Ok(Choice::Absent),
            Raw::Text(text) => Ok(Choice::JsObject(text.as_ref().to_owned())),
            other => Err(self.wrong_type(name, "a string or false", other)),
        }
    }

    /// Returns one of a few words.
    pub(crate) fn choice(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(text) = self.filled_text(name)? else {
            return Ok(None);
        };
        let word = words.iter().copied().find(|word| *word == text);
        word.map(Some)
            .ok_or_else(|| self.invalid(name, &format!("must be one of {}", words.join(", "))))
    }

    /// Returns variables, each name once: an object whose values are strings. An error names the variable, never its value.
    pub(crate) fn variables(&self, name: &str) -> Result<Vec<(String, Secret)>> {
        let entries = match self.get(name)? {
            Raw::Absent => return Ok(Vec::new()),
            Raw::Map(entries) => entries,
            other => return Err(self.wrong_type(name, "an object", other)),
        };
        entries
            .iter()
            .map(|(key, value)| {
                let path = || format!("{name}.{}", quote_name(key));
                if key.is_empty() || key.contains(['=', '\0']) {
                    return Err(self.invalid(name, "has a variable whose name is empty or holds \"=\""));
                }
                match value {
                    Raw::Text(text) if text.contains('\0') => {
                        Err(self.invalid(&path(), "must not hold a NUL character"))
                    }
                    Raw::Text(text) => Ok((key.as_ref().to_owned(), Secret::new(text.as_ref().to_owned()))),
                    other => Err(self.wrong_type(&path(), "a string", other)),
                }
            })
            .collect()
    }

    /// Returns the entries of a nested object, to be read with [`Reader::nested`].
    pub(crate) fn object(&self, name: &str) -> Result<Option<Nested<'a>>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Map(entries) => Ok(Some(Nested { entries })),
            other => Err(self.wrong_type(name, "an object", other)),
        }
    }
}

/// An option with a default that can be replaced or switched off.
pub(crate) enum Choice {
    Absent,
    JsObject(String),
    Off,
}
