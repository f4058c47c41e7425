//! A compute resource, in the shape that every provider shares.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::handle::is_owned_name;
use super::owner::Owner;
use crate::secret::FieldMask;

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

impl Instance {
    /// Returns whether a gateway of this owner made it: by its label or tag, or by its name where it has neither.
    pub(crate) fn is_owned_by(&self, owner: &Owner) -> bool {
        match &self.owner {
            Some(label) => label == owner.as_str(),
            None => self.name.as_deref().is_some_and(|name| is_owned_name(name, owner)),
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

fn redact_value(value: &mut Value, mask: &FieldMask<'_>) {
    match value {
        Value::String(text) => mask.mask(text),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(item, mask)),
        Value::Object(fields) => fields.values_mut().for_each(|field| redact_value(field, mask)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Serialize for Instance {
    /// Writes the `instance` object that JavaScript sees. Fields that the provider does not report are left out.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.own {
            map.serialize_entry(key, value)?;
        }
        if let Some(name) = &self.name {
            map.serialize_entry("name", name)?;
        }
        map.serialize_entry("status", self.status.as_str())?;
        if let Some(created_at) = &self.created_at {
            map.serialize_entry("createdAt", created_at)?;
        }
        if let Some(url) = &self.url {
            map.serialize_entry("url", url)?;
        }
        map.serialize_entry("managed", &self.managed)?;
        map.end()
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
