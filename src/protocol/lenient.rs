//! Reads responses that drift from what is known of them.
//!
//! A field that is information is an [`Info`]: a value of another type than expected is left out. The [`Entries`] of a list
//! are read one by one: if one cannot be read, the others can. All other fields are needed, and a response without them is an
//! error.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::text::Text;

/// A field that is information. `None` if it is missing, null or of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info<T>(pub(crate) Option<T>);

impl<T> Default for Info<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Info<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<'de, T: Lenient<'de>> Deserialize<'de> for Info<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As an option, so that a missing field counts as absent.
        deserializer.deserialize_option(InfoVisitor(PhantomData))
    }
}

/// A type that can be read from a value of any type. Each method returns `None` for a type that does not fit.
pub(crate) trait Lenient<'de>: Sized {
    /// Reads a boolean.
    fn from_bool(_value: bool) -> Option<Self> {
        None
    }

    /// Reads a number. JSON has only one type of number: `2` and `2.0` are the same.
    fn from_number(_value: f64) -> Option<Self> {
        None
    }

    /// Reads a text.
    fn from_text(_value: &str) -> Option<Self> {
        None
    }

    /// Reads a text that stands in the body as it is.
    fn from_borrowed_text(value: &'de str) -> Option<Self> {
        Self::from_text(value)
    }

    /// Reads a list.
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    /// Reads an object.
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct InfoVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Visitor<'de> for InfoVisitor<T> {
    type Value = Info<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_none<E>(self) -> Result<Info<T>, E> {
        Ok(Info(None))
    }

    fn visit_unit<E>(self) -> Result<Info<T>, E> {
        Ok(Info(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Info<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Info<T>, E> {
        Ok(Info(T::from_bool(value)))
    }

    #[expect(clippy::cast_precision_loss, reason = "as JavaScript reads it")]
    fn visit_u64<E>(self, value: u64) -> Result<Info<T>, E> {
        Ok(Info(T::from_number(value as f64)))
    }

    #[expect(clippy::cast_precision_loss, reason = "as JavaScript reads it")]
    fn visit_i64<E>(self, value: i64) -> Result<Info<T>, E> {
        Ok(Info(T::from_number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Info<T>, E> {
        Ok(Info(T::from_number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Info<T>, E> {
        Ok(Info(T::from_text(value)))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Info<T>, E> {
        Ok(Info(T::from_borrowed_text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Info<T>, A::Error> {
        T::from_list(list).map(Info)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Info<T>, A::Error> {
        T::from_object(object).map(Info)
    }
}

impl<'de, T: Text<'de>> Lenient<'de> for T {
    fn from_text(value: &str) -> Option<Self> {
        Some(value.to_owned().into())
    }

    fn from_borrowed_text(value: &'de str) -> Option<Self> {
        Some(Self::from_borrowed(value))
    }
}

impl Lenient<'_> for bool {
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Lenient<'_> for f64 {
    fn from_number(value: f64) -> Option<Self> {
        Some(value)
    }
}

impl Lenient<'_> for u32 {
    fn from_number(value: f64) -> Option<Self> {
        let is_whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
        is_whole.then_some(value as u32)
    }
}

/// A list without the entries that do not fit.
impl<'de, T: Lenient<'de>> Lenient<'de> for Vec<T> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Vec::new();
        while let Some(Info(item)) = list.next_element()? {
            items.extend(item);
        }
        Ok(Some(items))
    }
}

/// The fields of an object by name, without those whose values do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields<T, V = T>(Vec<(T, V)>);

impl<T, V> Default for Fields<T, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Deref<Target = str>, V> Fields<T, V> {
    /// Returns the value of a field. Of two fields with one name the last counts.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        let mut fields = self.0.iter().rev();
        fields.find_map(|(field, value)| (**field == *name).then_some(value))
    }

    /// Returns all fields, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(field, value)| (&**field, value))
    }
}

impl<'de, T: Text<'de>, V: Lenient<'de>> Lenient<'de> for Fields<T, V> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, Info(value))) = object.next_entry()? {
            fields.extend(value.map(|value: V| (name, value)));
        }
        Ok(Some(Self(fields)))
    }
}

/// A value of any type: what counts is that there is one. `false` counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anything;

impl<'de> Lenient<'de> for Anything {
    fn from_bool(value: bool) -> Option<Self> {
        value.then_some(Self)
    }

    fn from_number(_value: f64) -> Option<Self> {
        Some(Self)
    }

    fn from_text(_value: &str) -> Option<Self> {
        Some(Self)
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Self))
    }

    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(Self))
    }
}

