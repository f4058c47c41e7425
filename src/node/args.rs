//! JavaScript values as the core reads them: field by field, without trusting a type.

use napi::bindgen_prelude::{Array, FromNapiValue, JsObjectValue, JsValue, Object, Unknown};
use napi::{KeyCollectionMode, KeyConversion, KeyFilter, Result, ValueType};

use super::scrub::Scrub;
use crate::options::{DEPTH, Fields, Raw, Unreadable};

/// An object of the caller's. Only the fields that somebody asks for are read.
pub(super) struct JsFields<'a> {
    pub(super) scrub: &'a Scrub<'a>,
    pub(super) object: Option<Object<'a>>,
}

impl Fields for JsFields<'_> {
    fn get(&self, name: &str) -> std::result::Result<Raw, Unreadable> {
        let Some(object) = &self.object else {
            return Ok(Raw::Absent);
        };
        let read = object
            .get_named_property_unchecked::<Unknown<'_>>(name)
            .and_then(|value| convert(value, DEPTH));
        read.map_err(|_| {
            self.scrub.clear();
            Unreadable
        })
    }
}

/// Reads a value, objects and arrays to a depth.
fn convert(value: Unknown<'_>, depth: usize) -> Result<Raw> {
    Ok(match value.get_type()? {
        ValueType::Undefined | ValueType::Null => Raw::Absent,
        ValueType::Boolean => Raw::Bool(bool::from_unknown(value)?),
        ValueType::Number => Raw::Number(f64::from_unknown(value)?),
        ValueType::String => Raw::Text(String::from_unknown(value)?),
        ValueType::Object if depth == 0 => Raw::Other("an object"),
        ValueType::Object if value.is_array()? => {
            let array = Array::from_unknown(value)?;
            let items = (0..array.len()).map(|index| {
                let item: Unknown<'_> = array.get_element(index)?;
                convert(item, depth - 1)
            });
            Raw::List(items.collect::<Result<_>>()?)
        }
        ValueType::Object => entries(&Object::from_unknown(value)?, depth - 1)?,
        ValueType::Function => Raw::Other("a function"),
        ValueType::Symbol => Raw::Other("a symbol"),
        ValueType::BigInt => Raw::Other("a bigint"),
        _ => Raw::Other("a value of that kind"),
    })
}

/// Own enumerable entries. A `Map` has none, so it is refused rather than taken for an empty object.
fn entries(object: &Object<'_>, depth: usize) -> Result<Raw> {
    if object.has_named_property("entries")? && !object.has_own_property("entries")? {
        return Ok(Raw::Other("a Map or the like"));
    }
    let keys = object.get_all_property_names(
        KeyCollectionMode::OwnOnly,
        KeyFilter::Enumerable,
        KeyConversion::NumbersToStrings,
    )?;
    let keys = Array::from_unknown(keys.to_unknown())?;
    let mut read = Vec::with_capacity(keys.len() as usize);
    for index in 0..keys.len() {
        let key: Unknown<'_> = keys.get_element(index)?;
        if key.get_type()? == ValueType::String {
            let value: Unknown<'_> = object.get_property_unchecked(key)?;
            read.push((String::from_unknown(key)?, convert(value, depth)?));
        }
    }
    Ok(Raw::Map(read))
}

/// What the caller passed as an object argument, or why that is none.
pub(super) enum ObjectArgument<'a> {
    Given(Option<Object<'a>>),
    /// By the name of its kind.
    Wrong(&'static str),
}

/// An optional object: `undefined` and `null` count as not given.
pub(super) fn object_argument(value: Unknown<'_>) -> Result<ObjectArgument<'_>> {
    Ok(match value.get_type()? {
        ValueType::Undefined | ValueType::Null => ObjectArgument::Given(None),
        ValueType::Object if value.is_array()? => ObjectArgument::Wrong("an array"),
        ValueType::Object => ObjectArgument::Given(Some(Object::from_unknown(value)?)),
        ValueType::Boolean => ObjectArgument::Wrong("a boolean"),
        ValueType::Number => ObjectArgument::Wrong("a number"),
        ValueType::String => ObjectArgument::Wrong("a string"),
        ValueType::Function => ObjectArgument::Wrong("a function"),
        _ => ObjectArgument::Wrong("a value of that kind"),
    })
}
