//! Tests that every provider passes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;

use super::FACTORIES;
use crate::context::clock::SystemClock;
use crate::context::random::SystemRandom;
use crate::error::Operation;
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::input::value::{Fields, Raw, Unreadable};
use crate::model::create_request::{CREATE_FIELDS, CreateRequest};
use crate::process::ProcessState;
use crate::provider::config::ConnectRequest;
use crate::provider::facts::Facts;
use crate::provider::settings::SETTINGS_FIELDS;

/// An empty object that notes which fields are read.
#[derive(Default)]
struct Recording(RefCell<BTreeSet<String>>);

impl Fields for Recording {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        self.0.borrow_mut().insert(name.to_owned());
        Ok(&Raw::Absent)
    }
}

/// An environment in which every variable is set.
struct AllSet;

impl Environment for AllSet {
    fn variable(&self, name: &str) -> Option<String> {
        let address = (name == "DOCKER_HOST").then_some("unix:///x");
        Some(address.unwrap_or("x").to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct NoNetwork;

#[async_trait]
impl Transport for NoNetwork {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        Err(TransportError::Unsent("a test sent a request".to_owned()))
    }
}

fn declared(own: &[&str], shared: &[&str]) -> BTreeSet<String> {
    own.iter().chain(shared).map(|field| (*field).to_owned()).collect()
}

#[test]
fn every_field_that_is_read_is_declared_and_every_declared_field_is_read() {
    let process = ProcessState::new(Arc::new(SystemClock), Arc::new(SystemRandom), Arc::new(NoNetwork));
    let facts: Arc<dyn Facts> = process.facts.clone();
    for factory in FACTORIES {
        let name = factory.semantics.identity.name;
        let config = Recording::default();
        let configured = (factory.read_config)(&Reader::config(&config)).unwrap();
        assert_eq!(
            config.0.take(),
            declared(factory.config_fields, &SETTINGS_FIELDS),
            "{name}: config"
        );

        let options = Recording::default();
        let connected = configured.connect(&ConnectRequest {
            config: &configured,
            operation: Operation::Create,
            options: &Reader::options(&options),
            environment: &AllSet,
            http: &process.http,
            clock: &*process.clock,
            random: &*process.random,
            facts: &facts,
        });
        assert!(connected.is_ok(), "{name}");
        assert!(CreateRequest::read(&Reader::options(&options)).is_ok());
        assert_eq!(
            options.0.take(),
            declared(factory.create_fields, &CREATE_FIELDS),
            "{name}: create"
        );
    }
}

/// An environment in which nothing is set. It notes what is asked for.
#[derive(Default)]
struct NothingSet(RefCell<BTreeSet<String>>);

impl Environment for NothingSet {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.borrow_mut().insert(name.to_owned());
        None
    }

    fn file(&self, _path: &str) -> std::io::Result<String> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

#[test]
fn every_variable_of_a_credential_is_declared() {
    for factory in FACTORIES {
        let configured = (factory.read_config)(&Reader::config(&Recording::default())).unwrap();
        let environment = NothingSet::default();
        // An engine on this machine asks for no credential.
        let needs_none = factory.semantics.identity.name == "docker";
        assert_eq!(configured.credential(&environment).is_ok(), needs_none);
        let declared = configured.credential_variables().iter().map(|&name| name.to_owned());
        assert_eq!(
            environment.0.take(),
            declared.collect(),
            "{}",
            factory.semantics.identity.name
        );
    }
}

/// A configuration in which some fields hold a text.
struct Filled(Vec<(&'static str, Raw<'static>)>);

impl Fields for Filled {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        let found = self.0.iter().find(|(field, _)| *field == name);
        Ok(found.map_or(&Raw::Absent, |(_, value)| value))
    }
}

/// Whether a variable is set.
type Predicate = Box<dyn Fn(&str) -> bool>;

/// An environment in which the same text is set in some variables, and which notes what is asked for.
struct SomeSet<'a> {
    is_set: &'a dyn Fn(&str) -> bool,
    asked: RefCell<BTreeSet<String>>,
}