/// The cursor of a page: a text, or a number, whose spelling is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) String);

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Number(number) => Ok(Self(number.to_string())),
            _ => Err(D::Error::custom("a cursor is a text or a number")),
        }
    }
}

/// Reads a text that must have a form, such as an id.
pub(crate) fn read_formed<'de, D: Deserializer<'de>, T: Text<'de>>(
    deserializer: D,
    has_form: fn(&str) -> bool,
) -> Result<T, D::Error> {
    let text = T::deserialize(deserializer)?;
    if has_form(&text) {
        Ok(text)
    } else {
        Err(D::Error::custom("a text of another form"))
    }
}

/// Reads an object whose fields are all information: such an object can always be read.
pub(crate) fn read_object<'de, T: Deserialize<'de>, A: MapAccess<'de>>(object: A) -> Result<Option<T>, A::Error> {
    T::deserialize(MapAccessDeserializer::new(object)).map(Some)
}

/// A part of a response that is read by itself: `None` if it lacks a field that is needed. With texts that do not isolate it,
/// it can be read, or the whole response cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Isolated<E, T = String>(pub(crate) Option<E>, PhantomData<T>);

impl<'de, E: Deserialize<'de>, T: Text<'de>> Deserialize<'de> for Isolated<E, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = if T::ISOLATES_ENTRIES {
            let text: &RawValue = Deserialize::deserialize(deserializer)?;
            serde_json::from_str(text.get()).ok()
        } else {
            Some(E::deserialize(deserializer)?)
        };
        Ok(Self(part, PhantomData))
    }
}

/// The entries of a list, each read by itself: `None` for one that cannot be read. A list none of whose entries can be read is
/// an error: it is not empty. With texts that do not isolate them, one such entry is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entries<E, T = String>(pub(crate) Vec<Option<E>>, PhantomData<T>);

impl<E, T> Default for Entries<E, T> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<'de, E: Deserialize<'de>, T: Text<'de>> Deserialize<'de> for Entries<E, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = deserializer.deserialize_seq(EntriesVisitor::<E, T>(PhantomData))?;
        Ok(Self(entries, PhantomData))
    }
}

/// For how many entries of a page there is room from the beginning.
const ROOM: usize = 128;

struct EntriesVisitor<E, T>(PhantomData<(E, T)>);

