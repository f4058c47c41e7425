//! A compute resource, in the shape that every provider shares.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::handle::is_owned_name;
use super::owner::Owner;
use crate::secret::FieldMask;

/// The most fields that only one provider has.
pub(super) const OWN_FIELDS: usize = 6;

/// The status of an instance, in the five words that every provider maps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// On its way to running.
    Pending,
    /// Running, or asleep until the next request.
    Running,
    /// Stopped, suspended, finished, or being deleted. The provider still counts it as existing.
    Stopped,
    /// Failed, but still there.
    Failed,
    /// The provider does not say, or says a word that this version does not know.
    Unknown,
}

impl Status {
    /// Returns the word that JavaScript sees.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// A compute resource at a provider.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instance {
    /// The provider's id, `instanceId` in JavaScript.
    pub(crate) id: String,
    /// Fields that only this provider has, in the order of version 0.3.24. They come first.
    pub(crate) own: Vec<(&'static str, Value)>,
    pub(crate) name: Option<String>,
    pub(crate) status: Status,
    /// RFC 3339, as the provider sent it.
    pub(crate) created_at: Option<String>,
    pub(crate) url: Option<String>,
    /// Whether this package made it, by its name, tag or label.
    pub(crate) managed: bool,
    /// The owner that a label or tag names.
    pub(crate) owner: Option<String>,
    /// The container image, where the provider reports it.
    pub(crate) image: Option<String>,
    /// The id of the deployment, deploy or session that `waitUntilReady` follows.
    pub(crate) launch: Option<String>,
}

/// An [`Instance`] that borrows its texts from the response that shows it. A listing hands out nothing else.
#[derive(Clone, Debug)]
pub(crate) struct InstanceView<'a> {
    pub(crate) id: &'a str,
    pub(crate) own: OwnFields<'a>,
    pub(crate) name: Option<&'a str>,
    pub(crate) status: Status,
    pub(crate) created_at: Option<Cow<'a, str>>,
    pub(crate) url: Option<Cow<'a, str>>,
    pub(crate) managed: bool,
    pub(crate) owner: Option<&'a str>,
    pub(crate) image: Option<&'a str>,
    pub(crate) launch: Option<&'a str>,
}

/// The fields that only one provider has, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnFields<'a>([Option<(&'static str, OwnValue<'a>)>; OWN_FIELDS]);

