//! Which token a call uses, and which team and project it speaks of (`reference/vercel.md` §3).

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

/// What the factory was given.
#[derive(Default)]
pub(super) struct Configured {
    pub(super) token: Option<Secret>,
    pub(super) oidc_token: Option<Secret>,
    pub(super) team_id: Option<String>,
    pub(super) project_id: Option<String>,
}

/// What a call is made with.
pub(super) struct Credentials {
    pub(super) token: Secret,
    pub(super) team_id: String,
    pub(super) project_id: String,
    /// When the token has expired by its own claim.
    pub(super) expired: Option<SystemTime>,
}

impl Configured {
    /// Configuration first, then the environment; within each, what belongs together stays together.
    ///
    /// The claims of an OIDC token say where it is good, so they go before everything else that names team and project.
    pub(super) fn resolve(&self, environment: &dyn Environment, now: SystemTime) -> Result<Credentials> {
        let token = self.token(environment)?;
        let claims = jwt::read_claims(token.expose()).unwrap_or_default();
        let claim = |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        for (field, prefix, configured, claimed) in [
            ("teamId", "team_", &self.team_id, claim("owner_id")),
            ("projectId", "prj_", &self.project_id, claim("project_id")),
        ] {
            // A slug may well be the name of what the claim gives by its id.
            let (Some(configured), Some(claimed)) = (configured, claimed) else {
                continue;
            };
            if configured.starts_with(prefix) && *configured != claimed {
                let text = format!("config.{field} is another one than the OIDC token is for, by its claims.");
                return Err(Error::config(text));
            }
        }
        let location = |claimed: Option<String>, configured: &Option<String>, variable, missing| {
            claimed
                .or_else(|| configured.clone())
                .or_else(|| environment.variable(variable))
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty())
                .ok_or_else(|| Error::config(missing))
        };
        Ok(Credentials {
            team_id: location(claim("owner_id"), &self.team_id, "VERCEL_TEAM_ID", MISSING_TEAM_ID)?,
            project_id: location(
                claim("project_id"),
                &self.project_id,
                "VERCEL_PROJECT_ID",
                MISSING_PROJECT_ID,
            )?,
            expired: jwt::expired_at(&claims, now),
            token,
        })
    }

    fn token(&self, environment: &dyn Environment) -> Result<Secret> {
        if let Some(token) = self.token.as_ref().or(self.oidc_token.as_ref()) {
            return Ok(token.clone());
        }
        // A configuration that names a team or a project wants the access token that goes with them; otherwise the OIDC
        // token goes first, as it does in Vercel's own Python client.
        let wants_access_token = self.team_id.is_some() || self.project_id.is_some();
        let variables = if wants_access_token {
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

    fn resolved(configured: &Configured, environment: &[(&'static str, &'static str)]) -> Result<[String; 3]> {
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
        let given = Configured {
            token: Some(secret("token")),
            ..Configured::default()
        };
        assert_eq!(
            resolved(&given, &environment).unwrap(),
            ["token", "env-team", "env-project"]
        );
        // Nothing given: the OIDC token, which brings its place along.
        assert_eq!(
            resolved(&Configured::default(), &environment).unwrap(),
            [OIDC, "team_1", "prj_1"]
        );
        // A team given: the access token.
        let team = Configured {
            team_id: Some("team".to_owned()),
            ..Configured::default()
        };
        assert_eq!(resolved(&team, &environment).unwrap(), ["env", "team", "env-project"]);
        // An OIDC token given: its claims, whatever else is named.
        let oidc = Configured {
            oidc_token: Some(secret(OIDC)),
            team_id: Some("team".to_owned()),
            ..Configured::default()
        };
        assert_eq!(resolved(&oidc, &environment).unwrap(), [OIDC, "team_1", "prj_1"]);
    }

    #[test]
    fn a_place_that_contradicts_the_token_is_refused() {
        let given = |team_id: &str, project_id: &str| Configured {
            oidc_token: Some(secret(OIDC)),
            team_id: Some(team_id.to_owned()),
            project_id: Some(project_id.to_owned()),
            ..Configured::default()
        };
        assert!(resolved(&given("team_1", "prj_1"), &[]).is_ok());
        assert!(resolved(&given("acme", "sandboxes"), &[]).is_ok());
        let error = resolved(&given("team_2", "prj_1"), &[]).unwrap_err();
        assert!(error.to_string().contains("config.teamId"), "{error}");
        let error = resolved(&given("team_1", "prj_2"), &[]).unwrap_err();
        assert!(error.to_string().contains("config.projectId"), "{error}");
        // The environment is everybody's: what stands there gives way.
        let only_token = Configured {
            oidc_token: Some(secret(OIDC)),
            ..Configured::default()
        };
        assert!(resolved(&only_token, &[("VERCEL_TEAM_ID", "team_2")]).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        let text =
            |configured: &Configured, environment: &[_]| resolved(configured, environment).unwrap_err().to_string();
        assert_eq!(text(&Configured::default(), &[]), MISSING_TOKEN);
        assert_eq!(text(&Configured::default(), &[("VERCEL_TOKEN", "t")]), MISSING_TEAM_ID);
        let environment = [("VERCEL_TOKEN", "t"), ("VERCEL_TEAM_ID", "x")];
        assert_eq!(text(&Configured::default(), &environment), MISSING_PROJECT_ID);
        // An OIDC token that cannot be read is as good as an access token.
        assert_eq!(
            text(&Configured::default(), &[("VERCEL_OIDC_TOKEN", "opaque")]),
            MISSING_TEAM_ID
        );
    }

    #[test]
    fn an_expired_token_is_used_and_known_to_be_expired() {
        let environment = Fake([("VERCEL_OIDC_TOKEN", OIDC)].into());
        let found = Configured::default().resolve(&environment, SystemTime::now()).unwrap();
        assert!(found.expired.is_some());
    }
}
