//! Secrets (keys, tokens, values of variables): one type that cannot be printed, and the masking of texts from outside.

use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

/// Replaces a secret in a text.
const MASK: &str = "[redacted]";

/// Values shorter than this are masked only where they stand alone: `DEBUG=1` must not mask every digit.
const SHORT: usize = 4;

/// A text that must never be shown. It has no `Debug`, no `Display` and no `Serialize`, and is wiped when the last clone is
/// dropped.
#[derive(Clone)]
pub(crate) struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes the text.
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// Returns the text, for the place that puts it on the wire.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Masks the secrets of one call in texts from outside: a provider may echo its input.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
    late: LateSecrets,
}

/// Secrets that a call learns while it goes on: renewed credentials. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct LateSecrets(Arc<Mutex<Vec<Secret>>>);

impl LateSecrets {
    /// Adds a secret.
    pub(crate) fn add(&self, secret: &Secret) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(secret.clone());
    }

    fn get(&self) -> Vec<Secret> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Redactor {
    /// Makes this the redactor of one call, and returns the list by which the call adds what it learns later.
    pub(crate) fn begin_call(&mut self) -> LateSecrets {
        self.late = LateSecrets::default();
        self.late.clone()
    }

    /// Adds a secret.
    pub(crate) fn add(&mut self, secret: &Secret) {
        if !secret.expose().is_empty() {
            self.secrets.push(secret.clone());
        }
    }

    /// Adds secrets.
    pub(crate) fn extend<'a>(&mut self, secrets: impl IntoIterator<Item = &'a Secret>) {
        for secret in secrets {
            self.add(secret);
        }
    }

    /// Replaces each secret in `text`: as it is, on one line, as JSON writes it, and percent-encoded.
    pub(crate) fn mask(&self, text: &mut String) {
        // Longest first: a secret that contains another one must leave no readable rest.
        let late = self.late.get();
        let mut secrets: Vec<&str> = self.secrets.iter().chain(&late).map(Secret::expose).collect();
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            mask_form(text, secret);
            if secret.contains(char::is_whitespace) {
                let words: Vec<&str> = secret.split_whitespace().collect();
                mask_form(text, &Zeroizing::new(words.join(" ")));
            }
            if let Ok(json) = serde_json::to_string(secret).map(Zeroizing::new) {
                mask_form(text, json.trim_matches('"'));
            }
            let encoded: Zeroizing<String> =
                Zeroizing::new(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
            mask_form(text, &encoded);
            mask_form(text, &Zeroizing::new(encoded.replace('+', "%20")));
        }
    }
}

/// Replaces one encoding of a secret.
fn mask_form(text: &mut String, form: &str) {
    if form.is_empty() || !text.contains(form) {
        return;
    }
    if form.len() >= SHORT {
        *text = text.replace(form, MASK);
        return;
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    for (start, found) in text.match_indices(form) {
        let end = start + found.len();
        let alone = !text[..start].ends_with(is_word) && !text[end..].starts_with(is_word);
        if alone {
            masked.push_str(&text[rest..start]);
            masked.push_str(MASK);
            rest = end;
        }
    }
    masked.push_str(&text[rest..]);
    *text = masked;
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], text: &str) -> String {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.add(&Secret::new((*secret).to_owned()));
        }
        let mut text = text.to_owned();
        redactor.mask(&mut text);
        text
    }

    #[test]
    fn masks_a_secret_in_every_spelling() {
        assert_eq!(
            masked(&["rw_key_123"], "bad token rw_key_123!"),
            "bad token [redacted]!"
        );
        assert_eq!(masked(&["a\"b\nc"], r#"value a\"b\nc"#), "value [redacted]");
        assert_eq!(masked(&["BEGIN\nkey  END"], "got BEGIN key END"), "got [redacted]");
        assert_eq!(
            masked(&["p&q =r"], "at ?x=p%26q+%3Dr and p%26q%20%3Dr"),
            "at ?x=[redacted] and [redacted]"
        );
    }

    #[test]
    fn a_secret_that_a_call_learns_late_is_masked_too() {
        let mut redactor = Redactor::default();
        let late = redactor.begin_call();
        late.add(&Secret::new("renewed-token".to_owned()));
        let mut text = "bad token renewed-token".to_owned();
        redactor.mask(&mut text);
        assert_eq!(text, "bad token [redacted]");
    }

    #[test]
    fn a_longer_secret_wins_over_one_inside_it() {
        assert_eq!(
            masked(&["token", "token-of-tenant"], "token-of-tenant, token"),
            "[redacted], [redacted]"
        );
    }

    #[test]
    fn a_short_value_is_masked_only_where_it_stands_alone() {
        assert_eq!(masked(&["1"], "HTTP 401, value 1."), "HTTP 401, value [redacted].");
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_a_long_secret_survives(secret in "[a-zA-Z0-9+/=_-]{8,40}", before in ".{0,40}", after in ".{0,40}") {
            let text = masked(&[&secret], &format!("{before}{secret}{after}"));
            proptest::prop_assert!(!text.contains(&secret));
        }
    }
}
