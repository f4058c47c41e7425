//! The provider over a scripted engine: what it sends, and what it makes of the answers.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::context::clock::SystemClock;
use crate::context::random::SystemRandom;
use crate::error::Outcome;
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};
use crate::input::environment::Environment;
use crate::input::reader::Reader;
use crate::input::value::{Fields, Raw, Unreadable};
use crate::model::instance::Status;
use crate::process::ProcessState;
use crate::provider::config::{BoundProvider, ConnectRequest, ProviderConfig};
use crate::provider::facts::Facts;

const SOCKET: &str = "unix:///run/engine.sock";

/// An engine that answers from a script, in order. It keeps the requests.
#[derive(Default)]
struct Engine {
    answers: Mutex<VecDeque<Result<(u16, String), TransportError>>>,
    requests: Mutex<Vec<(String, Bytes)>>,
}

impl Engine {
    fn answer(&self, status: u16, body: &Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.answers.lock().unwrap().push_back(Ok((status, body)));
    }

    fn lose(&self) {
        let lost = TransportError::Interrupted("connection reset".to_owned());
        self.answers.lock().unwrap().push_back(Err(lost));
    }

    /// Returns method, path and query of each request, and forgets them.
    fn asked(&self) -> Vec<String> {
        let requests = std::mem::take(&mut *self.requests.lock().unwrap());
        requests.into_iter().map(|(line, _)| line).collect()
    }

    /// Returns the body of the last request that had one.
    fn last_body(&self) -> Value {
        let requests = self.requests.lock().unwrap();
        let last = requests.iter().rev().find(|(_, body)| !body.is_empty());
        serde_json::from_slice(&last.unwrap().1).unwrap()
    }
}

#[async_trait]
impl Transport for Engine {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let line = format!("{} {}{query}", request.method, request.url.path());
        self.requests.lock().unwrap().push((line, request.body));
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, body) = answer.unwrap_or_else(|| panic!("the script has no answer left"))?;
        Ok(Response::new(status, HeaderMap::new(), Bytes::from(body)))
    }
}

/// An object of the caller's.
struct Object(Vec<(&'static str, Raw<'static>)>);

impl Fields for Object {
    fn get(&self, name: &str) -> Result<&Raw<'_>, Unreadable> {
        let found = self.0.iter().find(|(field, _)| *field == name);
        Ok(found.map_or(&Raw::Absent, |(_, value)| value))
    }
}

struct NothingSet;

impl Environment for NothingSet {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct Fixture {
    engine: Arc<Engine>,
    process: ProcessState,
    config: Arc<dyn ProviderConfig>,
    context: CallContext,
}

fn text(value: &str) -> Raw<'static> {
    Raw::Text(value.to_owned().into())
}

fn fixture() -> Fixture {
    let engine = Arc::new(Engine::default());
    let process = ProcessState::new(Arc::new(SystemClock), Arc::new(SystemRandom), engine.clone());
    let config = Object(vec![
        ("host", text(SOCKET)),
        ("restart", text("always")),
        ("maxRetries", Raw::Number(0.0)),
    ]);
    Fixture {
        engine,
        process,
        config: (FACTORY.read_config)(&Reader::config(&config)).unwrap(),
        context: CallContext::new(Arc::new(SystemClock), CancellationToken::new()),
    }
}

impl Fixture {
    /// Makes the provider of one call.
    fn bind(&self, operation: Operation, options: Vec<(&'static str, Raw<'static>)>) -> BoundProvider {
        let facts: Arc<dyn Facts> = self.process.facts.clone();
        let options = Object(options);
        let call = ConnectRequest {
            operation,
            config: &self.config,
            options: &Reader::options(&options),
            environment: &NothingSet,
            http: &self.process.http,
            clock: &*self.process.clock,
            random: &*self.process.random,
            facts: &facts,
        };
        self.config.connect(&call).unwrap()
    }

    fn docker(&self) -> Box<dyn Provider> {
        self.bind(Operation::Create, Vec::new()).provider
    }

    /// Has the engine tell its version, as it is asked before anything else.
    fn negotiated(self, kind: &str) -> Self {
        let components = match kind {
            "podman" => json!([{"Name": "Podman Engine", "Version": "4.3.1"}]),
            _ => json!([{"Name": "Engine", "Version": "20.10.24"}]),
        };
        let version = json!({"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Components": components});
        self.engine.answer(200, &version);
        self
    }
}

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn container(digit: char, name: &str, status: &str) -> Value {
    json!({"Id": id(digit), "Name": format!("/{name}"), "Created": "2026-11-26T20:26:50Z", "State": {"Status": status}})
}

