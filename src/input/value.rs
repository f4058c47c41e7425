//! A caller's values, before they are checked.

/// A value as it came from the caller.
#[derive(Clone)]
pub(crate) enum Raw {
    /// Missing, `undefined` or `null`.
    Absent,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Raw>),
    /// Own enumerable entries, in order.
    Map(Vec<(String, Raw)>),
    /// Anything else, by the name of its type: `a function`, `a symbol`, an object that is too deep.
    Other(&'static str),
}

impl Raw {
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
        }
    }
}

/// An object of the caller's. Only declared fields are read, so unknown ones cost nothing and can do no harm.
pub(crate) trait Fields {
    /// Returns the value of a field, or an error if reading it threw.
    fn get(&self, name: &str) -> Result<Raw, Unreadable>;
}

/// Reading a field threw, as a getter or a proxy of the caller's may.
pub(crate) struct Unreadable;

/// An object inside another one, already read.
pub(crate) struct Nested {
    pub(super) entries: Vec<(String, Raw)>,
}

impl Fields for Nested {
    fn get(&self, name: &str) -> Result<Raw, Unreadable> {
        let found = self.entries.iter().find(|(key, _)| key == name);
        Ok(found.map_or(Raw::Absent, |(_, value)| value.clone()))
    }
}
