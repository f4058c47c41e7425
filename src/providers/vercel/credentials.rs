//! Chooses the token, the team and the project of a call (docs/providers/vercel.md).

use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::input::environment::Environment;
use crate::protocol::jwt;
use crate::secret::Secret;

const MISSING_TOKEN: &str = "Missing Vercel token. Provide token or oidcToken in config or set VERCEL_TOKEN or VERCEL_OIDC_TOKEN environment variable.";
const MISSING_TEAM_ID: &str =
    "Missing Vercel Team ID. Provide teamId in config or set VERCEL_TEAM_ID environment variable.";
const MISSING_PROJECT_ID: &str =
    "Missing Vercel Project ID. Provide projectId in config or set VERCEL_PROJECT_ID environment variable.";

/// The credentials and ids in the configuration.
#[derive(Default)]
pub(super) struct CredentialConfig {
    pub(super) token: Option<Secret>,
    pub(super) oidc_token: Option<Secret>,
    pub(super) team_id: Option<String>,
    pub(super) project_id: Option<String>,
}

/// The token, team and project of one call.
pub(super) struct Credentials {
    pub(super) token: Secret,
    pub(super) team_id: String,
    pub(super) project_id: String,
    /// When the token expired by its own claim; `None` if it has not expired or has no such claim.
    pub(super) expired: Option<SystemTime>,
}

