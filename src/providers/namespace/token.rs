//! Finds the bearer token of a call (docs/providers/namespace.md).

use std::time::SystemTime;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::http::credential::CredentialOrigin;
use crate::input::environment::{Environment, credential, holds_nothing, is_nothing};
use crate::protocol::jwt;
use crate::secret::Secret;

/// The text is that of version 0.3.24, word for word, because callers match on it.
const MISSING: &str = "Missing Namespace token. Provide token in config or set NSC_TOKEN environment variable.";

/// The variable that names the token file. Namespace's SDKs read it, and its instances set it.
const FILE: &str = "NSC_TOKEN_FILE";

/// The variables that [`resolve`] reads.
pub(super) const VARIABLES: [&str; 2] = ["NSC_TOKEN", FILE];

/// The token file. A `session_token` is no bearer token: a private API exchanges it for one.
#[derive(Deserialize)]
struct TokenFile {
    bearer_token: Option<String>,
    /// The name of `bearer_token` in older files.
    tenant_token: Option<String>,
    session_token: Option<serde::de::IgnoredAny>,
}

/// Returns the token and where it came from: from the configuration, else from `NSC_TOKEN`, else from the token file. The
/// file is read at each call, because the platform renews it.
pub(super) fn resolve(
    configured: Option<&Secret>,
    environment: &dyn Environment,
) -> Result<(CredentialOrigin, Secret)> {
    if let Some(token) = configured {
        return Ok((CredentialOrigin::Config, token.clone()));
    }
    let path = environment.variable(FILE);
    match environment.credential(&["NSC_TOKEN"]) {
        Ok(Some((name, token))) => return Ok((CredentialOrigin::Variable(name), token)),
        // The file is better than a variable without a token.
        Err(error) if path.is_none() => return Err(error),
        _ => {}
    }
    let Some(path) = path else {
        return Err(Error::config(MISSING));
    };
    if is_nothing(&path) {
        return Err(holds_nothing(FILE));
    }
    let token = read_token_file(environment, &path)?;
    let variable = FILE;
    Ok((CredentialOrigin::File { variable, path }, token))
}

/// Returns the bearer token of a token file.
fn read_token_file(environment: &dyn Environment, path: &str) -> Result<Secret> {
    let invalid = |problem: &str| Error::config(format!("The token file that {FILE} names {problem}."));
    let text = environment
        .file(path)
        .map_err(|error| invalid(&format!("could not be read ({error})")))?;
    // serde's message is left out, because it may quote the token.
    let file: TokenFile =
        serde_json::from_str(&text).map_err(|_| invalid("is not the JSON object that it should be"))?;
    let tokens = [file.bearer_token, file.tenant_token];
    let token = tokens.into_iter().flatten().find(|token| !token.trim().is_empty());
    match token {
        Some(token) => {
            credential(&token).ok_or_else(|| invalid("holds a token with characters that are not visible ASCII"))
        }
        None if file.session_token.is_some() => Err(invalid(
            "holds only a login session, which the Compute API does not take: make a token with `nsc token create` or `nsc auth generate-dev-token`",
        )),
        None => Err(invalid("holds no bearer_token")),
    }
}

/// Returns when the token expires by its own claim. `None` if its claims cannot be read: opaque tokens are valid too.
pub(super) fn expires_at(token: &Secret) -> Option<SystemTime> {
    let text = token.expose();
    // A prefix precedes the JWT: `nsct_`, `nscw_` or `st_`.
    let text = text
        .split_once('_')
        .map_or(text, |(prefix, rest)| if prefix.contains('.') { text } else { rest });
    jwt::expires_at(&jwt::read_claims(text)?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io;
    use std::time::Duration;

    use super::*;

    #[derive(Default)]
    struct Fake {
        variables: HashMap<&'static str, &'static str>,
        file: Option<&'static str>,
    }

    impl Environment for Fake {
        fn variable(&self, name: &str) -> Option<String> {
            self.variables.get(name).map(|&value| value.to_owned())
        }

        fn file(&self, path: &str) -> io::Result<String> {
            assert_eq!(path, "/token.json");
            self.file
                .map(str::to_owned)
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        }
    }

    fn resolve_from_file(file: Option<&'static str>) -> Result<Secret> {
        let variables = [(FILE, "/token.json")].into();
        resolve(None, &Fake { variables, file }).map(|(_, token)| token)
    }

    #[test]
    fn the_first_of_config_variable_and_file() {
        let variables = [("NSC_TOKEN", "variable"), (FILE, "/token.json")].into();
        let fake = Fake {
            variables,
            file: Some(r#"{"bearer_token":"file"}"#),
        };
        let configured = Secret::new("config".to_owned());
        assert_eq!(resolve(Some(&configured), &fake).unwrap().1.expose(), "config");
        assert_eq!(resolve(None, &fake).unwrap().1.expose(), "variable");
        assert_eq!(resolve_from_file(fake.file).unwrap().expose(), "file");
        assert_eq!(resolve(None, &Fake::default()).err().unwrap().to_string(), MISSING);
    }

    #[test]
    fn a_variable_with_the_text_of_a_missing_value_is_named() {
        let resolve_with = |variables: &[(&'static str, &'static str)]| {
            let variables = variables.iter().copied().collect();
            let file = Some(r#"{"bearer_token":"file"}"#);
            resolve(None, &Fake { variables, file }).map(|(origin, token)| (origin, token.expose().to_owned()))
        };
        for name in VARIABLES {
            let text = resolve_with(&[(name, "undefined")]).unwrap_err().to_string();
            assert!(text.starts_with(&format!("{name} holds")), "{text}");
        }
        // It does not hide a good file.
        let (origin, token) = resolve_with(&[("NSC_TOKEN", "null"), (FILE, "/token.json")]).unwrap();
        let path = "/token.json".to_owned();
        assert_eq!(origin, CredentialOrigin::File { variable: FILE, path });
        assert_eq!(token, "file");
    }

    #[test]
    fn files_of_every_kind() {
        for file in [
            r#"{"tenant_token":" old ","x":1}"#,
            r#"{"bearer_token":" ","tenant_token":"old"}"#,
        ] {
            assert_eq!(resolve_from_file(Some(file)).unwrap().expose(), "old");
        }
        for (file, words) in [
            (None, "could not be read"),
            (Some("hunter2"), "is not the JSON object"),
            (Some(r#"{"bearer_token":["hunter2"]}"#), "is not the JSON object"),
            (Some("{}"), "holds no bearer_token"),
            (Some(r#"{"bearer_token":" "}"#), "holds no bearer_token"),
            (Some(r#"{"bearer_token":"hunter2\n3"}"#), "visible ASCII"),
            (Some(r#"{"session_token":"hunter2"}"#), "nsc token create"),
        ] {
            let text = resolve_from_file(file).err().unwrap().to_string();
            assert!(text.contains(words) && text.contains(FILE), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_expiry_is_read_where_there_is_one() {
        // `{"exp":1700000000,"owner_id":"team_1"}`
        let jwt = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAsIm93bmVyX2lkIjoidGVhbV8xIn0.c2ln_c2ln";
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for token in [jwt.to_owned(), format!("nsct_{jwt}"), format!("nscw_{jwt}")] {
            let token = Secret::new(token);
            assert_eq!(expires_at(&token), Some(at(1_700_000_000)));
        }
        assert_eq!(expires_at(&Secret::new("nsrt_opaque".to_owned())), None);
    }
}
