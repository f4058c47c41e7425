//! Decodes what `bridge.js` makes of an object: an array of the indexes of its fields, each followed by its value. A missing
//! object is `null`, a value of another type the name of its type.
//!
//! A field whose reading threw is encoded as −1 less its index, without a value. A value that JSON has is itself; any other is
//! an object with one key that says what it is.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::input::value::{Entry, Raw};

/// The content of an object.
pub(super) enum Content<'a> {
    Missing,
    /// The value is no object. The text says what it is.
    NoObject(&'static str),
    Fields(ObjectFields<'a>),
    Unreadable,
}

impl<'de> Deserialize<'de> for Content<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Content<'de>, E> {
        Ok(Content::Missing)
    }

    fn visit_str<E>(self, kind: &str) -> Result<Content<'de>, E> {
        Ok(Content::NoObject(known_kind(kind)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Content<'de>, A::Error> {
        ObjectVisitor.visit_seq(items).map(Content::Fields)
    }
}

/// The fields of an object, by index.
pub(super) struct ObjectFields<'a>(Vec<(usize, Field<'a>)>);

/// A field that is there.
pub(super) enum Field<'a> {
    Value(Raw<'a>),
    /// Reading it threw.
    Unreadable,
}

impl<'a> ObjectFields<'a> {
    /// Returns a field, if it is there.
    pub(super) fn get(&self, index: usize) -> Option<&Field<'a>> {
        let (_, field) = self.0.iter().find(|(found, _)| *found == index)?;
        Some(field)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = ObjectFields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("indexes and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ObjectFields<'de>, A::Error> {
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
        Ok(ObjectFields(fields))
    }
}

struct Value<'a>(Raw<'a>);

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Raw<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw<'de>, E> {
        Ok(Raw::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw<'de>, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw<'de>, E> {
        Ok(Raw::Number(value))
    }

    // JavaScript writes whole numbers up to 1e21 without an exponent. They were floats before.
    #[expect(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Raw<'de>, E> {
        Ok(Raw::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Raw<'de>, E> {
        Ok(Raw::Number(value as f64))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Raw<'de>, E> {
        Ok(Raw::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw<'de>, E> {
        Ok(Raw::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw<'de>, E> {
        Ok(Raw::Text(Cow::Owned(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw<'de>, A::Error> {
        let kind: String = entries.next_key()?.ok_or_else(|| A::Error::custom("no kind"))?;
        Ok(match kind.as_str() {
            "list" => Raw::List(decode_items(entries.next_value()?)),
            "map" => Raw::Map(entries.next_value::<Entries<'_>>()?.0),
            "nan" => {
                entries.next_value::<bool>()?;
                Raw::Number(f64::NAN)
            }
            "refused" => Raw::Refused(known_rule(&entries.next_value::<String>()?)),
            _ => Raw::Other(known_kind(&entries.next_value::<String>()?)),
        })
    }
}

fn decode_items(items: Vec<Value<'_>>) -> Vec<Raw<'_>> {
    items.into_iter().map(|Value(item)| item).collect()
}

/// The entries of an object, from keys and values that alternate.
struct Entries<'a>(Vec<Entry<'a>>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("keys and values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Value(key)) = items.next_element()? {
            let (Raw::Text(key), Some(Value(value))) = (key, items.next_element()?) else {
                return Err(A::Error::custom("a key without a value"));
            };
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }
}

/// Returns the kinds that `bridge.js` names. Any other text is replaced: messages show it.
fn known_kind(kind: &str) -> &'static str {
    let kinds = [
        "an object",
        "an array",
        "a string",
        "a number",
        "a boolean",
        "a function",
        "a symbol",
        "a bigint",
        "a Promise",
        "a Date",
        "a Map",
        "a Set",
        "an instance of a class",
    ];
    kinds
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("a value of that kind")
}

/// Returns the rule that a value breaks for which `bridge.js` gives this name.
fn known_rule(name: &str) -> &'static str {
    match name {
        "LONG" => "is too long: all fields together may have 64 MiB",
        "MANY" => "must have at most 10000 entries",
        "BROKEN" => "must not hold half of a surrogate pair, which is no character",
        "BROKEN_NAME" => "has a name that holds half of a surrogate pair, which is no character",
        _ => "cannot be read",
    }
}
