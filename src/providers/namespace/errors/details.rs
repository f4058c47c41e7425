//! Reads the details of an error: protobuf messages in base64 (docs/providers/namespace.md). A detail that cannot be decoded
//! is ignored, as by Namespace's own command line.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;
use serde_json::Value;

/// Accepts base64 with and without padding. Connect sends none.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A detail that changes the meaning of an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The instance does not exist or no longer runs.
    InstanceGone,
    /// The workspace has reached a limit. Waiting alone does not help.
    Limit,
}

/// The content of an error's details.
#[derive(Debug, Default)]
pub(super) struct Details {
    /// The detail that changes the meaning of the error, if there is one.
    pub(super) decisive: Option<Detail>,
    /// Texts for the error's message.
    pub(super) texts: Vec<String>,
    pub(super) request_id: Option<String>,
}

/// `namespace.cloud.compute.v1beta.ResourceLimitsError`.
#[derive(Clone, PartialEq, Message)]
struct ResourceLimits {
    #[prost(message, optional, tag = "1")]
    requested: Option<Resource>,
    #[prost(message, optional, tag = "2")]
    used: Option<Resource>,
    #[prost(message, optional, tag = "3")]
    limits: Option<Resource>,
    #[prost(string, tag = "5")]
    description: String,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(int32, tag = "1")]
    virtual_cpu: i32,
    #[prost(int32, tag = "2")]
    memory_megabytes: i32,
    #[prost(int32, tag = "3")]
    instance_count: i32,
}

/// `nsl.clusters.v1.UserMessage`.
#[derive(Clone, PartialEq, Message)]
struct UserMessage {
    #[prost(string, tag = "1")]
    message: String,
    #[prost(string, tag = "2")]
    request_id: String,
}

impl Details {
    /// Reads the field `details` of an error's body.
    pub(super) fn read(details: Option<&Value>) -> Self {
        let mut result = Self::default();
        for detail in details.and_then(Value::as_array).into_iter().flatten() {
            let Some(kind) = detail.get("type").and_then(Value::as_str) else {
                continue;
            };
            let value = detail.get("value").and_then(Value::as_str);
            let bytes = value.and_then(|text| BASE64.decode(text).ok());
            result.add(kind.rsplit(['.', '/']).next().unwrap_or(kind), bytes.as_deref());
        }
        result
    }

    /// Adds one detail. `kind` is the name of its message, without the package.
    fn add(&mut self, kind: &str, bytes: Option<&[u8]>) {
        match kind {
            "EnvironmentDestroyed" | "EnvironmentDoesntExist" => self.decisive = Some(Detail::InstanceGone),
            "ResourceLimitsError" => {
                self.decisive = Some(Detail::Limit);
                self.texts.extend(
                    bytes
                        .and_then(|bytes| ResourceLimits::decode(bytes).ok())
                        .map(|limits| limits.describe()),
                );
            }
            "UsageLimitsError" => {
                self.decisive = Some(Detail::Limit);
                self.texts.push("the allowance of the period is used up".to_owned());
            }
            "PlatformNotAllowedError" => self.texts.push("the platform is not allowed".to_owned()),
            "NoEligibleRegionError" => self.texts.push("no region is eligible".to_owned()),
            "UserMessage" => {
                if let Some(user_message) = bytes.and_then(|bytes| UserMessage::decode(bytes).ok()) {
                    self.texts
                        .extend(Some(user_message.message).filter(|text| !text.is_empty()));
                    self.request_id = Some(user_message.request_id).filter(|id| !id.is_empty());
                }
            }
            _ => {}
        }
    }
}

impl ResourceLimits {
    fn describe(&self) -> String {
        let mut parts = Vec::new();
        if !self.description.is_empty() {
            parts.push(self.description.clone());
        }
        for (what, resource) in [
            ("asked for", &self.requested),
            ("in use", &self.used),
            ("limit", &self.limits),
        ] {
            if let Some(resource) = resource {
                parts.push(format!("{what} {}", resource.describe()));
            }
        }
        parts.join(", ")
    }
}

impl Resource {
    fn describe(&self) -> String {
        let instances = match self.instance_count {
            0 => String::new(),
            count => format!(" in {count} instances"),
        };
        format!("{} vCPU and {} MB{instances}", self.virtual_cpu, self.memory_megabytes)
    }
}
