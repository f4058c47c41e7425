//! Which engine answers, and the version of its API that requests name. Asked for once per endpoint.

use std::time::Duration;

use http::Method;

use super::errors::ERRORS;
use super::wire::VersionAnswer;
use crate::context::CallContext;
use crate::error::{Error, Outcome, Result};
use crate::http::client::Client;
use crate::http::effect::Effect;
use crate::http::message::Request;
use crate::model::scope::Scope;
use crate::provider::facts::Facts;

/// The versions that this package speaks, the lowest first. What it sends and reads is the same in all of them.
const VERSIONS: [&str; 13] = [
    "1.41", "1.42", "1.43", "1.44", "1.45", "1.46", "1.47", "1.48", "1.49", "1.50", "1.51", "1.52", "1.53",
];

/// How long the answer is trusted. Facts are kept for ten minutes at most: an engine may be updated.
const LIFETIME: Duration = Duration::from_secs(600);

const VERSION: &str = "version of the engine's API";
const KIND: &str = "kind of the engine";

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Engine {
    /// The version of the API, as paths carry it.
    pub(super) version: &'static str,
    pub(super) kind: Kind,
}

/// The program that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Docker,
    Podman,
    /// Podman before 4.7, which writes `host-gateway` into the container unchanged (docs/providers/docker.md).
    OldPodman,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Docker, Self::Podman, Self::OldPodman];

    fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::OldPodman => "podman before 4.7",
        }
    }
}

/// Returns the engine of the endpoint. Cached.
///
/// Errors: `INVALID_CONFIG` for an engine that speaks no version that this package speaks.
pub(super) async fn fetch_engine(
    client: &Client,
    facts: &dyn Facts,
    scope: &Scope,
    context: &CallContext,
) -> Result<Engine> {
    let cached = || {
        let kind = facts.get(scope, KIND)?;
        Some(Engine {
            version: facts.get(scope, VERSION)?,
            kind: Kind::ALL.into_iter().find(|known| known.as_str() == kind)?,
        })
    };
    if let Some(engine) = cached() {
        return Ok(engine);
    }
    // Calls that begin together ask once.
    let _lock = facts.acquire(context, scope, VERSION).await?;
    if let Some(engine) = cached() {
        return Ok(engine);
    }
    let request = Request::new(Method::GET, client.base().join(&["version"])?).template("/version");
    let answer = client
        .call(context, Effect::Idempotent, request, |response| {
            ERRORS.read_json(response)
        })
        .await;
    // A question changes nothing, even if its answer was lost.
    let answer: VersionAnswer = answer.map_err(|error| error.with_outcome(Outcome::NoEffect))?;
    let engine = Engine {
        version: negotiate(&answer.api_version, answer.min_api_version.as_deref())?,
        kind: kind_of(&answer),
    };
    facts.insert(scope, VERSION, engine.version, LIFETIME);
    facts.insert(scope, KIND, engine.kind.as_str(), LIFETIME);
    Ok(engine)
}

/// Returns which program answers. Podman names itself among its components.
fn kind_of(answer: &VersionAnswer) -> Kind {
    let components = answer.components.iter().flatten();
    let podman = components
        .filter(|component| component.name.as_deref().is_some_and(|name| name.starts_with("Podman")))
        .find_map(|component| component.version.as_deref());
    match podman.map(parse_first_two) {
        None => Kind::Docker,
        Some(Some(version)) if version < (4, 7) => Kind::OldPodman,
        Some(_) => Kind::Podman,
    }
}

/// Forgets the engine, which has turned out to speak another version: it was updated, or replaced.
pub(super) fn forget_engine(facts: &dyn Facts, scope: &Scope) {
    facts.insert(scope, VERSION, VERSIONS[0], Duration::ZERO);
}

/// Returns the highest version that both sides speak.
fn negotiate(theirs: &str, their_least: Option<&str>) -> Result<&'static str> {
    let Some(highest) = parse(theirs) else {
        return Err(Error::config("The engine does not tell the version of its API."));
    };
    let least = their_least.and_then(parse).unwrap_or((0, 0));
    let is_spoken = |version: &&&str| parse(version).is_some_and(|version| (least..=highest).contains(&version));
    let common = VERSIONS.iter().rev().find(is_spoken).copied();
    common.ok_or_else(|| {
        let (ours_least, ours) = (VERSIONS[0], VERSIONS[VERSIONS.len() - 1]);
        let (advice, theirs) = if parse(ours_least).is_some_and(|least| highest < least) {
            ("update the engine", format!("{}.{}", highest.0, highest.1))
        } else {
            ("update this package", format!("{}.{} at least", least.0, least.1))
        };
        Error::config(format!(
            "The engine speaks version {theirs} of the API, this package {ours_least} to {ours}: {advice}."
        ))
    })
}

/// Reads the first two numbers of a version such as 4.3.1 or 5.0.0-rc1.
fn parse_first_two(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn parse(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_both_highest_versions_is_spoken() {
        for (theirs, least, spoken) in [
            ("1.41", Some("1.12"), "1.41"),
            ("1.51", Some("1.24"), "1.51"),
            ("1.99", Some("1.44"), "1.53"),
            ("1.60", None, "1.53"),
            ("1.44", Some("1.44"), "1.44"),
            ("1.46", Some("nonsense"), "1.46"),
        ] {
            assert_eq!(negotiate(theirs, least).unwrap(), spoken);
        }
    }

    #[test]
    fn an_engine_without_a_common_version_is_told_with_both() {
        let text = negotiate("1.40", Some("1.12")).unwrap_err().to_string();
        assert!(
            text.contains("1.40") && text.contains("1.41 to 1.53") && text.contains("update the engine"),
            "{text}"
        );
        let text = negotiate("1.99", Some("1.54")).unwrap_err().to_string();
        assert!(
            text.contains("1.54 at least") && text.contains("update this package"),
            "{text}"
        );
        for nonsense in ["", "1", "one.two", "1.x"] {
            let error = negotiate(nonsense, None).unwrap_err();
            assert_eq!(error.code(), crate::error::ErrorCode::InvalidConfig, "{nonsense}");
        }
    }

    #[test]
    fn podman_names_itself_and_its_version() {
        let kind = |components: &str| {
            let body = format!(r#"{{"ApiVersion":"1.41","Components":{components}}}"#);
            kind_of(&serde_json::from_str(&body).unwrap())
        };
        assert_eq!(kind(r#"[{"Name":"Engine","Version":"20.10.24+dfsg1"}]"#), Kind::Docker);
        assert_eq!(kind("null"), Kind::Docker);
        assert_eq!(kind(r#"[{"Name":"Podman Engine","Version":"4.3.1"}]"#), Kind::OldPodman);
        assert_eq!(kind(r#"[{"Name":"Podman Engine","Version":"4.7.0"}]"#), Kind::Podman);
        assert_eq!(
            kind(r#"[{"Name":"Podman Engine","Version":"5.8.6-dev"}]"#),
            Kind::Podman
        );
        assert_eq!(kind(r#"[{"Name":"Podman Engine","Version":"next"}]"#), Kind::Podman);
    }

    #[test]
    fn kinds_are_told_by_their_names() {
        for kind in Kind::ALL {
            assert_eq!(
                Kind::ALL
                    .into_iter()
                    .filter(|other| other.as_str() == kind.as_str())
                    .count(),
                1
            );
        }
    }
}
