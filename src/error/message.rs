//! The message of an error: words of this package, and texts from outside.

use std::fmt;

use super::quote::quote;
use crate::secret::{Excerpt, Redactor};

/// A message whose parts know where they come from: secrets are masked in texts from outside only. A variable of the value
/// `true` must not change what this package says.
///
/// A text that was put together counts as one from outside, unless [`Message::ours`] says that it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Ours(String),
    Foreign(Excerpt),
    /// A whole message in which secrets were masked. It is fit to be shown.
    Redacted(String),
}

impl Message {
    /// Makes a message of this package's own words. Numbers, and names that the caller gave, may be among them.
    pub(crate) fn ours(text: impl Into<String>) -> Self {
        Self(vec![Part::Ours(text.into())])
    }

    /// Quotes a text from outside. No more of it is kept than can be shown.
    pub(crate) fn foreign(text: &str) -> Self {
        Self(vec![Part::Foreign(Excerpt::beginning(text))])
    }

    /// Takes a message in which secrets were masked.
    pub(super) fn redacted(text: String) -> Self {
        Self(vec![Part::Redacted(text)])
    }

    /// Appends a message.
    pub(crate) fn then(mut self, next: impl Into<Self>) -> Self {
        self.0.extend(next.into().0);
        self
    }

    /// Returns whether there is nothing to be read.
    pub(crate) fn is_blank(&self) -> bool {
        self.0.iter().all(|part| part.as_str().trim().is_empty())
    }

    /// Returns the message as one bounded line, with secrets masked.
    pub(super) fn redact(&self, redactor: &Redactor) -> String {
        let texts = self.0.iter().map(|part| match part {
            Part::Ours(text) | Part::Redacted(text) => text.clone(),
            Part::Foreign(excerpt) => redactor.mask(excerpt),
        });
        quote(&texts.collect::<String>())
    }

    /// Returns the message as it was redacted. Of one that was not, as it comes from before a call's work, it returns this
    /// package's own words as one bounded line: what to mask in others is not known.
    pub(super) fn to_shown(&self) -> String {
        if let [Part::Redacted(text)] = &self.0[..] {
            return text.clone();
        }
        let texts = self.0.iter().filter_map(|part| match part {
            Part::Ours(text) | Part::Redacted(text) => Some(text.as_str()),
            Part::Foreign(_) => None,
        });
        quote(&texts.collect::<String>())
    }
}

impl Part {
    fn as_str(&self) -> &str {
        match self {
            Self::Ours(text) | Self::Redacted(text) => text,
            Self::Foreign(excerpt) => excerpt.text(),
        }
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Self::ours(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::foreign(&text)
    }
}

impl fmt::Display for Message {
    /// Writes all of it. Only a message that was redacted may be shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| formatter.write_str(part.as_str()))
    }
}
