//! A credential's connection to a provider: the client that sends, and the scope of what it reaches. Both follow from a few
//! texts that hardly ever change between calls, so a configuration keeps the last connection.

use std::sync::{Arc, Mutex, PoisonError};

use super::Provider;
use super::config::{BoundProvider, ConnectRequest};
use super::renewal::Renewal;
use super::settings::ProviderSettings;
use crate::error::Result;
use crate::http::client::Client;
use crate::http::credential::{Credential, CredentialSource, Presentation};
use crate::http::effect::Effect;
use crate::http::endpoint::BaseUrl;
use crate::http::resources::HttpResources;
use crate::http::settings::Settings;
use crate::model::owner::{OWNER_VARIABLE, Owner};
use crate::model::scope::{CallScopes, Identity, Scope};
use crate::secret::{Redactor, Secret};

/// The parameters that a connection follows from.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionParameters<'a> {
    pub(crate) identity: Identity,
    /// The provider's own address.
    pub(crate) base: &'a str,
    pub(crate) credential: &'a Credential,
    pub(crate) location: Location<'a>,
}

/// Where the resources are.
#[derive(Clone, Copy)]
pub(crate) enum Location<'a> {
    /// A place of the tenant's own: project and environment, owner, team.
    Tenant(&'a [&'a str]),
    /// The endpoint, which tenants share: the credential alone says whose resources are reached.
    Endpoint,
    /// All that the endpoint reaches: the same names exist at each, and one server may have several endpoints.
    Server,
}

/// A client and a scope.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) scope: Scope,
    base: Arc<BaseUrl>,
    owner: Option<Owner>,
    redactor: Redactor,
    max_retries: u32,
    exchange_timeout: std::time::Duration,
}

impl Connection {
    /// Makes the provider of one call.
    pub(crate) fn bind(
        self,
        call: &ConnectRequest<'_>,
        credential: Credential,
        provider: impl FnOnce(Client, Scope) -> Box<dyn Provider>,
    ) -> Result<BoundProvider> {
        let owner = match self.owner {
            Some(owner) => Some(owner),
            None => Owner::from_environment(call.environment)?,
        };
        let mut redactor = self.redactor;
        let scopes = Arc::new(CallScopes::new(self.scope));
        let renewal = |reader| {
            let renewal = Renewal::new(Arc::clone(call.config), reader, Arc::clone(&scopes));
            Arc::new(renewal) as Arc<dyn CredentialSource>
        };
        let source = call.environment.reader().map(renewal);
        let client = self.client.for_call(credential, source, redactor.begin_call());
        Ok(BoundProvider {
            provider: provider(client, self.scope),
            scopes,
            base: self.base,
            owner,
            redactor,
            max_retries: self.max_retries,
            exchange_timeout: self.exchange_timeout,
        })
    }
}

/// The settings of a configuration, and the connection of its last call.
pub(crate) struct CachedConnection {
    settings: ProviderSettings,
    last: Mutex<Option<Arc<Cached>>>,
}

struct Cached {
    base: String,
    presentation: Presentation,
    secret: Secret,
    location: Option<Vec<String>>,
    connection: Connection,
}

impl CachedConnection {
    /// Makes an empty cache.
    pub(crate) fn new(settings: ProviderSettings) -> Self {
        Self {
            settings,
            last: Mutex::new(None),
        }
    }

    /// Returns how the client sends.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings.http
    }

    /// Returns the variables that [`Connection::bind`] may read.
    pub(crate) fn variables(&self) -> Vec<&'static str> {
        let reads_owner = self.settings.owner.is_none();
        reads_owner.then_some(OWNER_VARIABLE).into_iter().collect()
    }

    /// Returns the connection of a call: the last one, if the parameters are the same.
    pub(crate) fn connection_for(
        &self,
        resources: &Arc<HttpResources>,
        parameters: ConnectionParameters<'_>,
    ) -> Result<Connection> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(cached) = last.filter(|cached| cached.is_for(&parameters)) {
            return Ok(cached.connection.clone());
        }
        let ConnectionParameters {
            identity,
            base,
            credential,
            location,
        } = parameters;
        let ProviderSettings { http: settings, owner } = &self.settings;
        let client = Client::new(resources, settings, base, credential)?;
        // With its path: behind one address a path may lead to another service.
        let endpoint = client.base().as_str();
        let scope = match location {
            Location::Tenant(location) => Scope::new(identity, endpoint, &credential.secret, location),
            Location::Endpoint => Scope::new(identity, endpoint, &credential.secret, &[&client.base().origin()]),
            // A provider's resources are all at one server, at any endpoint.
            Location::Server => Scope::new(identity, endpoint, &credential.secret, &[]),
        };
        let base_url = Arc::new(client.base().clone());
        let mut redactor = Redactor::default();
        // A server that asks for none has an empty one.
        if !credential.secret.expose().is_empty() {
            redactor.add_credential(&credential.secret);
        }
        let connection = Connection {
            client,
            scope,
            base: base_url,
            owner: owner.clone(),
            redactor,
            max_retries: settings.max_retries,
            exchange_timeout: settings.exchange_timeout(Effect::Idempotent),
        };
        let cached = Cached {
            base: base.to_owned(),
            presentation: credential.presentation.clone(),
            secret: credential.secret.clone(),
            location: location.to_owned(),
            connection: connection.clone(),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(cached));
        Ok(connection)
    }
}