fn no_such_container() -> Value {
    json!({"message": "No such container: x"})
}

fn request() -> CreateRequest {
    let options = Object(vec![
        ("image", text("acme/box:1")),
        (
            "envs",
            Raw::Map(vec![("KEY".into(), text("value")), ("EMPTY".into(), text(""))]),
        ),
    ]);
    CreateRequest::read(&Reader::options(&options)).unwrap()
}

fn created_instance(digit: char) -> Instance {
    Instance {
        id: id(digit),
        own: Vec::new(),
        name: None,
        status: Status::Pending,
        created_at: None,
        url: None,
        managed: true,
        owner: None,
        image: None,
        launch: None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_version_is_asked_for_once_per_endpoint() {
    let fixture = fixture().negotiated("docker");
    for _ in 0..2 {
        fixture.engine.answer(200, &json!([]));
        fixture
            .docker()
            .list(&fixture.context, None, &ListFilter::All, &mut Vec::<Instance>::new())
            .await
            .unwrap();
    }
    assert_eq!(
        fixture.engine.asked(),
        [
            "GET /version",
            "GET /v1.41/containers/json?all=1",
            "GET /v1.41/containers/json?all=1"
        ]
    );
    // The engine was replaced by one that is older.
    fixture.engine.answer(
        400,
        &json!({"message": "client version 1.41 is too new. Maximum supported API version is 1.40"}),
    );
    assert!(
        fixture
            .docker()
            .list(&fixture.context, None, &ListFilter::All, &mut Vec::<Instance>::new())
            .await
            .is_err()
    );
    fixture
        .engine
        .answer(200, &json!({"ApiVersion": "1.40", "MinAPIVersion": "1.12"}));
    let error = fixture
        .docker()
        .list(&fixture.context, None, &ListFilter::All, &mut Vec::<Instance>::new())
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidConfig);
    assert!(
        error.to_string().contains("1.40") && error.to_string().contains("1.41"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_create_that_cannot_ask_for_the_version_has_no_effect() {
    let fixture = fixture();
    fixture.engine.lose();
    let handle = Handle::random(&SystemRandom, None).unwrap();
    let error = fixture
        .docker()
        .create(&fixture.context, &request(), &handle)
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.outcome()), (ErrorCode::Network, Outcome::NoEffect));
}

#[tokio::test(start_paused = true)]
async fn what_a_create_sends_by_default() {
    let fixture = fixture().negotiated("docker");
    fixture.engine.answer(201, &json!({"Id": id('a'), "Warnings": []}));
    fixture.engine.answer(200, &container('a', "box", "created"));
    let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
    let instance = fixture
        .docker()
        .create(&fixture.context, &request(), &handle)
        .await
        .unwrap();
    assert_eq!(
        (instance.id.as_str(), instance.status),
        (id('a').as_str(), Status::Pending)
    );
    let mut hosts = vec!["host.docker.internal:host-gateway"];
    if !cfg!(target_os = "linux") {
        hosts.clear();
    }
    assert_eq!(
        fixture.engine.last_body(),
        json!({
            "Image": "acme/box:1",
            "Env": ["KEY=value", "EMPTY="],
            "Labels": {"computesdk.managed": "true", "computesdk.name": "box", "computesdk.create-mark": handle.ownership_token()},
            "HostConfig": {
                "RestartPolicy": {"Name": "always"},
                "ExtraHosts": hosts,
                "SecurityOpt": ["no-new-privileges"],
                "CapDrop": ["ALL"],
                "CapAdd": ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
                    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
                "ReadonlyRootfs": false,
                "Privileged": false
            }
        })
    );
    assert_eq!(fixture.engine.asked()[1], "POST /v1.41/containers/create?name=box");
}

#[tokio::test(start_paused = true)]
async fn what_a_create_sends_with_every_option() {
    let fixture = fixture().negotiated("podman");
    fixture.engine.answer(201, &json!({"Id": id('a')}));
    fixture.engine.answer(200, &container('a', "box", "created"));
    let words = |words: &[&str]| Raw::List(words.iter().map(|word| text(word)).collect());
    let options = vec![
        ("command", words(&["/bin/sh", "-c"])),
        ("args", words(&["sleep 1"])),
        ("workingDir", text("/work-dir")),
        ("user", text("1000:1000")),
        ("vcpus", Raw::Number(0.5)),
        ("memoryMegabytes", Raw::Number(64.0)),
        ("pidsLimit", Raw::Number(99.0)),
        ("network", text("backend")),
        ("ports", Raw::List(vec![Raw::Number(8080.0)])),
        ("hostIp", text("0.0.0.0")),
        ("extraHosts", words(&["db:10.0.0.7"])),
        ("labels", Raw::Map(vec![("team".into(), text("a=b"))])),
        ("restart", text("no")),
        ("readOnly", Raw::Bool(true)),
        ("timeout", Raw::Number(60_000.0)),
    ];
    let docker = fixture.bind(Operation::Create, options).provider;
    let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
    docker.create(&fixture.context, &request(), &handle).await.unwrap();
    let body = fixture.engine.last_body();
    let host = &body["HostConfig"];
    assert_eq!(
        (&body["Entrypoint"], &body["Cmd"]),
        (&json!(["/bin/sh", "-c"]), &json!(["sleep 1"]))
    );
    assert_eq!(
        (&body["WorkingDir"], &body["User"]),
        (&json!("/work-dir"), &json!("1000:1000"))
    );
    assert_eq!(body["ExposedPorts"], json!({"8080/tcp": {}}));
    assert_eq!(
        host["PortBindings"],
        json!({"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": ""}]})
    );
    assert_eq!(
        (&host["Memory"], &host["NanoCpus"]),
        (&json!(67_108_864), &json!(500_000_000))
    );
    assert_eq!(
        (&host["PidsLimit"], &host["NetworkMode"]),
        (&json!(99), &json!("backend"))
    );
    assert_eq!(
        (&host["RestartPolicy"]["Name"], &host["ReadonlyRootfs"]),
        (&json!("no"), &json!(true))
    );
    // This Podman would write `host-gateway` into the hosts file unchanged.
    assert_eq!(host["ExtraHosts"], json!(["db:10.0.0.7"]));
    assert_eq!(body["Labels"]["team"], "a=b");
    assert!(body["Labels"]["computesdk.deadline"].as_str().unwrap().ends_with('Z'));
    assert!(body["Labels"]["computesdk.create-mark"].is_string());
}

