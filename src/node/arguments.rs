//! The caller's objects as the core reads them: field by field, from the text that `border.js` has made of them.
//!
//! Which fields are asked for is known to whoever asks, and nowhere written down: it is learned. A name that nobody has
//! asked for before is missing from the text; the object is then read once more, with the names learned so far.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Operation;
use crate::input::value::{Fields, Raw, Unreadable};
use crate::model::scope::Identity;

/// By provider and operation the names that were asked for, in the order of their first appearance. For the whole
/// process: a list only grows, so that each environment knows the beginning of it.
static ASKED: Mutex<Vec<(&'static str, Operation, Names)>> = Mutex::new(Vec::new());

type Names = Arc<Vec<String>>;

/// An object of the caller's.
pub(super) struct Given<'a> {
    provider: &'static str,
    operation: Operation,
    names: Names,
    payload: Payload<'a>,
    unknown: RefCell<Vec<String>>,
}

enum Payload<'a> {
    Nothing,
    /// No object: what it is instead.
    Wrong(&'a str),
    Fields(Text),
    Unreadable,
}

impl<'a> Given<'a> {
    /// `payload` is what `border.js` has read: nothing, the kind of what is no object, or the fields.
    pub(super) fn read(identity: Identity, operation: Operation, payload: &'a str) -> Self {
        let payload = match payload.as_bytes() {
            [] => Payload::Nothing,
            [b'"', .., b'"'] => Payload::Wrong(&payload[1..payload.len() - 1]),
            _ => serde_json::from_str(payload).map_or(Payload::Unreadable, Payload::Fields),
        };
        Self {
            provider: identity.name,
            operation,
            names: asked(identity.name, operation, |names| Arc::clone(names)),
            payload,
            unknown: RefCell::default(),
        }
    }

    pub(super) fn wrong_kind(&self) -> Option<&'a str> {
        match self.payload {
            Payload::Wrong(kind) => Some(kind),
            _ => None,
        }
    }

    /// If names were asked for that had not been read: all names from now on, as a JSON array.
    pub(super) fn unknown_names(&self) -> Option<String> {
        let unknown = self.unknown.take();
        if unknown.is_empty() {
            return None;
        }
        asked(self.provider, self.operation, |names| {
            let known = Arc::make_mut(names);
            for name in unknown {
                if !known.contains(&name) {
                    known.push(name);
                }
            }
            serde_json::to_string(known).ok()
        })
    }
}

fn asked<T>(provider: &'static str, operation: Operation, work: impl FnOnce(&mut Names) -> T) -> T {
    let mut lists = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lists
        .iter()
        .position(|(name, asking, _)| *name == provider && *asking == operation);
    let place = found.unwrap_or_else(|| {
        lists.push((provider, operation, Names::default()));
        lists.len() - 1
    });
    work(&mut lists[place].2)
}

impl Fields for Given<'_> {
    fn get(&self, name: &str) -> Result<Raw, Unreadable> {
        let text = match &self.payload {
            Payload::Nothing | Payload::Wrong(_) => return Ok(Raw::Absent),
            Payload::Unreadable => return Err(Unreadable),
            Payload::Fields(text) => text,
        };
        let place = self.names.iter().take(text.count).position(|known| known == name);
        let Some(place) = place else {
            self.unknown.borrow_mut().push(name.to_owned());
            return Ok(Raw::Absent);
        };
        match text.fields.iter().find(|(found, _)| *found == place) {
            None => Ok(Raw::Absent),
            Some((_, None)) => Err(Unreadable),
            Some((_, Some(value))) => Ok(value.duplicate()),
        }
    }
}

/// How many names were read, and the fields that are there by the places of their names; `None` for one that threw.
struct Text {
    count: usize,
    fields: Vec<(usize, Option<Raw>)>,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items;
        impl<'de> Visitor<'de> for Items {
            type Value = Text;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("places and values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
                let missing = || A::Error::custom("an item is missing");
                let count: usize = items.next_element()?.ok_or_else(missing)?;
                let mut fields = Vec::new();
                while let Some(place) = items.next_element::<isize>()? {
                    match usize::try_from(place) {
                        Ok(place) => {
                            let Value(value) = items.next_element()?.ok_or_else(missing)?;
                            fields.push((place, Some(value)));
                        }
                        Err(_) => fields.push((count.saturating_add_signed(place), None)),
                    }
                }
                Ok(Text { count, fields })
            }
        }
        deserializer.deserialize_seq(Items)
    }
}

