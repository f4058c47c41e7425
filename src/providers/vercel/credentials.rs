//! Chooses the token, the team and the project of a call (docs/providers/vercel.md).

use http::header::AUTHORIZATION;

use crate::error::{Error, Result};
use crate::http::credential::{Credential, CredentialOrigin, Presentation};
use crate::input::environment::{Environment, credential};
use crate::input::reader::Reader;
use crate::protocol::jwt;
use crate::secret::Secret;

const MISSING_TOKEN: &str = "Missing Vercel token. Provide token or oidcToken in config or set VERCEL_TOKEN or VERCEL_OIDC_TOKEN environment variable.";
const MISSING_TEAM_ID: &str =
    "Missing Vercel Team ID. Provide teamId in config or set VERCEL_TEAM_ID environment variable.";
const MISSING_PROJECT_ID: &str =
    "Missing Vercel Project ID. Provide projectId in config or set VERCEL_PROJECT_ID environment variable.";

const TOKEN: &str = "VERCEL_TOKEN";
const OIDC_TOKEN: &str = "VERCEL_OIDC_TOKEN";
const NO_OIDC_TOKEN: &str = "VERCEL_OIDC_TOKEN holds no OIDC token: it must be a JSON Web Token with the claims owner_id and project_id. Get one with `vercel env pull`, or remove the variable.";

/// The longest id or slug of a team or project, in bytes: it becomes part of each URL.
const ID_LIMIT: usize = 256;
const ID_RULE: &str = "must have at most 256 characters";

/// The variables that [`CredentialConfig::choose`] reads.
pub(super) const VARIABLES: [&str; 2] = [TOKEN, OIDC_TOKEN];

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
    pub(super) credential: Credential,
    pub(super) team_id: String,
    pub(super) project_id: String,
}

impl CredentialConfig {
    /// Reads and checks the fields.
    pub(super) fn read(config: &Reader<'_>) -> Result<Self> {
        let id = |name| match config.filled_text(name)? {
            Some(id) if id.len() > ID_LIMIT => Err(config.invalid(name, ID_RULE)),
            id => Ok(id),
        };
        Ok(Self {
            token: config.secret("token")?,
            oidc_token: config.secret("oidcToken")?,
            team_id: id("teamId")?,
            project_id: id("projectId")?,
        })
    }

    /// Returns the credentials of a call: from the configuration, else from the environment.
    ///
    /// The claims of an OIDC token name its team and project. They go before all other sources, as in Vercel's SDK
    /// (docs/providers/vercel.md).
    pub(super) fn resolve(&self, environment: &dyn Environment) -> Result<Credentials> {
        let credential = self.choose(environment)?;
        let claims = jwt::read_claims(credential.secret.expose()).unwrap_or_default();
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
            let id = claimed
                .or_else(|| configured.clone())
                .or_else(|| environment.variable(variable))
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Error::config(missing))?;
            if id.len() > ID_LIMIT {
                // The factory has checked the configuration.
                let text = format!("{variable}, or the claim of the OIDC token in its place, {ID_RULE}.");
                return Err(Error::config(text));
            }
            Ok(id)
        };
        Ok(Credentials {
            team_id: resolve_id(read_claim("owner_id"), &self.team_id, "VERCEL_TEAM_ID", MISSING_TEAM_ID)?,
            project_id: resolve_id(
                read_claim("project_id"),
                &self.project_id,
                "VERCEL_PROJECT_ID",
                MISSING_PROJECT_ID,
            )?,
            credential,
        })
    }

    /// Returns the variables that [`CredentialConfig::resolve`] may read.
    pub(super) fn variables(&self) -> Vec<&'static str> {
        let mut variables = Vec::new();
        if self.token.is_none() && self.oidc_token.is_none() {
            variables.extend(VARIABLES);
        }
        variables.extend(self.team_id.is_none().then_some("VERCEL_TEAM_ID"));
        variables.extend(self.project_id.is_none().then_some("VERCEL_PROJECT_ID"));
        variables
    }

    /// Returns the token of a call.
    pub(super) fn choose(&self, environment: &dyn Environment) -> Result<Credential> {
        let (origin, secret) = match self.token.as_ref().or(self.oidc_token.as_ref()) {
            Some(token) => (CredentialOrigin::Config, token.clone()),
            None => self.choose_variable(environment)?,
        };
        let claims = jwt::read_claims(secret.expose());
        Ok(Credential {
            // Vercel answers 403 to several faults of a token.
            is_denied_when_expired: true,
            expires: claims.as_ref().and_then(jwt::expires_at),
            presentation: Presentation::Header(AUTHORIZATION, "Bearer "),
            secret,
            origin,
        })
    }

    /// Returns the token of the environment.
    ///
    /// A configuration that names a team or a project is meant for an access token. Otherwise the OIDC token goes first, as
    /// in Vercel's Python SDK (docs/providers/vercel.md). What is no OIDC token does not go before an access token, though:
    /// the variable is often left over or empty.
    fn choose_variable(&self, environment: &dyn Environment) -> Result<(CredentialOrigin, Secret)> {
        let access_token = || environment.credential(&[TOKEN]);
        let prefers_access_token = self.team_id.is_some() || self.project_id.is_some();
        if prefers_access_token && let Ok(Some((name, token))) = access_token() {
            return Ok((CredentialOrigin::Variable(name), token));
        }
        let text = environment.variable(OIDC_TOKEN);
        let oidc_token = text.map(|text| credential(&text).filter(is_oidc_token));
        if let Some(Some(token)) = oidc_token {
            return Ok((CredentialOrigin::Variable(OIDC_TOKEN), token));
        }
        match access_token()? {
            Some((name, token)) => Ok((CredentialOrigin::Variable(name), token)),
            None if oidc_token.is_some() => Err(Error::config(NO_OIDC_TOKEN)),
            None => Err(Error::config(MISSING_TOKEN)),
        }
    }
}