#[tokio::test(start_paused = true)]
async fn the_machine_is_reached_by_one_name_on_every_network() {
    for (network, hosts) in [
        ("host", json!(["host.docker.internal:127.0.0.1"])),
        ("none", Value::Null),
    ] {
        let fixture = fixture().negotiated("docker");
        fixture.engine.answer(201, &json!({"Id": id('a')}));
        fixture.engine.answer(200, &container('a', "box", "created"));
        let docker = fixture
            .bind(Operation::Create, vec![("network", text(network))])
            .provider;
        let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
        docker.create(&fixture.context, &request(), &handle).await.unwrap();
        assert_eq!(
            fixture.engine.last_body()["HostConfig"]["ExtraHosts"],
            hosts,
            "{network}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_taken_name_is_told_with_its_holder() {
    let taken = json!({"message": "Conflict. The container name \"/box\" is already in use by container \"b\"."});
    for (holder, code, names_it) in [
        ((200, container('b', "box", "running")), ErrorCode::AlreadyExists, true),
        ((200, container('b', "box", "removing")), ErrorCode::Unavailable, true),
        // The name is the beginning of another's id.
        (
            (200, container('b', "other", "running")),
            ErrorCode::AlreadyExists,
            false,
        ),
        ((404, no_such_container()), ErrorCode::AlreadyExists, false),
    ] {
        let fixture = fixture().negotiated("docker");
        fixture.engine.answer(409, &taken);
        fixture.engine.answer(holder.0, &holder.1);
        let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
        let error = fixture
            .docker()
            .create(&fixture.context, &request(), &handle)
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.outcome()), (code, Outcome::NoEffect));
        assert_eq!(error.details().instance_id.is_some(), names_it, "{}", holder.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_is_started_once() {
    let fixture = fixture().negotiated("docker");
    let docker = fixture.docker();
    fixture.engine.answer(201, &json!({"Id": id('a')}));
    fixture.engine.answer(200, &container('a', "box", "created"));
    let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
    let made = docker.create(&fixture.context, &request(), &handle).await.unwrap();
    fixture.engine.asked();
    fixture.engine.lose();
    let error = docker.complete(&fixture.context, &request(), &made).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    // The start has taken effect, and the command has ended since: it must not run again.
    fixture.engine.answer(200, &container('a', "box", "exited"));
    let completion = docker.complete(&fixture.context, &request(), &made).await.unwrap();
    assert!(matches!(completion, Completion::Done(instance) if instance.status == Status::Stopped));
    let path = format!("/v1.41/containers/{}", id('a'));
    assert_eq!(
        fixture.engine.asked(),
        [format!("POST {path}/start"), format!("GET {path}/json")]
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_container_is_not_believed() {
    for (status, body) in [
        (200, container('a', "other", "running")),
        (200, container('b', "box", "created")),
        (404, no_such_container()),
        (500, json!({"message": "trouble"})),
    ] {
        let fixture = fixture().negotiated("docker");
        fixture.engine.answer(201, &json!({"Id": id('a')}));
        fixture.engine.answer(status, &body);
        let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
        let error = fixture
            .docker()
            .create(&fixture.context, &request(), &handle)
            .await
            .unwrap_err();
        assert_eq!(
            (error.outcome(), &error.details().instance_id),
            (Outcome::Unknown, &None),
            "{body}"
        );
    }
    let fixture = fixture().negotiated("docker");
    fixture.engine.answer(200, &container('b', "box", "running"));
    let error = fixture.docker().get(&fixture.context, &id('a')).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Protocol);
    fixture.engine.answer(200, &container('b', "other", "running"));
    let handle = Handle::named("box".to_owned(), &SystemRandom, None).unwrap();
    assert!(fixture.docker().find(&fixture.context, &handle).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn only_an_empty_answer_says_that_a_container_was_started() {
    let fixture = fixture().negotiated("docker");
    let docker = fixture.docker();
    let made = created_instance('a');
    fixture.engine.answer(200, &container('a', "box", "created"));
    fixture.engine.answer(200, &json!({"page": "of a proxy"}));
    let error = docker.complete(&fixture.context, &request(), &made).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (ErrorCode::Protocol, Outcome::Unknown));
    // The next round starts it. That it cannot be read then is no reason to remove it.
    fixture.engine.answer(200, &container('a', "box", "created"));
    fixture.engine.answer(204, &Value::Null);
    fixture.engine.lose();
    let completion = docker.complete(&fixture.context, &request(), &made).await.unwrap();
    assert!(matches!(completion, Completion::Done(instance) if instance.status == Status::Running));
}

#[tokio::test(start_paused = true)]
async fn a_half_made_container_is_started() {
    let fixture = fixture().negotiated("docker");
    fixture.engine.answer(200, &container('a', "box", "created"));
    let found = fixture
        .docker()
        .find(
            &fixture.context,
            &Handle::named("box".to_owned(), &SystemRandom, None).unwrap(),
        )
        .await;
    let found = found.unwrap().remove(0);
    for (status, body) in [
        (200, container('a', "box", "created")),
        (304, Value::Null),
        (200, container('a', "box", "running")),
    ] {
        fixture.engine.answer(status, &body);
    }
    let completion = fixture
        .docker()
        .complete(&fixture.context, &request(), &found)
        .await
        .unwrap();
    assert!(matches!(completion, Completion::Done(instance) if instance.status == Status::Running));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_found_as_a_name_only() {
    let mut of_that_id = container('c', "other", "running");
    of_that_id["Id"] = json!(format!("cafe{}", &id('c')[4..]));
    for (status, body, count) in [
        (200, container('a', "cafe", "running"), 1),
        // The beginning of the id of another container.
        (200, of_that_id, 0),
        (200, container('a', "cafe", "removing"), 0),
        (404, no_such_container(), 0),
    ] {
        let fixture = fixture().negotiated("docker");
        fixture.engine.answer(status, &body);
        let handle = Handle::named("cafe".to_owned(), &SystemRandom, None).unwrap();
        let found = fixture.docker().find(&fixture.context, &handle).await.unwrap();
        assert_eq!(found.len(), count, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_whole_id_is_deleted() {
    let fixture = fixture().negotiated("docker");
    fixture.engine.answer(200, &container('a', "box", "running"));
    fixture.engine.answer(204, &Value::Null);
    let docker = fixture.docker();
    let deleted = docker
        .destroy(&fixture.context, &id('a')[..12], Ownership::Unknown)
        .await
        .unwrap();
    assert_eq!(deleted, DeleteResult::Deleted);
    assert_eq!(
        fixture.engine.asked()[1..],
        [
            format!("GET /v1.41/containers/{}/json", &id('a')[..12]),
            format!("DELETE /v1.41/containers/{}?force=1&v=1", id('a'))
        ]
    );
    // A container whose name looks like the id is another one.
    fixture.engine.answer(200, &container('b', &id('a')[..12], "running"));
    let deleted = docker
        .destroy(&fixture.context, &id('a')[..12], Ownership::Unknown)
        .await
        .unwrap();
    assert_eq!(deleted, DeleteResult::Absent);
    assert_eq!(fixture.engine.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_under_way_is_waited_for() {
    let fixture = fixture().negotiated("docker");
    fixture.engine.answer(
        409,
        &json!({"message": "removal of container a is already in progress"}),
    );
    fixture.engine.answer(200, &json!({"StatusCode": 137}));
    let deleted = fixture
        .docker()
        .destroy(&fixture.context, &id('a'), Ownership::CreatedHere)
        .await
        .unwrap();
    assert_eq!(deleted, DeleteResult::Deleted);
    let asked = fixture.engine.asked();
    assert_eq!(
        asked[2],
        format!("POST /v1.41/containers/{}/wait?condition=removed", id('a'))
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_is_pulled_if_it_is_missing() {
    let fixture = fixture().negotiated("docker");
    fixture
        .engine
        .answer(404, &json!({"message": "No such image: acme/box:1"}));
    fixture.engine.answer(200, &json!({"status": "Downloaded newer image"}));
    fixture.docker().prepare(&fixture.context, &request()).await.unwrap();
    assert_eq!(
        fixture.engine.asked()[1..],
        [
            "GET /v1.41/images/acme%2Fbox:1/json",
            "POST /v1.41/images/create?fromImage=acme%2Fbox%3A1"
        ]
    );
    fixture.engine.answer(200, &json!({"Id": "sha256:00"}));
    fixture.docker().prepare(&fixture.context, &request()).await.unwrap();
    let never = fixture.bind(Operation::Create, vec![("pull", text("never"))]).provider;
    never.prepare(&fixture.context, &request()).await.unwrap();
    assert_eq!(fixture.engine.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_tells_why_a_container_has_ended() {
    let fixture = fixture().negotiated("docker");
    let made = created_instance('a');
    // A command that cannot do its work ends at once, so a container counts only after it has run for a while.
    let docker = fixture.docker();
    for (status, wait, is_ready) in [
        ("created", 9_000, false),
        ("running", 0, false),
        ("running", 499, false),
        ("running", 1, true),
    ] {
        fixture
            .context
            .sleep_uncancelled(std::time::Duration::from_millis(wait))
            .await;
        fixture.engine.answer(200, &container('a', "box", status));
        let probed = docker.readiness(&fixture.context, &made).await.unwrap();
        assert_eq!(matches!(probed, Readiness::Ready(_)), is_ready, "{status} {wait}");
    }
    // One that is healthy does its work.
    for (health, is_ready) in [
        ("healthy", true),
        ("starting", false),
        ("unhealthy", false),
        ("none", false),
        ("", false),
    ] {
        let mut checked = container('a', "box", "running");
        checked["State"]["Health"] = json!({"Status": health});
        fixture.engine.answer(200, &checked);
        let probed = fixture.docker().readiness(&fixture.context, &made).await.unwrap();
        assert_eq!(matches!(probed, Readiness::Ready(_)), is_ready, "{health}");
    }
    let mut ended = container('a', "box", "exited");
    ended["State"]["ExitCode"] = json!(137);
    ended["State"]["OOMKilled"] = json!(true);
    fixture.engine.answer(200, &ended);
    fixture.engine.answer(404, &no_such_container());
    let error = fixture.docker().readiness(&fixture.context, &made).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (ErrorCode::ProvisionFailed, Outcome::Done)
    );
    assert!(
        error.to_string().contains("exit code 137") && error.to_string().contains("OOMKilled"),
        "{error}"
    );
}

#[test]
fn ids_are_hexadecimal() {
    let fixture = fixture();
    let docker = fixture.docker();
    let read = |id: &str| docker.read_id(Operation::GetById, id);
    assert_eq!(read(&id('a')).unwrap(), id('a'));
    assert_eq!(read(&id('a')[..12]).unwrap(), id('a')[..12]);
    for bad in [
        "",
        "abc",
        "computesdk-0123456789abcdefghjk",
        &id('A'),
        &id('g'),
        &format!("{}0", id('a')),
        "../containers",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn options_are_checked_before_any_request() {
    let fixture = fixture();
    let check = |options: Vec<(&'static str, Raw<'static>)>, name: &str| {
        let docker = fixture.bind(Operation::Create, options).provider;
        docker.check_create(
            &request(),
            &Handle::named(name.to_owned(), &SystemRandom, None).unwrap(),
        )
    };
    assert!(check(Vec::new(), "box").is_ok());
    for name in ["x", "-box", "a b", "a/b", &"a".repeat(129)] {
        assert!(check(Vec::new(), name).is_err(), "{name}");
    }
    let ports = || Raw::List(vec![Raw::Number(80.0)]);
    assert!(check(vec![("ports", ports()), ("network", text("bridge"))], "box").is_ok());
    for network in ["host", "none"] {
        assert!(check(vec![("ports", ports()), ("network", text(network))], "box").is_err());
    }
}