/// The value of a field that only one provider has.
#[derive(Clone, Debug)]
pub(crate) enum OwnValue<'a> {
    Text(&'a str),
    /// A text of which there are a handful in a listing, such as the id of the project.
    Shared(&'a str),
    Json(Value),
}

/// The value of a field, as JavaScript sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldValue<'a> {
    Text(&'a str),
    /// As [`OwnValue::Shared`].
    Shared(&'a str),
    /// A word of ours.
    Word(&'static str),
    Bool(bool),
    Json(&'a Value),
}

impl<'a, const COUNT: usize> From<[(&'static str, Option<OwnValue<'a>>); COUNT]> for OwnFields<'a> {
    /// Takes the fields that are there.
    fn from(fields: [(&'static str, Option<OwnValue<'a>>); COUNT]) -> Self {
        const { assert!(COUNT <= OWN_FIELDS, "a provider has more fields of its own") };
        let mut own = Self::default();
        for (field, (name, value)) in own.0.iter_mut().zip(fields) {
            *field = value.map(|value| (name, value));
        }
        own
    }
}

impl InstanceView<'_> {
    /// Calls `visit` with the fields of the `instance` object that JavaScript sees, in their order. Fields that the provider
    /// does not report are left out.
    pub(crate) fn visit_fields<E>(
        &self,
        mut visit: impl FnMut(&'static str, FieldValue<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (name, value) in self.own.0.iter().flatten() {
            match value {
                OwnValue::Text(text) => visit(name, FieldValue::Text(text))?,
                OwnValue::Shared(text) => visit(name, FieldValue::Shared(text))?,
                OwnValue::Json(value) => visit(name, FieldValue::Json(value))?,
            }
        }
        if let Some(name) = self.name {
            visit("name", FieldValue::Text(name))?;
        }
        visit("status", FieldValue::Word(self.status.as_str()))?;
        if let Some(created_at) = &self.created_at {
            visit("createdAt", FieldValue::Text(created_at))?;
        }
        if let Some(url) = &self.url {
            visit("url", FieldValue::Text(url))?;
        }
        visit("managed", FieldValue::Bool(self.managed))
    }

    /// Returns whether a gateway of this owner made it: by its label or tag, or by its name where it has neither.
    pub(crate) fn is_owned_by(&self, owner: &Owner) -> bool {
        match self.owner {
            Some(label) => label == owner.as_str(),
            None => self.name.is_some_and(|name| is_owned_name(name, owner)),
        }
    }
}

impl From<InstanceView<'_>> for Instance {
    fn from(view: InstanceView<'_>) -> Self {
        let own = view.own.0.into_iter().flatten().map(|(name, value)| match value {
            OwnValue::Text(text) | OwnValue::Shared(text) => (name, Value::from(text)),
            OwnValue::Json(value) => (name, value),
        });
        Self {
            id: view.id.to_owned(),
            own: own.collect(),
            name: view.name.map(str::to_owned),
            status: view.status,
            created_at: view.created_at.map(Cow::into_owned),
            url: view.url.map(Cow::into_owned),
            managed: view.managed,
            owner: view.owner.map(str::to_owned),
            image: view.image.map(str::to_owned),
            launch: view.launch.map(str::to_owned),
        }
    }
}

impl Instance {
    /// Returns the instance as a listing would show it.
    pub(crate) fn view(&self) -> InstanceView<'_> {
        let mut own = OwnFields::default();
        for (field, (name, value)) in own.0.iter_mut().zip(&self.own) {
            let value = match value {
                Value::String(text) => OwnValue::Text(text),
                other => OwnValue::Json(other.clone()),
            };
            *field = Some((name, value));
        }
        InstanceView {
            id: &self.id,
            own,
            name: self.name.as_deref(),
            status: self.status,
            created_at: self.created_at.as_deref().map(Cow::Borrowed),
            url: self.url.as_deref().map(Cow::Borrowed),
            managed: self.managed,
            owner: self.owner.as_deref(),
            image: self.image.as_deref(),
            launch: self.launch.as_deref(),
        }
    }

    /// Masks credentials in every text that JavaScript sees.
    pub(crate) fn redact(&mut self, mask: &FieldMask<'_>) {
        let own = self.own.iter_mut().map(|(_, value)| value);
        own.for_each(|value| redact_value(value, mask));
        mask.mask(&mut self.id);
        let texts = [&mut self.name, &mut self.created_at, &mut self.url];
        texts.into_iter().flatten().for_each(|text| mask.mask(text));
    }
}

/// Masks credentials in every text of a value.
pub(super) fn redact_value(value: &mut Value, mask: &FieldMask<'_>) {
    match value {
        Value::String(text) => mask.mask(text),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(item, mask)),
        Value::Object(fields) => fields.values_mut().for_each(|field| redact_value(field, mask)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Serialize for Instance {
    /// Writes the `instance` object that JavaScript sees.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.view()
            .visit_fields(|name, value| map.serialize_entry(name, &value))?;
        map.end()
    }
}

impl Serialize for FieldValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Text(text) | Self::Shared(text) | Self::Word(text) => serializer.serialize_str(text),
            Self::Bool(value) => serializer.serialize_bool(value),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// An instance in the public wrapper: `{ instance, instanceId }`.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Provisioned<'a> {
    instance: &'a Instance,
    instance_id: &'a str,
}

impl<'a> From<&'a Instance> for Provisioned<'a> {
    fn from(instance: &'a Instance) -> Self {
        Self {
            instance,
            instance_id: &instance.id,
        }
    }
}