/// A value: what JSON has is itself, all else an object with one key that says what it is.
struct Value(Raw);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Raw;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value))
    }

    // JavaScript writes whole numbers up to 1e21 without an exponent, and had them as floats before.
    #[expect(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let kind: String = entries.next_key()?.ok_or_else(|| A::Error::custom("no kind"))?;
        Ok(match kind.as_str() {
            "list" => Raw::List(items(entries.next_value()?)),
            "map" => Raw::Map(pairs(entries.next_value()?)),
            "nan" => {
                entries.next_value::<bool>()?;
                Raw::Number(f64::NAN)
            }
            _ => Raw::Other(known_kind(&entries.next_value::<String>()?)),
        })
    }
}

fn items(items: Vec<Value>) -> Vec<Raw> {
    items.into_iter().map(|Value(item)| item).collect()
}

/// Keys and values, in turn.
fn pairs(items: Vec<Value>) -> Vec<(String, Raw)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(Value(Raw::Text(key))), Some(Value(value))) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn known_kind(kind: &str) -> &'static str {
    let kinds = ["an object", "a function", "a symbol", "a bigint", "a Map or the like"];
    kinds
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("a value of that kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity {
        name: "of these tests",
        title: "Of these tests",
    };

    fn kind(raw: &Result<Raw, Unreadable>) -> String {
        match raw {
            Ok(Raw::Absent) => "absent".to_owned(),
            Ok(Raw::Bool(value)) => value.to_string(),
            Ok(Raw::Number(value)) => value.to_string(),
            Ok(Raw::Text(text)) => text.clone(),
            Ok(Raw::List(items)) => format!("{} items", items.len()),
            Ok(Raw::Map(entries)) => entries
                .iter()
                .map(|(key, _)| key.as_str())
                .collect::<Vec<_>>()
                .join("+"),
            Ok(Raw::Other(kind)) => (*kind).to_owned(),
            Err(Unreadable) => "threw".to_owned(),
        }
    }

    #[test]
    fn names_are_learned_and_then_read() {
        let operation = Operation::Destroy;
        let first = Given::read(IDENTITY, operation, "[0]");
        assert_eq!(kind(&first.get("a")), "absent");
        assert_eq!(kind(&first.get("b")), "absent");
        assert_eq!(first.unknown_names().as_deref(), Some(r#"["a","b"]"#));
        // Another environment knows fewer of them.
        let second = Given::read(IDENTITY, operation, r#"[1,0,"x"]"#);
        assert_eq!(kind(&second.get("a")), "x");
        assert_eq!(kind(&second.get("b")), "absent");
        assert_eq!(second.unknown_names().as_deref(), Some(r#"["a","b"]"#));
        let third = Given::read(IDENTITY, operation, r#"[2,1,"y"]"#);
        assert_eq!(kind(&third.get("a")), "absent");
        assert_eq!(kind(&third.get("b")), "y");
        assert_eq!(third.unknown_names(), None);
    }

    #[test]
    fn every_kind_of_value_arrives() {
        let operation = Operation::List;
        let names = ["0", "1", "2", "3", "4", "5", "6", "7"];
        let learning = Given::read(IDENTITY, operation, "[0]");
        for name in names {
            let _ = learning.get(name);
        }
        assert!(learning.unknown_names().is_some());
        let payload = r#"[8,0,"text",1,-2.5,2,true,3,{"list":[1,"two"]},4,{"map":["key",null,"other",7]},5,{"nan":true},6,{"other":"a symbol"},-1]"#;
        let given = Given::read(IDENTITY, operation, payload);
        let kinds: Vec<String> = names.iter().map(|name| kind(&given.get(name))).collect();
        assert_eq!(
            kinds,
            [
                "text",
                "-2.5",
                "true",
                "2 items",
                "key+other",
                "NaN",
                "a symbol",
                "threw"
            ]
        );
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        let given = Given::read(IDENTITY, Operation::Create, r#""a string""#);
        assert_eq!(given.wrong_kind(), Some("a string"));
        assert_eq!(kind(&given.get("a")), "absent");
        assert_eq!(given.unknown_names(), None);
        assert_eq!(kind(&Given::read(IDENTITY, Operation::Create, "").get("a")), "absent");
        assert_eq!(kind(&Given::read(IDENTITY, Operation::Create, "{").get("a")), "threw");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(payload in ".{0,80}") {
            let given = Given::read(IDENTITY, Operation::GetById, &payload);
            let _ = given.get("a");
            let _ = given.unknown_names();
        }
    }
}
