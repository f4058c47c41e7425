//! Reads a caller's options, field by field, with the field's name in every refusal and never its value.
//!
//! The core knows neither JavaScript nor its objects: whoever holds the options implements [`Fields`]. Only the fields
//! that somebody asks for are read, so unknown ones cost nothing and can't do harm.

use crate::error::{Error, Result};
use crate::input::environment::credential;
use crate::input::value::{Fields, Nested, Raw, Unreadable};
use crate::secret::Secret;

/// Typed access to [`Fields`]: refusals carry the code that fits the object and the path of the field.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    fields: &'a dyn Fields,
    refuse: fn(String) -> Error,
    /// What the object is called in a refusal: `config`, `options`, `options.daemonConfig`.
    object: String,
}

impl<'a> Reader<'a> {
    /// Reads a factory's configuration: refusals are `INVALID_CONFIG`.
    pub(crate) fn config(fields: &'a dyn Fields) -> Self {
        Self {
            fields,
            refuse: Error::config,
            object: "config".to_owned(),
        }
    }

    /// Reads a method's options: refusals are `INVALID_ARGUMENT`.
    pub(crate) fn options(fields: &'a dyn Fields) -> Self {
        Self {
            fields,
            refuse: Error::argument,
            object: "options".to_owned(),
        }
    }

    /// Reads an object inside this one, as [`Reader::object`] gave it.
    pub(crate) fn nested<'b>(&self, name: &str, object: &'b Nested) -> Reader<'b> {
        Reader {
            fields: object,
            refuse: self.refuse,
            object: format!("{}.{name}", self.object),
        }
    }

    /// A refusal of one field.
    pub(crate) fn refusal(&self, name: &str, rule: &str) -> Error {
        (self.refuse)(format!("{}.{name} {rule}.", self.object))
    }

    fn get(&self, name: &str) -> Result<Raw> {
        self.fields
            .get(name)
            .map_err(|Unreadable| self.refusal(name, "could not be read: it threw"))
    }

    fn wrong(&self, name: &str, wanted: &str, got: &Raw) -> Error {
        self.refusal(name, &format!("must be {wanted}, not {}", got.kind()))
    }

    /// A string; an empty one counts as given.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Text(text) => Ok(Some(text)),
            other => Err(self.wrong(name, "a string", &other)),
        }
    }

    /// A string; an empty or blank one counts as absent (contract §2).
    pub(crate) fn filled_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.text(name)?.filter(|text| !text.trim().is_empty()))
    }

    /// A credential: trimmed, because Railway answers a blank one as if it were wrong (`reference/railway.md` §1).
    pub(crate) fn secret(&self, name: &str) -> Result<Option<Secret>> {
        let Some(text) = self.filled_text(name)? else {
            return Ok(None);
        };
        let secret = credential(&text);
        secret
            .map(Some)
            .ok_or_else(|| self.refusal(name, "must hold only visible ASCII characters"))
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Bool(value) => Ok(Some(value)),
            other => Err(self.wrong(name, "a boolean", &other)),
        }
    }

    /// A finite number within bounds.
    pub(crate) fn number(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Number(value) if value.is_finite() && (low..=high).contains(&value) => Ok(Some(value)),
            Raw::Number(_) => Err(self.refusal(name, &format!("must be a number from {low} to {high}"))),
            other => Err(self.wrong(name, "a number", &other)),
        }
    }

    /// A whole number within bounds. JavaScript has only floats, so `2.5`, `-1` and `NaN` are told apart here.
    pub(crate) fn whole(&self, name: &str, low: u32, high: u32) -> Result<Option<u32>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            value => self.as_whole(name, &value, low, high).map(Some),
        }
    }

    /// An array of whole numbers within bounds.
    pub(crate) fn wholes(&self, name: &str, low: u32, high: u32) -> Result<Option<Vec<u32>>> {
        self.list(name, |path, item| self.as_whole(path, item, low, high))
    }

    /// An array of strings.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.list(name, |path, item| match item {
            Raw::Text(text) => Ok(text.clone()),
            other => Err(self.wrong(path, "a string", other)),
        })
    }

    fn list<T>(&self, name: &str, read: impl Fn(&str, &Raw) -> Result<T>) -> Result<Option<Vec<T>>> {
        let items = match self.get(name)? {
            Raw::Absent => return Ok(None),
            Raw::List(items) => items,
            other => return Err(self.wrong(name, "an array", &other)),
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| read(&format!("{name}[{index}]"), item))
            .collect::<Result<_>>()
            .map(Some)
    }

    fn as_whole(&self, name: &str, value: &Raw, low: u32, high: u32) -> Result<u32> {
        match value {
            Raw::Number(value) if value.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(value) => {
                // In range and whole, as just checked: the cast is exact.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Ok(*value as u32)
            }
            Raw::Number(_) => Err(self.refusal(name, &format!("must be a whole number from {low} to {high}"))),
            other => Err(self.wrong(name, "a number", other)),
        }
    }

    /// A string that can be switched off by `false`; an empty one counts as absent.
    pub(crate) fn text_or_false(&self, name: &str) -> Result<Choice> {
        match self.get(name)? {
            Raw::Absent => Ok(Choice::Absent),
            Raw::Bool(false) => Ok(Choice::Off),
            Raw::Text(text) if text.trim().is_empty() => Ok(Choice::Absent),
            Raw::Text(text) => Ok(Choice::Given(text)),
            other => Err(self.wrong(name, "a string or false", &other)),
        }
    }

    /// One of a few words.
    pub(crate) fn choice(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(text) = self.filled_text(name)? else {
            return Ok(None);
        };
        let word = words.iter().copied().find(|word| *word == text);
        word.map(Some)
            .ok_or_else(|| self.refusal(name, &format!("must be one of {}", words.join(", "))))
    }

    /// Variables: an object whose values are strings. The refusal names the variable, never its value.
    pub(crate) fn variables(&self, name: &str) -> Result<Vec<(String, Secret)>> {
        let entries = match self.get(name)? {
            Raw::Absent => return Ok(Vec::new()),
            Raw::Map(entries) => entries,
            other => return Err(self.wrong(name, "an object", &other)),
        };
        entries
            .into_iter()
            .map(|(key, value)| {
                let path = format!("{name}.{key}");
                if key.is_empty() || key.contains(['=', '\0']) {
                    return Err(self.refusal(name, "has a variable whose name is empty or holds \"=\""));
                }
                match value {
                    Raw::Text(text) if text.contains('\0') => Err(self.refusal(&path, "must not hold a NUL character")),
                    Raw::Text(text) => Ok((key, Secret::new(text))),
                    other => Err(self.wrong(&path, "a string", &other)),
                }
            })
            .collect()
    }

    /// The entries of a nested object, to be read with [`Reader::nested`].
    pub(crate) fn object(&self, name: &str) -> Result<Option<Nested>> {
        match self.get(name)? {
            Raw::Absent => Ok(None),
            Raw::Map(entries) => Ok(Some(Nested { entries })),
            other => Err(self.wrong(name, "an object", &other)),
        }
    }
}

/// An option that has a default, and can be replaced or switched off.
pub(crate) enum Choice {
    Absent,
    Given(String),
    Off,
}
