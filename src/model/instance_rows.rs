//! The instances of a listing as the text that is handed out. Each is written when it is read, and not kept.

use std::convert::Infallible;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::instance::{FieldValue, InstanceView, OWN_FIELDS, redact_value};
use crate::error::{Error, ErrorCode, Result};
use crate::secret::FieldMask;

/// The longest text of a result, in bytes: half of what V8 takes as one text.
pub(crate) const RESULT_LIMIT: usize = 256 * 1024 * 1024;

/// The most fields of an instance.
const FIELDS: usize = OWN_FIELDS + 5;

/// Instances as one flat JSON array, in which the names of fields are not repeated. An instance is a row of values: the number
/// of its shape, its id, and the values of the fields that its shape names. The last item of the array is the list of shapes,
/// each an object with these names.
///
/// ```json
/// [0, "srv-a", "srv-a", "running", true,
///  0, "srv-b", "srv-b", "stopped", false,
///  [{"serviceId": null, "status": null, "managed": null}]]
/// ```
#[derive(Debug)]
pub(crate) struct InstanceRows {
    /// The array but for its last item.
    text: Vec<u8>,
    /// A provider has a handful of them.
    shapes: Vec<Shape>,
    /// The most bytes of the text.
    limit: usize,
}

/// The names of an instance's fields, in their order.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    names: [&'static str; FIELDS],
    count: usize,
}

impl Shape {
    /// Returns the shape of an instance.
    fn of(instance: &InstanceView<'_>) -> Self {
        let mut shape = Self::default();
        let Ok(()) = instance.visit_fields(|name, _| {
            if let Some(next) = shape.names.get_mut(shape.count) {
                *next = name;
                shape.count += 1;
            }
            Ok::<(), Infallible>(())
        });
        shape
    }

    fn names(&self) -> &[&'static str] {
        &self.names[..self.count]
    }
}

impl Serialize for Shape {
    /// Writes an object with the names, without values.
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.names().iter().map(|name| (name, ())))
    }
}

impl InstanceRows {
    /// Makes the rows of no instance.
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
        let number = self.number_of(&Shape::of(instance));
        self.write_row(instance, number, mask).map_err(|_| unwritable())?;
        if self.text.len() > self.limit {
            return Err(too_long());
        }
        Ok(())
    }

    /// Masks the credentials that the mask of [`InstanceRows::push`] did not know yet.
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

    /// Returns the array.
    pub(crate) fn into_json(mut self) -> Result<String> {
        serde_json::to_writer(&mut self.text, &self.shapes).map_err(|_| unwritable())?;
        self.text.push(b']');
        String::from_utf8(self.text).map_err(|_| unwritable())
    }

    /// Returns the number of a shape. Most instances have that of another one.
    fn number_of(&mut self, shape: &Shape) -> usize {
        let known = self.shapes.iter().position(|known| known.names() == shape.names());
        known.unwrap_or_else(|| {
            self.shapes.push(*shape);
            self.shapes.len() - 1
        })
    }

    fn write_row(
        &mut self,
        instance: &InstanceView<'_>,
        number: usize,
        mask: &FieldMask<'_>,
    ) -> serde_json::Result<()> {
        self.write(&number)?;
        self.write(&mask.masked(instance.id))?;
        instance.visit_fields(|_, value| match value {
            FieldValue::Text(text) => self.write(&mask.masked(text)),
            FieldValue::Json(value) => {
                let mut value = value.clone();
                redact_value(&mut value, mask);
                self.write(&value)
            }
            FieldValue::Word(_) | FieldValue::Bool(_) => self.write(&value),
        })
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
    use crate::model::instance::{Instance, Provisioned, Status};
    use crate::secret::{Redactor, Secret};

    /// Returns what `bridge.js` makes of rows: the JSON text of each instance.
    pub(crate) fn instances_of(text: &str) -> Vec<String> {
        let items: Vec<&RawValue> = serde_json::from_str(text).unwrap();
        let items: Vec<&str> = items.into_iter().map(RawValue::get).collect();
        let (shapes, mut items) = items.split_last().unwrap();
        let shapes: Vec<&RawValue> = serde_json::from_str(shapes).unwrap();
        let mut instances = Vec::new();
        while let [shape, id, rest @ ..] = items {
            let template = shapes[shape.parse::<usize>().unwrap()].get();
            let fields = template.split("null").filter(|name| name.contains(':')).zip(rest);
            let fields: Vec<String> = fields.map(|(name, value)| format!("{name}{value}")).collect();
            instances.push(format!(r#"{{"instance":{}}},"instanceId":{id}}}"#, fields.concat()));
            items = &rest[fields.len()..];
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
        let mut rows = InstanceRows::new();
        for instance in instances {
            rows.push(&instance.view(), &redactor.fields()).unwrap();
        }
        rows.into_json().unwrap()
    }

    #[test]
    fn rows_name_their_shapes_once() {
        let text = write(
            &[
                plain("a"),
                Instance {
                    url: Some("https://b".to_owned()),
                    ..plain("b")
                },
                plain("c"),
            ],
            &Redactor::default(),
        );
        let rows = r#"0,"a","a","running",true,1,"b","b","running","https://b",true,0,"c","c","running",true"#;
        let shapes = r#"{"serviceId":null,"status":null,"managed":null},{"serviceId":null,"status":null,"url":null,"managed":null}"#;
        assert_eq!(text, format!("[{rows},[{shapes}]]"));
        assert_eq!(write(&[], &Redactor::default()), "[[]]");
    }

    #[test]
    fn an_instance_of_any_shape_is_that_of_a_reply() {
        let own = [
            ("routes", json!([{"port": 80, "url": "https://x"}, null])),
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
        let mut late = InstanceRows::new();
        late.push(&instance.view(), &Redactor::default().fields()).unwrap();
        late.mask_again(&redactor.fields()).unwrap();
        assert_eq!(late.into_json().unwrap(), text);
        instance.redact(&redactor.fields());
        assert_eq!(
            instances_of(&text),
            [serde_json::to_string(&Provisioned::from(&instance)).unwrap()]
        );
    }

    #[test]
    fn a_text_that_becomes_too_long_is_refused() {
        let redactor = Redactor::default();
        let mut rows = InstanceRows::new();
        rows.limit = 60;
        rows.push(&plain("a").view(), &redactor.fields()).unwrap();
        rows.push(&plain("b").view(), &redactor.fields()).unwrap();
        let error = rows.push(&plain("c").view(), &redactor.fields()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Protocol);
        assert!(error.to_string().contains("256 MiB"));
    }
}