impl Location<'_> {
    fn to_owned(self) -> Option<Vec<String>> {
        match self {
            Self::Tenant(location) => Some(location.iter().map(|part| (*part).to_owned()).collect()),
            Self::Endpoint | Self::Server => None,
        }
    }
}

impl Cached {
    fn is_for(&self, parameters: &ConnectionParameters<'_>) -> bool {
        let same_location = match (&self.location, parameters.location) {
            (Some(cached), Location::Tenant(location)) => cached == location,
            // A provider's resources are always in the one or always in the other.
            (None, Location::Endpoint | Location::Server) => true,
            _ => false,
        };
        same_location
            && self.base == parameters.base
            && self.presentation == parameters.credential.presentation
            && self.secret.expose() == parameters.credential.secret.expose()
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use http::HeaderName;
    use http::header::{AUTHORIZATION, COOKIE};

    use super::*;
    use crate::context::random::SystemRandom;
    use crate::http::credential::CredentialOrigin;
    use crate::http::message::{Request, Response};
    use crate::http::transport::{Transport, TransportError};

    struct NoNetwork;

    #[async_trait]
    impl Transport for NoNetwork {
        async fn send(&self, _request: Request) -> Result<Response, TransportError> {
            Err(TransportError::Unsent("a test sent a request".to_owned()))
        }
    }

    #[test]
    fn is_kept_for_the_same_parameters_and_for_no_others() {
        let resources = Arc::new(HttpResources::new(Arc::new(NoNetwork), Arc::new(SystemRandom)));
        let settings = ProviderSettings {
            http: Settings {
                base_url: None,
                request_timeout: None,
                max_retries: 3,
            },
            owner: None,
        };
        let credential = |name: HeaderName, scheme, text: &str| Credential {
            secret: Secret::new(text.to_owned()),
            presentation: Presentation::Header(name, scheme),
            origin: CredentialOrigin::Config,
            expires: None,
            is_denied_when_expired: false,
        };
        let key = credential(AUTHORIZATION, "Bearer ", "key");
        let other_key = credential(AUTHORIZATION, "Bearer ", "other");
        let other_header = credential(COOKIE, "Bearer ", "key");
        let other_scheme = credential(AUTHORIZATION, "", "key");
        let parameters = ConnectionParameters {
            identity: Identity {
                name: "acme",
                title: "Acme",
            },
            base: "https://a.example",
            credential: &key,
            location: Location::Tenant(&["project", "environment"]),
        };
        let cache = CachedConnection::new(settings);
        let connect = |parameters| cache.connection_for(&resources, parameters).unwrap();
        let is_cached = |parameters: ConnectionParameters<'_>| {
            let last = cache.last.lock().unwrap().clone();
            last.is_some_and(|cached| cached.is_for(&parameters))
        };
        let scope = connect(parameters).scope;
        let first = cache.last.lock().unwrap().clone().unwrap();
        assert_eq!(connect(parameters).scope, scope);
        assert!(Arc::ptr_eq(&first, cache.last.lock().unwrap().as_ref().unwrap()));
        // The scope does not depend on how requests carry the credential.
        let of_same_scope = [
            ConnectionParameters {
                credential: &other_header,
                ..parameters
            },
            ConnectionParameters {
                credential: &other_scheme,
                ..parameters
            },
        ];
        let of_other_scopes = [
            ConnectionParameters {
                base: "https://b.example",
                ..parameters
            },
            ConnectionParameters {
                base: "https://a.example/behind",
                ..parameters
            },
            ConnectionParameters {
                credential: &other_key,
                ..parameters
            },
            ConnectionParameters {
                location: Location::Tenant(&["project", "other"]),
                ..parameters
            },
            ConnectionParameters {
                location: Location::Tenant(&["project"]),
                ..parameters
            },
            ConnectionParameters {
                location: Location::Endpoint,
                ..parameters
            },
        ];
        let others = of_same_scope.map(|other| (other, true)).into_iter();
        let others = others.chain(of_other_scopes.map(|other| (other, false)));
        for (other, has_same_scope) in others {
            assert!(!is_cached(other));
            assert_eq!(connect(other).scope == scope, has_same_scope);
            assert!(is_cached(other) && !is_cached(parameters));
            assert_eq!(connect(parameters).scope, scope);
        }
    }
}