impl CredentialConfig {
    /// Returns the credentials of a call: from the configuration, else from the environment.
    ///
    /// The claims of an OIDC token name its team and project. They go before all other sources, as in Vercel's SDK
    /// (docs/providers/vercel.md).
    pub(super) fn resolve(&self, environment: &dyn Environment, now: SystemTime) -> Result<Credentials> {
        let token = self.choose_token(environment)?;
        let claims = jwt::read_claims(token.expose()).unwrap_or_default();
        let read_claim = |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        for (field, prefix, configured, claimed) in [
            ("teamId", "team_", &self.team_id, read_claim("owner_id")),
            ("projectId", "prj_", &self.project_id, read_claim("project_id")),
        ] {
            // Only ids are compared: a slug may name the same team or project as the claim.
            let (Some(configured), Some(claimed)) = (configured, claimed) else {
                continue;
            };
            if configured.starts_with(prefix) && *configured != claimed {
                let text = format!("config.{field} is another than the OIDC token names in its claims.");
                return Err(Error::config(text));
            }
        }
        let resolve_id = |claimed: Option<String>, configured: &Option<String>, variable, missing| {
            claimed
                .or_else(|| configured.clone())
                .or_else(|| environment.variable(variable))
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Error::config(missing))
        };
        Ok(Credentials {
            team_id: resolve_id(read_claim("owner_id"), &self.team_id, "VERCEL_TEAM_ID", MISSING_TEAM_ID)?,
            project_id: resolve_id(
                read_claim("project_id"),
                &self.project_id,
                "VERCEL_PROJECT_ID",
                MISSING_PROJECT_ID,
            )?,
            expired: jwt::expired_at(&claims, now),
            token,
        })
    }

    /// Returns the token of a call.
    fn choose_token(&self, environment: &dyn Environment) -> Result<Secret> {
        if let Some(token) = self.token.as_ref().or(self.oidc_token.as_ref()) {
            return Ok(token.clone());
        }
        // A configuration that names a team or a project is meant for an access token. Otherwise the OIDC token goes first,
        // as in Vercel's Python SDK (docs/providers/vercel.md).
        let prefers_access_token = self.team_id.is_some() || self.project_id.is_some();
        let variables = if prefers_access_token {
            ["VERCEL_TOKEN", "VERCEL_OIDC_TOKEN"]
        } else {
            ["VERCEL_OIDC_TOKEN", "VERCEL_TOKEN"]
        };
        for variable in variables {
            if let Some(token) = environment.credential(variable)? {
                return Ok(token);
            }
        }
        Err(Error::config(MISSING_TOKEN))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io;

    use super::*;

    /// `{"exp":1700000000,"owner_id":"team_1","project_id":"prj_1"}`
    const OIDC: &str =
        "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAsIm93bmVyX2lkIjoidGVhbV8xIiwicHJvamVjdF9pZCI6InByal8xIn0.c2ln";

    struct Fake(HashMap<&'static str, &'static str>);

    impl Environment for Fake {
        fn variable(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|&value| value.to_owned())
        }

        fn file(&self, _path: &str) -> io::Result<String> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn resolved(configured: &CredentialConfig, environment: &[(&'static str, &'static str)]) -> Result<[String; 3]> {
        let environment = Fake(environment.iter().copied().collect());
        let found = configured.resolve(&environment, SystemTime::UNIX_EPOCH)?;
        Ok([found.token.expose().to_owned(), found.team_id, found.project_id])
    }

    #[test]
    fn what_is_given_goes_before_the_environment() {
        let environment = [
            ("VERCEL_TOKEN", "env"),
            ("VERCEL_TEAM_ID", "env-team"),
            ("VERCEL_PROJECT_ID", "env-project"),
            ("VERCEL_OIDC_TOKEN", OIDC),
        ];
        let given = CredentialConfig {
            token: Some(secret("token")),
            ..CredentialConfig::default()
        };
        assert_eq!(
            resolved(&given, &environment).unwrap(),
            ["token", "env-team", "env-project"]
        );
        // Empty configuration: the OIDC token and its claims.
        assert_eq!(
            resolved(&CredentialConfig::default(), &environment).unwrap(),
            [OIDC, "team_1", "prj_1"]
        );
        // A configured team: the access token.
        let team = CredentialConfig {
            team_id: Some("team".to_owned()),
            ..CredentialConfig::default()
        };
        assert_eq!(resolved(&team, &environment).unwrap(), ["env", "team", "env-project"]);
        // A configured OIDC token: its claims go before the configured team.
        let oidc = CredentialConfig {
            oidc_token: Some(secret(OIDC)),
            team_id: Some("team".to_owned()),
            ..CredentialConfig::default()
        };
        assert_eq!(resolved(&oidc, &environment).unwrap(), [OIDC, "team_1", "prj_1"]);
    }

    #[test]
    fn a_place_that_contradicts_the_token_is_refused() {
        let given = |team_id: &str, project_id: &str| CredentialConfig {
            oidc_token: Some(secret(OIDC)),
            team_id: Some(team_id.to_owned()),
            project_id: Some(project_id.to_owned()),
            ..CredentialConfig::default()
        };
        assert!(resolved(&given("team_1", "prj_1"), &[]).is_ok());
        assert!(resolved(&given("acme", "sandboxes"), &[]).is_ok());
        let error = resolved(&given("team_2", "prj_1"), &[]).unwrap_err();
        assert!(error.to_string().contains("config.teamId"), "{error}");
        let error = resolved(&given("team_1", "prj_2"), &[]).unwrap_err();
        assert!(error.to_string().contains("config.projectId"), "{error}");
        // The environment may be meant for another token, so it does not contradict.
        let only_token = CredentialConfig {
            oidc_token: Some(secret(OIDC)),
            ..CredentialConfig::default()
        };
        assert!(resolved(&only_token, &[("VERCEL_TEAM_ID", "team_2")]).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        let text = |configured: &CredentialConfig, environment: &[_]| {
            resolved(configured, environment).unwrap_err().to_string()
        };
        assert_eq!(text(&CredentialConfig::default(), &[]), MISSING_TOKEN);
        assert_eq!(
            text(&CredentialConfig::default(), &[("VERCEL_TOKEN", "t")]),
            MISSING_TEAM_ID
        );
        let environment = [("VERCEL_TOKEN", "t"), ("VERCEL_TEAM_ID", "x")];
        assert_eq!(text(&CredentialConfig::default(), &environment), MISSING_PROJECT_ID);
        // An OIDC token that cannot be read counts as an access token.
        assert_eq!(
            text(&CredentialConfig::default(), &[("VERCEL_OIDC_TOKEN", "opaque")]),
            MISSING_TEAM_ID
        );
    }

    #[test]
    fn an_expired_token_is_used_and_known_to_be_expired() {
        let environment = Fake([("VERCEL_OIDC_TOKEN", OIDC)].into());
        let found = CredentialConfig::default()
            .resolve(&environment, SystemTime::now())
            .unwrap();
        assert!(found.expired.is_some());
    }
}