impl<'de, E: Deserialize<'de>, T: Text<'de>> Visitor<'de> for EntriesVisitor<E, T> {
    type Value = Vec<Option<E>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Option<E>>, A::Error> {
        if !T::ISOLATES_ENTRIES {
            // A page that grows from nothing is copied again and again.
            let mut entries = Vec::with_capacity(ROOM);
            while let Some(entry) = list.next_element()? {
                entries.push(Some(entry));
            }
            return Ok(entries);
        }
        let mut entries = Vec::new();
        let mut problem = None;
        while let Some(text) = list.next_element::<&RawValue>()? {
            let entry = serde_json::from_str(text.get());
            entries.push(entry.map_err(|error| problem = Some(error)).ok());
        }
        match problem {
            Some(problem) if entries.iter().all(Option::is_none) => Err(A::Error::custom(problem)),
            _ => Ok(entries),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde::Deserialize as Derive;
    use serde_json::{Value, json};

    use crate::protocol::text::Borrowed;

    use super::*;

    #[derive(Debug, Default, Derive, PartialEq)]
    struct Inner {
        text: Info<String>,
    }

    impl<'de> Lenient<'de> for Inner {
        fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
            read_object(object)
        }
    }

    #[derive(Debug, Derive)]
    struct Outer {
        id: String,
        text: Info<String>,
        flag: Info<bool>,
        number: Info<f64>,
        whole: Info<u32>,
        list: Info<Vec<String>>,
        map: Info<Fields<String>>,
        inner: Info<Inner>,
        gone: Info<Anything>,
    }

    const FIELDS: [&str; 8] = ["text", "flag", "number", "whole", "list", "map", "inner", "gone"];

    fn read(body: &Value) -> Outer {
        serde_json::from_str(&body.to_string()).unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    #[test]
    fn fields_of_the_expected_type_are_read() {
        let outer = read(&json!({
            "id": "x", "text": "t", "flag": true, "number": 0.5, "whole": 2.0, "list": ["a", 1, "b"],
            "map": {"k": "v", "n": 7}, "inner": {"text": "i", "more": []}, "gone": "2026-01-01"
        }));
        assert_eq!(outer.id, "x");
        assert_eq!(outer.text.as_deref(), Some("t"));
        assert_eq!(
            (outer.flag.0, outer.number.0, outer.whole.0),
            (Some(true), Some(0.5), Some(2))
        );
        assert_eq!(outer.list.0, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(outer.map.0, Some(Fields(vec![("k".to_owned(), "v".to_owned())])));
        assert_eq!(outer.inner.0.unwrap().text.as_deref(), Some("i"));
        assert!(outer.gone.is_some());
    }

    /// Returns a page of a listing, and what becomes of it if one value in it is another, or missing, or comes twice.
    pub(crate) fn drifts_of(page: &Value) -> Vec<String> {
        let mut drifts = vec![page.to_string()];
        let mut paths = Vec::new();
        collect_paths(page, String::new(), &mut paths);
        for path in paths {
            let others = [
                "null",
                "7",
                "1e999",
                "-0.5",
                "true",
                "[]",
                "{}",
                r#""x""#,
                r#""\u00e4\n""#,
                r#""\ud800""#,
            ];
            for other in others.into_iter().map(Some).chain([None]) {
                let mut drifted = page.clone();
                *drifted.pointer_mut(&path).unwrap() = json!("HERE");
                let text = drifted.to_string();
                drifts.push(match other {
                    Some(other) => text.replace(r#""HERE""#, other),
                    // Its name is another one.
                    None => text.replace(r#"":"HERE""#, r#"2":"x""#),
                });
            }
        }
        drifts.push(page.to_string().replacen(r#"":"#, r#"":1,"more":"#, 1));
        let [doubled] = [page
            .to_string()
            .replace("{\"", "{\"name\":\"first\",\"name\":7,\"name\":\"last\",\"")];
        drifts.push(doubled);
        drifts
    }

    fn collect_paths(value: &Value, path: String, paths: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                let escape = |name: &String| name.replace('~', "~0").replace('/', "~1");
                let fields = fields.iter().map(|(name, value)| (escape(name), value));
                fields.for_each(|(name, value)| collect_paths(value, format!("{path}/{name}"), paths));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, value)| collect_paths(value, format!("{path}/{index}"), paths));
            }
            _ => {}
        }
        paths.push(path);
    }

    /// Checks that a page which can be read as a whole, borrowed, shows what it shows when it is read entry by entry. Returns
    /// how many can be read as a whole.
    pub(crate) fn check_drifts(
        page: &Value,
        borrowed: fn(&str) -> serde_json::Result<Vec<String>>,
        owned: fn(&str) -> serde_json::Result<Vec<String>>,
    ) -> usize {
        let drifts = drifts_of(page);
        let mut whole = drifts.iter().filter_map(|text| Some((text, borrowed(text).ok()?)));
        let mut count = 0;
        whole.all(|(text, shown)| {
            count += 1;
            assert_eq!(
                shown,
                owned(text).unwrap_or_else(|error| panic!("{text}: {error}")),
                "{text}"
            );
            true
        });
        count
    }

    #[test]
    fn a_text_is_borrowed_where_it_can_be() {
        let body = r#"{"plain":"x","escaped":"\t","other":7}"#;
        let fields: Info<Fields<Borrowed<'_>>> = serde_json::from_str(body).unwrap();
        let fields = fields.0.unwrap();
        let plain: &str = fields.get("plain").unwrap();
        assert!(body.as_bytes().as_ptr_range().contains(&plain.as_ptr()));
        assert_eq!(fields.get("escaped").map(|text| &**text), Some("\t"));
        assert_eq!(fields.get("other"), None);
    }

    #[test]
    fn a_number_that_is_no_whole_one_is_left_out() {
        for number in [json!(0.5), json!(-1), json!(4_294_967_296_u64), json!(1e300)] {
            assert_eq!(read(&json!({"id": "x", "whole": number})).whole.0, None);
        }
    }

    #[test]
    fn absence_is_told_from_presence_of_any_type() {
        for (value, is_there) in [
            (json!(null), false),
            (json!(false), false),
            (json!(0), true),
            (json!(""), true),
            (json!([]), true),
            (json!({}), true),
        ] {
            assert_eq!(
                read(&json!({"id": "x", "gone": value})).gone.is_some(),
                is_there,
                "{value}"
            );
        }
        assert!(read(&json!({"id": "x"})).gone.is_none());
    }

    #[test]
    fn one_entry_that_cannot_be_read_does_not_spoil_the_others() {
        #[derive(Debug, Derive, PartialEq)]
        struct Entry {
            id: String,
        }
        let text = r#"[{"id":"a"},{"id":7},{},null,[],"x",{"id":"b","more":{"deep":[1]}}]"#;
        let parts: Vec<Isolated<Entry>> = serde_json::from_str(text).unwrap();
        let entries: Entries<Entry> = serde_json::from_str(text).unwrap();
        for entries in [parts.into_iter().map(|part| part.0).collect(), entries.0] {
            let ids: Vec<Option<String>> = entries.into_iter().map(|entry| entry.map(|entry| entry.id)).collect();
            assert_eq!(ids.len(), 7);
            assert_eq!(ids.iter().flatten().collect::<Vec<_>>(), ["a", "b"]);
        }
        let whole = serde_json::from_str::<Entries<Entry, Borrowed<'_>>>(text);
        assert!(whole.is_err());
        assert!(serde_json::from_str::<Entries<Entry>>(r#"[{},{"id":7}]"#).is_err());
        for text in ["[]", r#"[{"id":"a"},{"id":"b"}]"#] {
            let entries: Entries<Entry> = serde_json::from_str(text).unwrap();
            let whole: Entries<Entry, Borrowed<'_>> = serde_json::from_str(text).unwrap();
            assert_eq!(entries.0, whole.0);
        }
    }

    #[test]
    fn of_two_fields_with_one_name_the_last_counts() {
        let read = |text| {
            serde_json::from_str::<Info<Fields<Borrowed<'_>>>>(text)
                .unwrap()
                .0
                .unwrap()
        };
        let fields = read(r#"{"a":"1","b":"2","a":"3","b":4}"#);
        assert_eq!(fields.get("a").map(|value| &**value), Some("3"));
        assert_eq!(fields.get("b").map(|value| &**value), Some("2"));
        assert_eq!(fields.get("c"), None);
    }

    #[test]
    fn a_cursor_is_a_text_or_a_number() {
        let read = |text| serde_json::from_str::<Option<Cursor>>(text).map(|cursor| cursor.map(|Cursor(text)| text));
        assert_eq!(read(r#""a""#).unwrap().as_deref(), Some("a"));
        assert_eq!(read("1700000000123").unwrap().as_deref(), Some("1700000000123"));
        assert_eq!(read("null").unwrap(), None);
        for text in ["{}", "[]", "true"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn information_of_any_type_leaves_the_rest_readable(values in proptest::collection::vec(any_json(), FIELDS.len())) {
            let mut body = json!({"id": "x"});
            for (field, value) in FIELDS.iter().zip(values) {
                body[*field] = value;
            }
            proptest::prop_assert_eq!(read(&body).id, "x");
        }

        #[test]
        fn a_needed_field_of_another_type_is_an_error(value in any_json()) {
            let body = json!({"id": value}).to_string();
            let is_text = value.is_string();
            proptest::prop_assert_eq!(serde_json::from_str::<Outer>(&body).is_ok(), is_text);
        }
    }
}
