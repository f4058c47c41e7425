//! Reads the details of an error: protobuf messages in base64 (docs/providers/namespace.md). A detail that cannot be decoded
//! is ignored, as by Namespace's own command line.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message;
use serde_json::Value;

use crate::error;

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
    pub(super) texts: Vec<error::Message>,
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

/// `namespace.cloud.compute.v1beta.UsageLimitsError`.
#[derive(Clone, PartialEq, Message)]
struct UsageLimits {
    #[prost(message, optional, tag = "1")]
    used: Option<Usage>,
    #[prost(message, optional, tag = "2")]
    limits: Option<Usage>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Usage {
    #[prost(int64, tag = "1")]
    compute_unit_minutes: i64,
    #[prost(int64, tag = "2")]
    compute_wall_seconds: i64,
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
            let kind = kind.rsplit(['.', '/']).next().unwrap_or(kind);
            result.add(kind, bytes.as_deref(), detail.get("debug"));
        }
        result
    }

    /// Adds one detail. `kind` is the name of its message, without the package; `debug` is the message as JSON, which a server
    /// may send besides the bytes.
    fn add(&mut self, kind: &str, bytes: Option<&[u8]>, debug: Option<&Value>) {
        match kind {
            "EnvironmentDestroyed" | "EnvironmentDoesntExist" => self.decisive = Some(Detail::InstanceGone),
            "ResourceLimitsError" => {
                self.decisive = Some(Detail::Limit);
                self.texts.extend(
                    bytes
                        .and_then(|bytes| ResourceLimits::decode(bytes).ok())
                        .map(|limits| error::Message::from(limits.describe())),
                );
            }
            "UsageLimitsError" => {
                self.decisive = Some(Detail::Limit);
                let limits = bytes.and_then(|bytes| UsageLimits::decode(bytes).ok());
                let limits = limits.filter(|limits| *limits != UsageLimits::default());
                let limits = limits.or_else(|| debug.map(UsageLimits::from_json));
                self.texts
                    .push(error::Message::ours(limits.unwrap_or_default().describe()));
            }
            "PlatformNotAllowedError" => self.texts.push("the platform is not allowed".into()),
            "NoEligibleRegionError" => self.texts.push("no region is eligible".into()),
            "UserMessage" => {
                if let Some(user_message) = bytes.and_then(|bytes| UserMessage::decode(bytes).ok()) {
                    self.texts.extend(
                        Some(user_message.message)
                            .filter(|text| !text.is_empty())
                            .map(error::Message::from),
                    );
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

impl UsageLimits {
    /// Reads the message as proto JSON has it. What is missing, null or of another type is zero, as in proto JSON.
    fn from_json(message: &Value) -> Self {
        let usage = |name: &str| message.get(name).map(Usage::from_json);
        Self {
            used: usage("used"),
            limits: usage("limits"),
        }
    }

    fn describe(&self) -> String {
        let (used, limits) = (self.used.unwrap_or_default(), self.limits.unwrap_or_default());
        let figures = [
            (
                "compute unit minutes",
                used.compute_unit_minutes,
                limits.compute_unit_minutes,
            ),
            (
                "compute wall seconds",
                used.compute_wall_seconds,
                limits.compute_wall_seconds,
            ),
        ];
        let figures = figures
            .into_iter()
            .filter_map(|(what, used, limit)| match (used, limit) {
                (0, 0) => None,
                (_, 0) => Some(format!("used {used} {what}")),
                _ => Some(format!("used {used} of {limit} {what}")),
            });
        let parts = ["the allowance of the period is used up".to_owned()].into_iter();
        parts.chain(figures).collect::<Vec<_>>().join(", ")
    }
}

impl Usage {
    fn from_json(message: &Value) -> Self {
        // Proto JSON writes 64 bits as a string and accepts both.
        let number = |name: &str| match message.get(name) {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        Self {
            compute_unit_minutes: number("computeUnitMinutes").unwrap_or_default(),
            compute_wall_seconds: number("computeWallSeconds").unwrap_or_default(),
        }
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
