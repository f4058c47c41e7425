//! A caller's values, before they are checked.

/// A value as it came from the caller.
pub(crate) enum Raw {
    /// Missing, `undefined` or `null`.
    Absent,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Raw>),
    /// Own enumerable entries, in order.
    Map(Vec<(String, Raw)>),
    /// Anything else, by the name of its type: `function`, `symbol`, `bigint`, an object that is too deep.
    Other(&'static str),
}

impl Raw {
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

/// An object of the caller's.
pub(crate) trait Fields {
    /// The value of a field; an error if reading it threw.
    fn get(&self, name: &str) -> Result<Raw, Unreadable>;
}

/// Reading a field threw, as a getter or a proxy of the caller's may.
pub(crate) struct Unreadable;

/// An object inside the options, already read.
pub(crate) struct Nested {
    pub(super) entries: Vec<(String, Raw)>,
}

impl Fields for Nested {
    fn get(&self, name: &str) -> Result<Raw, Unreadable> {
        let found = self.entries.iter().find(|(key, _)| key == name);
        Ok(found.map_or(Raw::Absent, |(_, value)| value.duplicate()))
    }
}

impl Raw {
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Bool(value) => Self::Bool(*value),
            Self::Number(value) => Self::Number(*value),
            Self::Text(text) => Self::Text(text.clone()),
            Self::List(items) => Self::List(items.iter().map(Self::duplicate).collect()),
            Self::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone(), value.duplicate()))
                    .collect(),
            ),
            Self::Other(kind) => Self::Other(kind),
        }
    }
}
