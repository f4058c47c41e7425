//! A credential's way to a provider: the client that sends, and the scope of what is reached. Both follow from a few
//! texts that hardly ever change from call to call, so a factory's result keeps the last ones.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderName;

use crate::error::Result;
use crate::http::client::Client;
use crate::http::settings::Settings;
use crate::model::scope::Scope;
use crate::process::Core;
use crate::secret::Secret;

/// What an access follows from.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// The provider's own address.
    pub(crate) base: &'a str,
    /// The header of the credential, and what precedes it there: `Bearer ` or nothing.
    pub(crate) header: (&'a HeaderName, &'static str),
    pub(crate) credential: &'a Secret,
    /// Where the resources are: project and environment, owner, team.
    pub(crate) place: &'a [&'a str],
}

#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) client: Client,
    pub(crate) scope: Scope,
}

/// The access of the last call.
#[derive(Default)]
pub(crate) struct LastAccess(Mutex<Option<Arc<Known>>>);

struct Known {
    base: String,
    header: (HeaderName, &'static str),
    credential: Secret,
    place: Vec<String>,
    access: Access,
}

impl LastAccess {
    /// The access on these terms, made anew if they are not those of the last call. `scope` gets the origin.
    ///
    /// `settings` have to be the same at each call.
    pub(crate) fn on(
        &self,
        terms: Terms<'_>,
        core: &Arc<Core>,
        settings: &Settings,
        scope: impl FnOnce(&str) -> Scope,
    ) -> Result<Access> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = last.filter(|known| known.is_for(&terms)) {
            return Ok(known.access.clone());
        }
        let (name, scheme) = terms.header;
        let client = Client::new(core, settings, terms.base, (name.clone(), scheme), terms.credential)?;
        let access = Access {
            scope: scope(&client.base().origin()),
            client,
        };
        let known = Known {
            base: terms.base.to_owned(),
            header: (name.clone(), scheme),
            credential: terms.credential.clone(),
            place: terms.place.iter().map(|part| (*part).to_owned()).collect(),
            access: access.clone(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
        Ok(access)
    }
}

impl Known {
    fn is_for(&self, terms: &Terms<'_>) -> bool {
        self.base == terms.base
            && self.header.0 == *terms.header.0
            && self.header.1 == terms.header.1
            && self.credential.expose() == terms.credential.expose()
            && self.place == terms.place
    }
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, COOKIE};

    use super::*;
    use crate::context::clock::SystemClock;
    use crate::context::random::SystemRandom;
    use crate::http::reqwest::ReqwestTransport;
    use crate::input::reader::Reader;
    use crate::input::value::{Fields, Raw, Unreadable};
    use crate::model::scope::Identity;

    struct Empty;

    impl Fields for Empty {
        fn get(&self, _name: &str) -> Result<Raw, Unreadable> {
            Ok(Raw::Absent)
        }
    }

    #[test]
    fn is_kept_for_the_same_terms_and_for_no_others() {
        let core = Arc::new(Core::new(
            Arc::new(SystemClock),
            Arc::new(SystemRandom),
            Arc::new(ReqwestTransport::default()),
        ));
        let settings = Settings::read(&Reader::config(&Empty)).unwrap();
        let [key, other_key] = ["key", "other"].map(|text| Secret::new(text.to_owned()));
        let terms = Terms {
            base: "https://a.example",
            header: (&AUTHORIZATION, "Bearer "),
            credential: &key,
            place: &["project", "environment"],
        };
        let last = LastAccess::default();
        let mut made = 0;
        let mut access = |terms: Terms<'_>| {
            let scope = |origin: &str| {
                made += 1;
                let identity = Identity {
                    name: "acme",
                    title: "Acme",
                };
                Scope::new(identity, origin, terms.credential, terms.place)
            };
            (last.on(terms, &core, &settings, scope).unwrap().scope, made)
        };
        let (scope, _) = access(terms);
        assert_eq!(access(terms), (scope, 1));
        let others = [
            Terms {
                base: "https://b.example",
                ..terms
            },
            Terms {
                header: (&COOKIE, "Bearer "),
                ..terms
            },
            Terms {
                header: (&AUTHORIZATION, ""),
                ..terms
            },
            Terms {
                credential: &other_key,
                ..terms
            },
            Terms {
                place: &["project", "other"],
                ..terms
            },
            Terms {
                place: &["project"],
                ..terms
            },
        ];
        for (index, other) in others.into_iter().enumerate() {
            assert_eq!(access(other).1, 2 * index + 2);
            assert_eq!(access(terms), (scope, 2 * index + 3));
        }
    }
}