/// Returns whether a text is a JSON Web Token whose claims name a team and a project.
fn is_oidc_token(token: &Secret) -> bool {
    let claims = jwt::read_claims(token.expose()).unwrap_or_default();
    ["owner_id", "project_id"]
        .iter()
        .all(|name| claims.get(*name).is_some_and(serde_json::Value::is_string))
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
        let found = configured.resolve(&environment)?;
        Ok([
            found.credential.secret.expose().to_owned(),
            found.team_id,
            found.project_id,
        ])
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
    }

    #[test]
    fn what_is_no_oidc_token_is_named_and_gives_way_to_an_access_token() {
        // `{"owner_id":"team_1"}` and `{"owner_id":"team_1","project_id":5}`
        let partial = "eyJhbGciOiJub25lIn0.eyJvd25lcl9pZCI6InRlYW1fMSJ9.c2ln";
        let wrong = "eyJhbGciOiJub25lIn0.eyJvd25lcl9pZCI6InRlYW1fMSIsInByb2plY3RfaWQiOjV9.c2ln";
        let configured = CredentialConfig::default();
        for junk in ["undefined", "null", "opaque", "two words", partial, wrong] {
            let error = resolved(&configured, &[(OIDC_TOKEN, junk)]).unwrap_err();
            assert_eq!(error.to_string(), NO_OIDC_TOKEN, "{junk}");
            let environment = [
                (OIDC_TOKEN, junk),
                (TOKEN, "env"),
                ("VERCEL_TEAM_ID", "team"),
                ("VERCEL_PROJECT_ID", "project"),
            ];
            assert_eq!(
                resolved(&configured, &environment).unwrap(),
                ["env", "team", "project"],
                "{junk}"
            );
        }
        let error = resolved(&configured, &[(TOKEN, "undefined")]).unwrap_err();
        assert!(error.to_string().starts_with("VERCEL_TOKEN holds"), "{error}");
        // Nor does a bad access token hide a good OIDC token.
        let team = CredentialConfig {
            team_id: Some("team_1".to_owned()),
            ..CredentialConfig::default()
        };
        assert_eq!(
            resolved(&team, &[(TOKEN, "undefined"), (OIDC_TOKEN, OIDC)]).unwrap()[0],
            OIDC
        );
    }

    #[test]
    fn an_expired_token_is_used_and_its_expiry_and_origin_are_known() {
        let environment = Fake([(OIDC_TOKEN, OIDC)].into());
        let found = CredentialConfig::default().resolve(&environment).unwrap().credential;
        assert!(
            found
                .expires
                .is_some_and(|expires| expires < std::time::SystemTime::now())
        );
        assert_eq!(found.origin, CredentialOrigin::Variable(OIDC_TOKEN));
    }
}
