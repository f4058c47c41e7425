//! The claims of a JSON Web Token. They tell when it expires and where it is valid; the provider checks the signature.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

/// Accepts padding, although tokens have none.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Returns the claims of a token; `None` for a text that is no JSON Web Token.
pub(crate) fn read_claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = BASE64.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns when the token expires, by its `exp` in seconds since 1970; `None` if it does not say.
pub(crate) fn expires_at(claims: &Map<String, Value>) -> Option<SystemTime> {
    let seconds = claims.get("exp")?.as_u64()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"exp":1700000000,"owner_id":"team_1"}`
    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDAsIm93bmVyX2lkIjoidGVhbV8xIn0.c2ln";

    #[test]
    fn claims_are_read_and_opaque_tokens_are_not() {
        let claims = read_claims(TOKEN).unwrap();
        assert_eq!(claims["owner_id"], "team_1");
        for opaque in ["", "nsrt_abc", "a.b.c", "a.e30", "a.W10.c", "..", "a.%.c"] {
            assert!(read_claims(opaque).is_none(), "{opaque}");
        }
    }

    #[test]
    fn expiry_is_read_from_the_claim() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let claims = read_claims(TOKEN).unwrap();
        assert_eq!(expires_at(&claims), Some(at(1_700_000_000)));
        for silent in [r"{}", r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#] {
            let claims = serde_json::from_str(silent).unwrap();
            assert_eq!(expires_at(&claims), None, "{silent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(token in ".{0,80}", seconds in proptest::num::u64::ANY) {
            let _ = read_claims(&token);
            let mut map = Map::new();
            map.insert("exp".to_owned(), seconds.into());
            let _ = expires_at(&map);
        }
    }
}
