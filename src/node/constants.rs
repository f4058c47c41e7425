//! Constants that Rust and `bridge.js` share. Rust declares them, and hands them over by name when the bridge is installed.

use serde_json::{Map, Value, json};

use super::arguments::fields_of;
use crate::error::Operation;
use crate::providers::FACTORIES;

/// The methods of a provider. A call names its method by the index here.
pub(super) const METHODS: [Operation; 4] = [
    Operation::Create,
    Operation::GetById,
    Operation::List,
    Operation::Destroy,
];

/// The state of a call's `options.signal` before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignalState {
    /// The call has no signal.
    None,
    /// `bridge.js` listens to it.
    Watched,
    /// It had fired before the call.
    Fired,
    /// It is no `AbortSignal`.
    Invalid,
    /// Reading it threw.
    Unreadable,
}

impl SignalState {
    const ALL: [Self; 5] = [Self::None, Self::Watched, Self::Fired, Self::Invalid, Self::Unreadable];

    /// Returns the state that `bridge.js` names by this number.
    pub(super) fn from_number(number: i32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Watched => "WATCHED",
            Self::Fired => "FIRED",
            Self::Invalid => "INVALID",
            Self::Unreadable => "UNREADABLE",
        }
    }
}

/// How a call is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyKind {
    /// It resolves with a value.
    Value,
    /// It resolves with `undefined`.
    Nothing,
    /// It rejects with an error.
    Failure,
    /// It is not settled: the value holds events for `diagnostics.js`.
    Events,
    /// It resolves with the instances whose rows are the value.
    Instances,
}

impl ReplyKind {
    const ALL: [Self; 5] = [Self::Value, Self::Nothing, Self::Failure, Self::Events, Self::Instances];

    fn name(self) -> &'static str {
        match self {
            Self::Value => "VALUE",
            Self::Nothing => "NOTHING",
            Self::Failure => "FAILURE",
            Self::Events => "EVENTS",
            Self::Instances => "INSTANCES",
        }
    }
}

/// Returns everything as JSON: names with their numbers, and by provider and operation the fields to read.
pub(super) fn to_json() -> String {
    let mut fields = Map::new();
    for factory in FACTORIES {
        let mut by_operation = Map::new();
        for operation in [Operation::Configure].into_iter().chain(METHODS) {
            let names = fields_of(factory, operation).collect::<Vec<_>>();
            by_operation.insert(operation.as_str().to_owned(), json!(names));
        }
        fields.insert(factory.semantics.identity.name.to_owned(), Value::Object(by_operation));
    }
    json!({
        "Method": numbered(METHODS.into_iter().map(Operation::as_str)),
        "SignalState": numbered(SignalState::ALL.into_iter().map(SignalState::name)),
        "ReplyKind": numbered(ReplyKind::ALL.into_iter().map(ReplyKind::name)),
        "fields": Value::Object(fields),
    })
    .to_string()
}

/// Numbers names by their order. Inserts one by one: collecting into a map would compile a sort of its own.
fn numbered(names: impl Iterator<Item = &'static str>) -> Value {
    let mut numbers = Map::new();
    for (number, name) in names.enumerate() {
        numbers.insert(name.to_owned(), json!(number));
    }
    Value::Object(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_place_of_its_name() {
        let constants: Value = serde_json::from_str(&to_json()).unwrap();
        for (number, state) in SignalState::ALL.into_iter().enumerate() {
            assert_eq!(constants["SignalState"][state.name()], number);
            assert_eq!(SignalState::from_number(i32::try_from(number).unwrap()), Some(state));
        }
        for (number, kind) in ReplyKind::ALL.into_iter().enumerate() {
            assert_eq!(constants["ReplyKind"][kind.name()], number);
            assert_eq!(kind as usize, number);
        }
        assert_eq!(constants["Method"]["destroy"], 3);
        assert_eq!(constants["fields"]["railway"]["list"], json!(["managed", "owned"]));
        assert_eq!(constants["fields"]["vercel"]["destroy"], json!([]));
    }
}
