//! The operations of the public interface.

/// The operation of the public interface during which an error arose.
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
    /// The name of the method in JavaScript (`configure` for the factory).
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Create => "create",
            Self::GetById => "getById",
            Self::List => "list",
            Self::Destroy => "destroy",
        }
    }

    /// How a message begins, as in version 0.3.24 of the package: callers match on it.
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
