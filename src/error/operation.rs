//! The operations of the public interface.

/// The operation during which an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// The factory itself: reading the configuration.
    Configure,
    Create,
    GetById,
    List,
    Destroy,
}

impl Operation {
    /// Returns the name of the method in JavaScript (`configure` for the factory).
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Create => "create",
            Self::GetById => "getById",
            Self::List => "list",
            Self::Destroy => "destroy",
        }
    }

    /// Returns how a message begins. The texts are those of version 0.3.24, because callers match on them.
    pub(super) fn failure(self, title: &str) -> String {
        match self {
            Self::Configure => format!("Invalid {title} configuration"),
            Self::Create => format!("Failed to create {title} instance"),
            Self::GetById => format!("Failed to get {title} instance"),
            Self::List => format!("Failed to list {title} instances"),
            Self::Destroy => format!("Failed to destroy {title} instance"),
        }
    }
}
