//! The credential of a call: where it came from, how requests carry it, and how it is renewed while the call goes on.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ::http::{HeaderName, HeaderValue};
use async_trait::async_trait;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::route::Certificates;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::secret::{LateSecrets, Secret};

/// How long it may take to resolve a credential again. JavaScript's thread, which reads variables, may be busy or have ended.
const RENEWAL_LIMIT: Duration = Duration::from_secs(5);

/// A credential, as a provider resolves it.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) secret: Secret,
    pub(crate) presentation: Presentation,
    pub(crate) origin: CredentialOrigin,
    /// When it expires, by its own claim.
    pub(crate) expires: Option<SystemTime>,
    /// Whether the provider may answer `PERMISSION_DENIED` to an expired one.
    pub(crate) is_denied_when_expired: bool,
}

/// How requests show a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Presentation {
    /// In this header, after this text: `Bearer ` or nothing.
    Header(HeaderName, &'static str),
    /// By the certificate of the client, when it connects. The secret is its private key.
    Certificates(Arc<Certificates>),
    /// Not at all: every client that reaches the server may use it.
    Nothing,
}

/// Where a credential came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CredentialOrigin {
    /// The configuration. Such a credential is never renewed.
    Config,
    /// A variable of the environment.
    Variable(&'static str),
    /// The file at `path`, which a variable names.
    File { variable: &'static str, path: String },
}

impl fmt::Display for CredentialOrigin {
    /// Writes what precedes the verb of a message: nothing for the configuration, whose field the caller knows.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => Ok(()),
            Self::Variable(name) => write!(formatter, " of {name}"),
            Self::File { variable, .. } => write!(formatter, " in the file that {variable} names"),
        }
    }
}

/// Resolves a credential again, from where the call's first one came from.
#[async_trait]
pub(crate) trait CredentialSource: Send + Sync {
    /// Returns the credential as it is now, if it differs from `used`.
    async fn renew(&self, used: &Credential) -> Option<Credential>;
}

impl Credential {
    /// Makes the credential of a server that asks for none.
    pub(crate) fn none() -> Self {
        Self {
            secret: Secret::new(String::new()),
            presentation: Presentation::Nothing,
            origin: CredentialOrigin::Config,
            expires: None,
            is_denied_when_expired: false,
        }
    }

    /// Returns the certificates by which it is shown.
    pub(super) fn certificates(&self) -> Option<Arc<Certificates>> {
        match &self.presentation {
            Presentation::Certificates(certificates) => Some(Arc::clone(certificates)),
            Presentation::Header(..) | Presentation::Nothing => None,
        }
    }

    /// Returns the value of its header; an empty one if it has none.
    ///
    /// Errors: `INVALID_CONFIG` if no header can carry it.
    pub(super) fn header_value(&self) -> Result<HeaderValue> {
        let Presentation::Header(_, prefix) = self.presentation else {
            return Ok(HeaderValue::from_static(""));
        };
        let mut value = HeaderValue::try_from(format!("{prefix}{}", self.secret.expose()))
            .map_err(|_| Error::config("The credential holds characters that no HTTP header can carry."))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Returns whether this is another credential than `other`, or is shown in another way.
    pub(crate) fn differs_from(&self, other: &Self) -> bool {
        self.secret.expose() != other.secret.expose() || self.presentation != other.presentation
    }

    fn has_expired(&self, date: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= date)
    }

    /// Returns whether another credential may be accepted where this one was not.
    fn is_refused_by(&self, error: &Error, date: SystemTime) -> bool {
        match error.code() {
            ErrorCode::Unauthenticated => true,
            ErrorCode::PermissionDenied => self.is_denied_when_expired && self.has_expired(date),
            _ => false,
        }
    }

    /// Adds to the refusal of this credential where it came from, or that it has expired by its own claim. An expired one is
    /// still sent: the clocks may differ.
    pub(super) fn explain_refusal(&self, error: Error, date: SystemTime) -> Error {
        if !self.is_refused_by(&error, date) {
            return error;
        }
        let origin = &self.origin;
        match self.expires.filter(|_| self.has_expired(date)) {
            Some(expired) => {
                let expired = OffsetDateTime::from(expired).format(&Rfc3339).unwrap_or_default();
                error.with_note(Message::ours(format!(
                    "The token{origin} has expired, by its own claim ({expired})"
                )))
            }
            None if *origin == CredentialOrigin::Config => error,
            None => error.with_note(Message::ours(format!("The credential{origin} was refused"))),
        }
    }
}

/// The credential that the requests of one call carry: the first one, or the last that was renewed.
pub(super) struct CurrentCredential {
    current: Mutex<Arc<Credential>>,
    source: Option<Arc<dyn CredentialSource>>,
    secrets: LateSecrets,
}

impl CurrentCredential {
    /// Starts with the first credential of a call. `secrets` learn of every later one, so that no text shows it.
    pub(super) fn new(first: Credential, source: Option<Arc<dyn CredentialSource>>, secrets: LateSecrets) -> Self {
        Self {
            current: Mutex::new(Arc::new(first)),
            source,
            secrets,
        }
    }

    /// Returns the present credential.
    pub(super) fn get(&self) -> Arc<Credential> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether there is another credential after the refusal of `used`, so that the request may be sent again. That
    /// is safe for every request: the refused one had no effect.
    pub(super) async fn renew(&self, context: &CallContext, used: &Credential, error: &Error) -> bool {
        if error.outcome() != Outcome::NoEffect || !used.is_refused_by(error, context.date()) {
            return false;
        }
        // Another request of this call was quicker.
        if self.get().differs_from(used) {
            return true;
        }
        // A credential that the caller has passed as text does not change.
        let Some(source) = self
            .source
            .as_ref()
            .filter(|_| !mutated!(ForgetsRenewal) && used.origin != CredentialOrigin::Config)
        else {
            return false;
        };
        let renewed = tokio::select! {
            biased;
            renewed = source.renew(used) => renewed,
            () = context.sleep_uncancelled(RENEWAL_LIMIT) => None,
        };
        let Some(renewed) = renewed.filter(|renewed| renewed.header_value().is_ok()) else {
            return false;
        };
        self.secrets.add(&renewed.secret);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        true
    }
}
