//! A caller's object as the core reads it: field by field, from the text that `bridge.js` has made of it.

use super::decode::{Content, Field};
use crate::error::Operation;
use crate::input::value::{Fields, Raw, Unreadable};
use crate::model::create_request::CREATE_FIELDS;
use crate::operations::LIST_FIELDS;
use crate::provider::config::ProviderFactory;
use crate::provider::settings::SETTINGS_FIELDS;

/// Returns the fields that an operation reads of its object, in the order in which `bridge.js` names them by their index.
pub(super) fn fields_of(factory: &ProviderFactory, operation: Operation) -> impl Iterator<Item = &'static str> {
    let (own, shared): (&'static [&'static str], &'static [&'static str]) = match operation {
        Operation::Configure => (factory.config_fields, &SETTINGS_FIELDS),
        Operation::Create => (factory.create_fields, &CREATE_FIELDS),
        Operation::List => (&[], &LIST_FIELDS),
        Operation::GetById | Operation::Destroy => (&[], &[]),
    };
    own.iter().chain(shared).copied()
}

/// The object of one call or factory.
pub(super) struct JsObject<'a> {
    factory: &'static ProviderFactory,
    operation: Operation,
    content: Content<'a>,
}

impl<'a> JsObject<'a> {
    /// Makes the object of an operation from its content.
    pub(super) fn new(factory: &'static ProviderFactory, operation: Operation, content: Content<'a>) -> Self {
        Self {
            factory,
            operation,
            content,
        }
    }

    /// Reads the text of an object.
    pub(super) fn read(factory: &'static ProviderFactory, operation: Operation, text: &'a str) -> Self {
        let content = serde_json::from_str(text).unwrap_or(Content::Unreadable);
        Self::new(factory, operation, content)
    }

    /// Returns what the value is, if it is no object.
    pub(super) fn wrong_kind(&self) -> Option<&'static str> {
        match self.content {
            Content::NoObject(kind) => Some(kind),
            _ => None,
        }
    }
}

impl Fields for JsObject<'_> {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        let fields = match &self.content {
            Content::Missing | Content::NoObject(_) => return Ok(&Raw::Absent),
            Content::Unreadable => return Err(Unreadable),
            Content::Fields(fields) => fields,
        };
        // Every field that is read is declared: a test of the providers sees to it.
        let index = fields_of(self.factory, self.operation).position(|field| field == name);
        match index.and_then(|index| fields.get(index)) {
            None => Ok(&Raw::Absent),
            Some(Field::Value(value)) => Ok(value),
            Some(Field::Unreadable) => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::railway::FACTORY;

    fn kind(raw: &Result<&Raw<'_>, Unreadable>) -> String {
        match raw {
            Ok(Raw::Absent) => "absent".to_owned(),
            Ok(Raw::Bool(value)) => value.to_string(),
            Ok(Raw::Number(value)) => value.to_string(),
            Ok(Raw::Text(text)) => text.as_ref().to_owned(),
            Ok(Raw::List(items)) => format!("{} items", items.len()),
            Ok(Raw::Map(entries)) => entries
                .iter()
                .map(|(key, _)| key.as_ref())
                .collect::<Vec<_>>()
                .join("+"),
            Ok(Raw::Other(kind) | Raw::Refused(kind)) => (*kind).to_owned(),
            Err(Unreadable) => "threw".to_owned(),
        }
    }

    #[test]
    fn every_kind_of_value_arrives() {
        let names: Vec<&str> = fields_of(&FACTORY, Operation::Create).collect();
        let text = r#"[0,"text",1,-2.5,2,true,3,{"list":[1,"two"]},4,{"map":["key",null,"other",7]},5,{"nan":true},6,{"other":"a symbol"},-8,8,{"refused":"MANY"}]"#;
        let object = JsObject::read(&FACTORY, Operation::Create, text);
        let kinds: Vec<String> = names.iter().map(|name| kind(&object.get(name))).collect();
        assert_eq!(
            kinds[..10],
            [
                "text",
                "-2.5",
                "true",
                "2 items",
                "key+other",
                "NaN",
                "a symbol",
                "threw",
                "must have at most 10000 entries",
                "absent"
            ]
        );
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        let read = |text| JsObject::read(&FACTORY, Operation::Create, text);
        let object = read(r#""a string""#);
        assert_eq!(object.wrong_kind(), Some("a string"));
        assert_eq!(kind(&object.get("image")), "absent");
        assert_eq!(kind(&read("null").get("image")), "absent");
        assert_eq!(kind(&read("{").get("image")), "threw");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,80}") {
            let object = JsObject::read(&FACTORY, Operation::Create, &text);
            let _ = object.get("image");
        }
    }
}
