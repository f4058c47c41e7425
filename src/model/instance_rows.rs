//! The instances of a listing as the text that crosses to JavaScript. Each is written when it is read, and not kept.

use std::convert::Infallible;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::instance::{FieldValue, InstanceView, Status, redact_value};
use crate::error::{Error, ErrorCode, Result};
use crate::secret::{FieldMask, holds_ascii};

/// The longest text of a result, in bytes: half of what V8 takes as one text.
pub(crate) const RESULT_LIMIT: usize = 256 * 1024 * 1024;

/// Instances as one flat JSON array, in which nothing is repeated that many have in common. An instance is a row: the number of
/// its shape, its id, and its values where its shape has null. The last item of the array is the list of shapes. A shape is an
/// `instance` object with 0 in the place of the id, and null in the place of the row's values, in their order.
///
/// ```json
/// [0, "srv-a", "2026-01-01", 0, "srv-b", "2026-02-02", 1, "srv-c",
///   [{"serviceId": 0, "status": "running", "createdAt": null, "managed": true},
///    {"serviceId": 0, "status": "unknown", "managed": true}]]
/// ```
#[derive(Debug)]
pub(crate) struct InstanceRows(String);

impl InstanceRows {
    /// Returns the JSON text.
    pub(crate) fn into_json(self) -> String {
        self.0
    }
}

/// Writes [`InstanceRows`].
#[derive(Debug)]
pub(crate) struct RowWriter {
    /// The array but for its last item.
    text: Vec<u8>,
    /// A listing has a handful of them.
    shapes: Vec<Shape>,
    /// The most bytes of the text.
    limit: usize,
}

/// What instances have in common.
#[derive(Debug)]
struct Shape {
    outline: Outline,
    fields: Vec<(&'static str, Constant)>,
}

/// What tells most shapes apart, at little cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outline {
    status: Status,
    managed: bool,
    has: [bool; 3],
}

/// What a shape has in the place of a value.
#[derive(Debug, PartialEq)]
enum Constant {
    /// The row's id.
    Id,
    /// The row's next value.
    Next,
    Word(&'static str),
    Text(String),
    Bool(bool),
}

impl Outline {
    fn of(instance: &InstanceView<'_>) -> Self {
        Self {
            status: instance.status,
            managed: instance.managed,
            has: [
                instance.name.is_some(),
                instance.created_at.is_some(),
                instance.url.is_some(),
            ],
        }
    }
}

impl Constant {
    fn of(value: FieldValue<'_>, id: &str) -> Self {
        match value {
            FieldValue::Text(text) if text == id => Self::Id,
            FieldValue::Text(_) | FieldValue::Json(_) => Self::Next,
            FieldValue::Shared(text) => Self::Text(text.to_owned()),
            FieldValue::Word(word) => Self::Word(word),
            FieldValue::Bool(value) => Self::Bool(value),
        }
    }

    /// Returns whether it is [`Constant::of`] this value.
    fn fits(&self, value: FieldValue<'_>, id: &str) -> bool {
        match (self, value) {
            (Self::Id, FieldValue::Text(text)) => text == id,
            (Self::Next, FieldValue::Text(text)) => text != id,
            (Self::Next, FieldValue::Json(_)) => true,
            (Self::Text(own), FieldValue::Shared(text)) => own == text,
            (Self::Word(own), FieldValue::Word(word)) => *own == word,
            (Self::Bool(own), FieldValue::Bool(value)) => *own == value,
            _ => false,
        }
    }
}

impl Shape {
    fn of(instance: &InstanceView<'_>) -> Self {
        let mut fields = Vec::new();
        let Ok(()) = instance.visit_fields(|name, value| {
            fields.push((name, Constant::of(value, instance.id)));
            Ok::<(), Infallible>(())
        });
        Self {
            outline: Outline::of(instance),
            fields,
        }
    }

