//! The details of an error: protobuf messages in base64 (`reference/namespace.md` §11). What cannot be decoded is passed
//! over, as Namespace's own command line does.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;
use serde_json::Value;

/// Connect leaves the padding out, others do not (§4).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a detail makes of an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The instance does not exist, or not any more.
    InstanceGone,
    /// A limit of the workspace: waiting alone does not help.
    Limit,
}

/// What the details of an error say.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) decisive: Option<Detail>,
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
    pub(super) fn read(details: Option<&Value>) -> Self {
        let mut read = Self::default();
        for detail in details.and_then(Value::as_array).into_iter().flatten() {
            let Some(kind) = detail.get("type").and_then(Value::as_str) else {
                continue;
            };
            let value = detail.get("value").and_then(Value::as_str);
            let bytes = value.and_then(|text| BASE64.decode(text).ok());
            read.add(kind.rsplit(['.', '/']).next().unwrap_or(kind), bytes.as_deref());
        }
        read
    }

    fn add(&mut self, kind: &str, bytes: Option<&[u8]>) {
        match kind {
            "EnvironmentDestroyed" | "EnvironmentDoesntExist" => self.decisive = Some(Detail::InstanceGone),
            "ResourceLimitsError" => {
                self.decisive = Some(Detail::Limit);
                self.texts.extend(
                    bytes
                        .and_then(|bytes| ResourceLimits::decode(bytes).ok())
                        .map(|limits| limits.say()),
                );
            }
            "UsageLimitsError" => {
                self.decisive = Some(Detail::Limit);
                self.texts.push("the allowance of the period is used up".to_owned());
            }
            "PlatformNotAllowedError" => self.texts.push("the platform is not allowed".to_owned()),
            "NoEligibleRegionError" => self.texts.push("no region is eligible".to_owned()),
            "UserMessage" => {
                if let Some(said) = bytes.and_then(|bytes| UserMessage::decode(bytes).ok()) {
                    self.texts.extend(Some(said.message).filter(|text| !text.is_empty()));
                    self.request_id = Some(said.request_id).filter(|id| !id.is_empty());
                }
            }
            _ => {}
        }
    }
}

impl ResourceLimits {
    fn say(&self) -> String {
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
                parts.push(format!("{what} {}", resource.say()));
            }
        }
        parts.join(", ")
    }
}

impl Resource {
    fn say(&self) -> String {
        let instances = match self.instance_count {
            0 => String::new(),
            count => format!(" in {count} instances"),
        };
        format!("{} vCPU and {} MB{instances}", self.virtual_cpu, self.memory_megabytes)
    }
}