impl Environment for SomeSet<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        let address = (name == "DOCKER_HOST").then_some("unix:///x");
        (self.is_set)(name).then(|| address.unwrap_or("x").to_owned())
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn every_variable_that_a_call_reads_is_declared() {
    let process = ProcessState::new(Arc::new(SystemClock), Arc::new(SystemRandom), Arc::new(NoNetwork));
    let facts: Arc<dyn Facts> = process.facts.clone();
    let operations = [
        Operation::Create,
        Operation::GetById,
        Operation::List,
        Operation::Destroy,
    ];
    for factory in FACTORIES {
        let name = factory.semantics.identity.name;
        // Each field of the configuration alone, and none.
        let fields = factory.config_fields.iter().chain(&SETTINGS_FIELDS).copied();
        let mut read = BTreeSet::new();
        let mut declared = BTreeSet::new();
        for field in fields.chain(["none"]) {
            let value = match field {
                "baseUrl" => "https://example.com",
                "host" => "unix:///x",
                _ => "x",
            };
            let filled = Filled(vec![(field, Raw::Text(value.into()))]);
            let Ok(configured) = (factory.read_config)(&Reader::config(&filled)) else {
                continue;
            };
            for operation in operations {
                let known: BTreeSet<String> = configured.variables(operation).into_iter().map(str::to_owned).collect();
                // Nothing is set, all is set, and all but each.
                let all = known.clone();
                let mut sets: Vec<Predicate> = vec![Box::new(|_| false), Box::new(|_| true)];
                for missing in all {
                    sets.push(Box::new(move |name| name != missing));
                }
                for is_set in sets {
                    let environment = SomeSet {
                        is_set: &is_set,
                        asked: RefCell::default(),
                    };
                    let _ = configured.connect(&ConnectRequest {
                        config: &configured,
                        operation,
                        options: &Reader::options(&Recording::default()),
                        environment: &environment,
                        http: &process.http,
                        clock: &*process.clock,
                        random: &*process.random,
                        facts: &facts,
                    });
                    let asked = environment.asked.take();
                    let undeclared: Vec<_> = asked.difference(&known).collect();
                    assert!(undeclared.is_empty(), "{name}, {operation:?}, {field}: {undeclared:?}");
                    read.extend(asked);
                }
                declared.extend(known);
            }
        }
        assert_eq!(declared, read, "{name}");
    }
}

#[test]
fn every_absence_window_is_longer_than_the_visibility_lag() {
    for factory in FACTORIES {
        let semantics = factory.semantics;
        assert!(
            semantics.absence_window > semantics.visibility_lag,
            "{}",
            semantics.identity.name
        );
    }
}

#[test]
fn the_documented_semantics_are_those_of_the_code() {
    let document = include_str!("../../docs/reliability.md");
    for factory in FACTORIES {
        let semantics = factory.semantics;
        let begin = format!(
            "| [{0}](providers/{1}.md) |",
            semantics.identity.title, semantics.identity.name
        );
        let row = document.lines().find(|line| line.starts_with(&begin));
        let cells: Vec<&str> = row
            .unwrap_or_else(|| panic!("no row: {begin}"))
            .split('|')
            .map(str::trim)
            .collect();
        let seconds = |duration: std::time::Duration| format!("{} s", duration.as_secs());
        let sent_twice = if semantics.create_is_idempotent {
            "makes one"
        } else {
            "may make two"
        };
        let comes_again = if semantics.ids_are_never_reused {
            "never"
        } else {
            "yes, it is a name"
        };
        assert_eq!(
            cells[5..9],
            [
                seconds(semantics.visibility_lag).as_str(),
                &seconds(semantics.absence_window),
                sent_twice,
                comes_again
            ],
            "{begin}"
        );
    }
}