    /// Returns whether it is [`Shape::of`] this instance.
    fn fits(&self, instance: &InstanceView<'_>) -> bool {
        let mut fields = self.fields.iter();
        let compared = instance.visit_fields(|name, value| match fields.next() {
            Some((own, constant)) if *own == name && constant.fits(value, instance.id) => Ok(()),
            _ => Err(()),
        });
        compared.is_ok() && fields.len() == 0
    }

    /// Writes the shape as an object.
    fn write(&self, text: &mut Vec<u8>, mask: &FieldMask<'_>) -> serde_json::Result<()> {
        let mut serializer = serde_json::Serializer::new(text);
        let mut map = serializer.serialize_map(None)?;
        for (name, constant) in &self.fields {
            match constant {
                Constant::Id => map.serialize_entry(name, &0)?,
                Constant::Next => map.serialize_entry(name, &())?,
                Constant::Word(word) => map.serialize_entry(name, word)?,
                Constant::Text(text) => map.serialize_entry(name, &mask.masked(text))?,
                Constant::Bool(value) => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

impl RowWriter {
    /// Begins without an instance.
    pub(crate) fn new() -> Self {
        Self {
            text: b"[".to_vec(),
            shapes: Vec::new(),
            limit: RESULT_LIMIT,
        }
    }

    /// Adds an instance. Credentials in its texts are masked.
    ///
    /// Errors: `PROTOCOL` if the text becomes too long.
    pub(crate) fn push(&mut self, instance: &InstanceView<'_>, mask: &FieldMask<'_>) -> Result<()> {
        let number = self.number_of(instance);
        self.write_row(number, instance, mask).map_err(|_| unwritable())?;
        if self.text.len() > self.limit {
            return Err(too_long());
        }
        Ok(())
    }

    /// Masks the credentials that the mask of [`RowWriter::push`] did not know yet.
    ///
    /// Errors: none that is expected.
    pub(crate) fn mask_again(&mut self, mask: &FieldMask<'_>) -> Result<()> {
        self.text.extend_from_slice(b"null]");
        let mut items: Vec<Value> = serde_json::from_slice(&self.text).map_err(|_| unwritable())?;
        items.pop();
        self.text.truncate(1);
        for item in &mut items {
            redact_value(item, mask);
            self.write(item).map_err(|_| unwritable())?;
        }
        Ok(())
    }

    /// Ends the text.
    ///
    /// Errors: none that is expected.
    pub(crate) fn finish(mut self, mask: &FieldMask<'_>) -> Result<InstanceRows> {
        self.text.push(b'[');
        for (number, shape) in self.shapes.iter().enumerate() {
            if number > 0 {
                self.text.push(b',');
            }
            shape.write(&mut self.text, mask).map_err(|_| unwritable())?;
        }
        self.text.extend_from_slice(b"]]");
        String::from_utf8(self.text).map(InstanceRows).map_err(|_| unwritable())
    }

    /// Returns the number of the instance's shape.
    fn number_of(&mut self, instance: &InstanceView<'_>) -> usize {
        let outline = Outline::of(instance);
        let fits = |shape: &Shape| shape.outline == outline && shape.fits(instance);
        let known = self.shapes.iter().position(fits);
        known.unwrap_or_else(|| {
            self.shapes.push(Shape::of(instance));
            self.shapes.len() - 1
        })
    }

    fn write_row(
        &mut self,
        number: usize,
        instance: &InstanceView<'_>,
        mask: &FieldMask<'_>,
    ) -> serde_json::Result<()> {
        let id = instance.id;
        self.write(&number)?;
        self.write_text(&mask.masked(id))?;
        instance.visit_fields(|_, value| match value {
            FieldValue::Text(text) if text != id => self.write_text(&mask.masked(text)),
            FieldValue::Json(value) => {
                let mut value = value.clone();
                redact_value(&mut value, mask);
                self.write(&value)
            }
            FieldValue::Text(_) | FieldValue::Shared(_) | FieldValue::Word(_) | FieldValue::Bool(_) => Ok(()),
        })
    }

    fn write_text(&mut self, text: &str) -> serde_json::Result<()> {
        if holds_ascii(text, *b"\"\\", b' ') {
            return self.write(&text);
        }
        self.text.reserve(text.len() + 3);
        self.text.push(b'"');
        self.text.extend_from_slice(text.as_bytes());
        self.text.extend_from_slice(b"\",");
        Ok(())
    }

    fn write(&mut self, item: &impl Serialize) -> serde_json::Result<()> {
        serde_json::to_writer(&mut self.text, item)?;
        self.text.push(b',');
        Ok(())
    }
}

/// Makes the error of a result that is too long.
pub(crate) fn too_long() -> Error {
    let text = "The result is longer than 256 MiB, which does not fit into one text of JavaScript.";
    Error::new(ErrorCode::Protocol, text)
}

/// Makes the error of a result that cannot be written.
pub(crate) fn unwritable() -> Error {
    Error::internal("A result could not be written as JSON.")
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;
    use crate::model::instance::{Instance, OwnValue, Provisioned};
    use crate::secret::{Redactor, Secret};

    /// Returns what `bridge.js` makes of rows: the JSON text of each instance.
    pub(crate) fn instances_of(text: &str) -> Vec<String> {
        let items: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        let mut items = items.into_iter().map(RawValue::get);
        let shapes: Vec<&RawValue> = serde_json::from_str(items.next_back().unwrap()).unwrap();
        let mut instances = Vec::new();
        while let Some(shape) = items.next() {
            let shape = shapes[shape.parse::<usize>().unwrap()].get();
            let id = items.next().unwrap();
            let instance = shape.replacen(":0", &format!(":{id}"), usize::MAX);
            let mut pieces = instance.split(":null");
            let mut instance = pieces.next().unwrap().to_owned();
            for piece in pieces {
                instance.extend([":", items.next().unwrap(), piece]);
            }
            instances.push(format!(r#"{{"instance":{instance},"instanceId":{id}}}"#));
        }
        instances
    }

    fn plain(id: &str) -> Instance {
        Instance {
            id: id.to_owned(),
            own: vec![("serviceId", json!(id))],
            name: None,
            status: Status::Running,
            created_at: None,
            url: None,
            managed: true,
            owner: None,
            image: None,
            launch: None,
        }
    }

    fn write(instances: &[Instance], redactor: &Redactor) -> String {
        let mut rows = RowWriter::new();
        for instance in instances {
            rows.push(&instance.view(), &redactor.fields()).unwrap();
        }
        rows.finish(&redactor.fields()).unwrap().into_json()
    }

    #[test]
    fn rows_hold_what_their_shape_does_not() {
        let text = write(
            &[
                plain("a"),
                Instance {
                    url: Some("https://b".to_owned()),
                    ..plain("b")
                },
                plain("c"),
                Instance {
                    status: Status::Failed,
                    ..plain("d")
                },
                Instance {
                    own: vec![("serviceId", json!("another"))],
                    ..plain("e")
                },
            ],
            &Redactor::default(),
        );
        let rows = r#"0,"a",1,"b","https://b",0,"c",2,"d",3,"e","another""#;
        let shapes = [
            r#"{"serviceId":0,"status":"running","managed":true}"#,
            r#"{"serviceId":0,"status":"running","url":null,"managed":true}"#,
            r#"{"serviceId":0,"status":"failed","managed":true}"#,
            r#"{"serviceId":null,"status":"running","managed":true}"#,
        ];
        assert_eq!(text, format!("[{rows},[{}]]", shapes.join(",")));
        assert_eq!(write(&[], &Redactor::default()), "[[]]");
    }

    #[test]
    fn what_a_listing_shares_stands_in_its_shapes() {
        let redactor = Redactor::default();
        let mut rows = RowWriter::new();
        for (id, project) in [("a", "p"), ("b", "p"), ("c", "q"), ("q", "q")] {
            let own = [
                ("id", Some(OwnValue::Text(id))),
                ("projectId", Some(OwnValue::Shared(project))),
            ];
            let instance = plain(id);
            let view = InstanceView {
                own: own.into(),
                ..instance.view()
            };
            rows.push(&view, &redactor.fields()).unwrap();
        }
        let text = rows.finish(&redactor.fields()).unwrap().into_json();
        let shape = |project| format!(r#"{{"id":0,"projectId":"{project}","status":"running","managed":true}}"#);
        assert_eq!(
            text,
            format!(r#"[0,"a",0,"b",1,"c",1,"q",[{},{}]]"#, shape("p"), shape("q"))
        );
    }

    #[test]
    fn an_instance_of_any_shape_is_that_of_a_reply() {
        let own = [
            // No value that looks like what `instances_of` replaces.
            ("routes", json!([{"port": 80, "url": "https://x"}, true])),
            ("vcpus", json!(0.5)),
            ("count", json!(2)),
            ("flag", json!(false)),
            ("text", json!("\u{1}\"\\\n\u{2028}ä😀</script>")),
            ("ports", json!({"80": "127.0.0.1:80", "__proto__": {"x": []}})),
        ];
        let text = |set: bool, text: &str| set.then(|| text.to_owned());
        let instances: Vec<Instance> = (0_u8..64)
            .map(|bits| Instance {
                own: own.iter().take(usize::from(bits % 7)).cloned().collect(),
                name: text(bits & 1 > 0, "na\"me"),
                created_at: text(bits & 2 > 0, "2026"),
                url: text(bits & 4 > 0, "https://ä"),
                managed: bits & 8 > 0,
                status: if bits & 16 > 0 { Status::Unknown } else { Status::Failed },
                ..plain(&format!("id \" {bits}"))
            })
            .collect();
        let expected: Vec<String> = instances
            .iter()
            .map(|instance| serde_json::to_string(&Provisioned::from(instance)).unwrap())
            .collect();
        assert_eq!(instances_of(&write(&instances, &Redactor::default())), expected);
    }

    #[test]
    fn credentials_are_masked_as_in_a_reply() {
        let mut redactor = Redactor::default();
        redactor.add_credential(&Secret::new("hunter2-hunter2".to_owned()));
        let mut instance = Instance {
            own: vec![
                ("serviceId", json!("hunter2-hunter2")),
                ("ports", json!({"80": ["a hunter2-hunter2"]})),
            ],
            name: Some("hunter2%2Dhunter2".to_owned()),
            created_at: Some("hunter2-hunter2".to_owned()),
            url: Some("https://hunter2-hunter2.example".to_owned()),
            ..plain("x-hunter2-hunter2")
        };
        let text = write(&[instance.clone()], &redactor);
        assert!(!text.contains("hunter2"), "{text}");
        let mut late = RowWriter::new();
        late.push(&instance.view(), &Redactor::default().fields()).unwrap();
        late.mask_again(&redactor.fields()).unwrap();
        assert_eq!(late.finish(&redactor.fields()).unwrap().into_json(), text);
        instance.redact(&redactor.fields());
        assert_eq!(
            instances_of(&text),
            [serde_json::to_string(&Provisioned::from(&instance)).unwrap()]
        );
    }

    #[test]
    fn a_text_that_becomes_too_long_is_refused() {
        let redactor = Redactor::default();
        let mut rows = RowWriter::new();
        rows.limit = 13;
        rows.push(&plain("a").view(), &redactor.fields()).unwrap();
        rows.push(&plain("b").view(), &redactor.fields()).unwrap();
        let error = rows.push(&plain("c").view(), &redactor.fields()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Protocol);
        assert!(error.to_string().contains("256 MiB"));
    }
}
