//! The claims of a JSON Web Token. They tell when it expires and where it is valid; the provider checks the signature.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Error, ErrorCode};

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

/// Returns when the token expired, by its `exp` in seconds since 1970; `None` if it has not, or does not say.
pub(crate) fn expired_at(claims: &Map<String, Value>, now: SystemTime) -> Option<SystemTime> {
    let seconds = claims.get("exp")?.as_u64()?;
    let expiry = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    (expiry <= now).then_some(expiry)
}

/// Adds to an `UNAUTHENTICATED` error that the token has expired by its own claim. An expired token is sent all the same:
/// the clocks may differ.
pub(crate) fn explain_expiry(error: Error, expired: Option<SystemTime>) -> Error {
    match (error.code(), expired.map(OffsetDateTime::from)) {
        (ErrorCode::Unauthenticated, Some(expired)) => {
            let expired = expired.format(&Rfc3339).unwrap_or_default();
            error.with_note(&format!("The token has expired, by its own claim ({expired})"))
        }
        _ => error,
    }
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
    fn expiry_counts_from_the_claim() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let claims = read_claims(TOKEN).unwrap();
        assert_eq!(expired_at(&claims, at(1_700_000_060)), Some(at(1_700_000_000)));
        assert_eq!(expired_at(&claims, at(1_699_999_999)), None);
        for silent in [r"{}", r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#] {
            let claims = serde_json::from_str(silent).unwrap();
            assert_eq!(expired_at(&claims, at(2_000_000_000)), None, "{silent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(token in ".{0,80}", seconds in proptest::num::u64::ANY) {
            let _ = read_claims(&token);
            let mut map = Map::new();
            map.insert("exp".to_owned(), seconds.into());
            let _ = expired_at(&map, SystemTime::now());
        }
    }
}
