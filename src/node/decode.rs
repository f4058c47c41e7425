//! Decodes the text that `bridge.js` makes of an object: an array of the indexes of its fields, each followed by its value.
//!
//! A field whose reading threw is encoded as −1 less its index, without a value. A value that JSON has is itself; any other is
//! an object with one key that says what it is.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::input::value::Raw;

/// The fields of an object, by index.
pub(super) struct ObjectText(Vec<(usize, Field)>);

/// A field that is there.
pub(super) enum Field {
    Value(Raw),
    /// Reading it threw.
    Unreadable,
}

impl ObjectText {
    /// Returns a field, if it is there.
    pub(super) fn get(&self, index: usize) -> Option<&Field> {
        let (_, field) = self.0.iter().find(|(found, _)| *found == index)?;
        Some(field)
    }
}

impl<'de> Deserialize<'de> for ObjectText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = ObjectText;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("indexes and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ObjectText, A::Error> {
        let mut fields = Vec::new();
        while let Some(index) = items.next_element::<isize>()? {
            match usize::try_from(index) {
                Ok(index) => {
                    let missing = || A::Error::custom("a value is missing");
                    let Value(value) = items.next_element()?.ok_or_else(missing)?;
                    fields.push((index, Field::Value(value)));
                }
                Err(_) => fields.push((!index.cast_unsigned(), Field::Unreadable)),
            }
        }
        Ok(ObjectText(fields))
    }
}

struct Value(Raw);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
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

    // JavaScript writes whole numbers up to 1e21 without an exponent. They were floats before.
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
            "list" => Raw::List(decode_items(entries.next_value()?)),
            "map" => Raw::Map(decode_entries(entries.next_value()?)),
            "nan" => {
                entries.next_value::<bool>()?;
                Raw::Number(f64::NAN)
            }
            _ => Raw::Other(known_kind(&entries.next_value::<String>()?)),
        })
    }
}

fn decode_items(items: Vec<Value>) -> Vec<Raw> {
    items.into_iter().map(|Value(item)| item).collect()
}

/// Decodes keys and values that alternate.
fn decode_entries(items: Vec<Value>) -> Vec<(String, Raw)> {
    let mut items = items.into_iter();
    let mut entries = Vec::with_capacity(items.len() / 2);
    while let (Some(Value(Raw::Text(key))), Some(Value(value))) = (items.next(), items.next()) {
        entries.push((key, value));
    }
    entries
}

/// Returns the kinds that `bridge.js` names. Any other text is replaced: messages show it.
fn known_kind(kind: &str) -> &'static str {
    let kinds = ["an object", "a function", "a symbol", "a bigint", "a Map or the like"];
    kinds
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("a value of that kind")
}
