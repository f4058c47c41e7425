//! The form of service ids.

/// Returns whether an id has the form of a service's id: `srv-` and some lower-case letters or digits. Render's own command
/// line expects 20, which we do not rely on (docs/providers/render.md).
pub(super) fn is_service_id(id: &str) -> bool {
    id.strip_prefix("srv-").is_some_and(|rest| {
        (1..=60).contains(&rest.len())
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_service_id;

    #[test]
    fn ids_are_those_of_services() {
        assert!(is_service_id("srv-d1abcdefghij01234567"));
        for id in [
            "",
            "srv-",
            "srv-../owners",
            "srv-A",
            "crn-d1abcdefghij01234567",
            "srv-a b",
            "d1abcdefghij01234567",
            "srv-d1%2Fx",
        ] {
            assert!(!is_service_id(id), "{id}");
        }
    }
}
