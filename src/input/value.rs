//! A caller's values, before they are checked.

use std::borrow::Cow;

/// A value as it came from the caller. Its texts are borrowed where they can be: they may be many, and secret.
pub(crate) enum Raw<'a> {
    /// Missing, `undefined` or `null`.
    Absent,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Raw<'a>>),
    /// Own enumerable entries, in order.
    Map(Vec<Entry<'a>>),
    /// Anything else, by the name of its type: `a function`, `a symbol`, an object that is too deep.
    Other(&'static str),
    /// A value that was not read, because it breaks this rule.
    Refused(&'static str),
}

/// A name and its value.
pub(crate) type Entry<'a> = (Cow<'a, str>, Raw<'a>);

impl Raw<'_> {
    /// Returns what messages call a value of this type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
            Self::Other(kind) => kind,
            Self::Refused(_) => "a value that cannot be read",
        }
    }
}

/// An object of the caller's. Only declared fields are read, so unknown ones cost nothing and can do no harm.
pub(crate) trait Fields {
    /// Returns the value of a field, or an error if reading it threw.
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable>;
}

/// Reading a field threw, as a getter or a proxy of the caller's may.
pub(crate) struct Unreadable;

/// An object inside another one, already read.
pub(crate) struct Nested<'a> {
    pub(super) entries: &'a [Entry<'a>],
}

impl Fields for Nested<'_> {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        let found = self.entries.iter().find(|(key, _)| key == name);
        Ok(found.map_or(&Raw::Absent, |(_, value)| value))
    }
}
