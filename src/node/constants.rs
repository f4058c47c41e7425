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
    pub(super) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
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
}

impl ReplyKind {
    const ALL: [Self; 3] = [Self::Value, Self::Nothing, Self::Failure];

    fn name(self) -> &'static str {
        match self {
            Self::Value => "VALUE",
            Self::Nothing => "NOTHING",
            Self::Failure => "FAILURE",
        }
    }
}

/// Returns everything as JSON: names with their numbers, and by provider and operation the fields to read.
pub(super) fn to_json() -> String {
    let numbered = |names: Vec<&'static str>| {
        let pairs = names.into_iter().enumerate();
        pairs
            .map(|(number, name)| (name.to_owned(), json!(number)))
            .collect::<Map<_, _>>()
    };
    let fields = FACTORIES.iter().map(|factory| {
        let operations = [Operation::Configure].into_iter().chain(METHODS);
        let by_operation = operations.map(|operation| {
            let names = fields_of(factory, operation).collect::<Vec<_>>();
            (operation.as_str().to_owned(), json!(names))
        });
        let name = factory.semantics.identity.name.to_owned();
        (name, Value::Object(by_operation.collect()))
    });
    json!({
        "Method": numbered(METHODS.iter().map(|method| method.as_str()).collect()),
        "SignalState": numbered(SignalState::ALL.iter().map(|state| state.name()).collect()),
        "ReplyKind": numbered(ReplyKind::ALL.iter().map(|kind| kind.name()).collect()),
        "fields": Value::Object(fields.collect()),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_place_of_its_name() {
        let constants: Value = serde_json::from_str(&to_json()).unwrap();
        for (number, state) in SignalState::ALL.into_iter().enumerate() {
            assert_eq!(constants["SignalState"][state.name()], number);
            assert_eq!(SignalState::from_number(u32::try_from(number).unwrap()), Some(state));
        }
        for (number, kind) in ReplyKind::ALL.into_iter().enumerate() {
            assert_eq!(constants["ReplyKind"][kind.name()], number);
            assert_eq!(kind as usize, number);
        }
        assert_eq!(constants["Method"]["destroy"], 3);
        assert_eq!(constants["fields"]["railway"]["list"], json!(["managed"]));
        assert_eq!(constants["fields"]["vercel"]["destroy"], json!([]));
    }
}
