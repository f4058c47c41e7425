use serde_json::json;

use super::*;
use crate::model::instance::Instance;
use crate::protocol::lenient::Entries;
use crate::protocol::lenient::tests::check_drifts;
use crate::protocol::text::Borrowed;

fn id() -> String {
    "0123456789abcdef".repeat(4)
}

fn inspected(body: &Value) -> Inspected {
    let mut whole = json!({"Id": id()});
    if let (Value::Object(whole), Value::Object(body)) = (&mut whole, body) {
        whole.extend(body.clone());
    }
    serde_json::from_value(whole).unwrap()
}

fn shown(instance: &Instance) -> Value {
    serde_json::to_value(instance).unwrap()
}

#[test]
fn a_container_of_docker() {
    // Recorded from Docker 20.10.24, shortened.
    let container = inspected(&json!({
        "Created": "2026-11-26T20:26:50.409952726Z", "Name": "/computesdk-0123456789abcdefghjk",
        "State": {"Status": "running", "Running": true, "OOMKilled": false, "ExitCode": 0, "Error": ""},
        "Config": {"Image": "local/worker:1", "Labels": {
            "computesdk.managed": "true", "computesdk.create-mark": "mark", "computesdk.deadline": "2026-11-27T00:00:00Z"}},
        "NetworkSettings": {"Ports": {"9000/tcp": null, "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "1"}],
            "10000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32769"}],
            "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32768"}, {"HostIp": "::1", "HostPort": "32768"}]}}
    }));
    assert_eq!(container.name(), Some("computesdk-0123456789abcdefghjk"));
    assert_eq!(container.ownership_token(), Some("mark"));
    let instance = Instance::from(container.view(None));
    assert_eq!(instance.image.as_deref(), Some("local/worker:1"));
    assert_eq!(
        shown(&instance),
        json!({
            "containerId": id(), "image": "local/worker:1", "deadline": "2026-11-27T00:00:00Z",
            "ports": {"8080": "127.0.0.1:32768", "10000": "127.0.0.1:32769"},
            "name": "computesdk-0123456789abcdefghjk", "status": "running",
            "createdAt": "2026-11-26T20:26:50.409952726Z", "url": "http://127.0.0.1:32768", "managed": true
        })
    );
}

#[test]
fn a_container_of_podman() {
    // Recorded from Podman 4.3.1, shortened.
    let container = inspected(&json!({
        "Created": "2026-11-26T20:21:39.228773307Z", "Name": "/a3",
        "State": {"Status": "created", "Health": {"Status": "", "FailingStreak": 0, "Log": null}},
        "Config": {"Image": "localhost/worker:1", "Labels": null}, "NetworkSettings": {"Ports": {}}
    }));
    assert!(container.was_never_started());
    let instance = Instance::from(container.view(None));
    // What Podman made of a short name says nothing of the name that was asked for.
    assert_eq!(instance.image, None);
    assert_eq!((instance.status, instance.managed), (Status::Pending, false));
}

#[test]
fn a_container_is_managed_by_its_label_or_its_name() {
    let managed = |name: &str, labels: Value| {
        let container = inspected(&json!({"Name": name, "Config": {"Labels": labels}}));
        container.view(None).managed
    };
    assert!(managed("/mine", json!({"computesdk.managed": "true"})));
    assert!(managed("/computesdk-0123456789abcdefghjk", json!(null)));
    assert!(!managed("/mine", json!({"computesdk.managed": "false"})));
    assert!(!managed("/computesdk-gateway", json!({})));
}

#[test]
fn a_listed_container() {
    let body = json!({
        "Id": id(), "Names": ["/other/alias", "/c1"], "Image": "local/worker:1", "Created": 1_795_724_496,
        "Ports": [{"PrivatePort": 9000, "Type": "tcp"}, {"IP": "127.0.0.1", "PrivatePort": 8080, "PublicPort": 33779, "Type": "tcp"},
            {"IP": "::1", "PrivatePort": 8080, "PublicPort": 33780, "Type": "tcp"}, {"IP": "0.0.0.0", "PrivatePort": 1, "PublicPort": 2, "Type": "udp"}],
        "Labels": {"computesdk.managed": "true"}, "State": "running", "Status": "Up 5 seconds (health: starting)"
    });
    let listed: Listed = serde_json::from_value(body).unwrap();
    assert!(listed.is_no_task());
    assert_eq!(
        shown(&listed.view(None).into()),
        json!({
            "containerId": id(), "image": "local/worker:1", "ports": {"8080": "127.0.0.1:33779"}, "name": "c1",
            "status": "pending", "createdAt": "2026-11-26T20:21:36Z", "url": "http://127.0.0.1:33779", "managed": true
        })
    );
    let task = json!({"Id": id(), "Labels": {"com.docker.swarm.service.id": "x"}});
    assert!(!serde_json::from_value::<Listed>(task).unwrap().is_no_task());
}

#[test]
fn only_the_id_is_needed() {
    let bare = inspected(&json!({}));
    assert_eq!(bare.name(), None);
    assert_eq!(
        shown(&bare.view(None).into()),
        json!({"containerId": id(), "status": "unknown", "managed": false})
    );
    let odd =
        json!({"Id": id(), "Names": {}, "Created": 1e300, "Ports": "x", "Labels": [], "State": 7, "Status": null});
    let odd: Listed = serde_json::from_value(odd).unwrap();
    assert_eq!(
        shown(&odd.view(None).into()),
        json!({"containerId": id(), "status": "unknown", "managed": false})
    );
    for id in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65)] {
        assert!(serde_json::from_value::<Created>(json!({"Id": id})).is_err(), "{id}");
    }
}

#[test]
fn an_address_is_one_that_this_process_reaches() {
    for (address, remote, reached) in [
        ("127.0.0.1", None, Some("127.0.0.1:80")),
        ("", None, Some("127.0.0.1:80")),
        ("0.0.0.0", None, Some("127.0.0.1:80")),
        ("::", None, Some("127.0.0.1:80")),
        ("::1", None, Some("[::1]:80")),
        ("10.0.0.7", None, Some("10.0.0.7:80")),
        ("0.0.0.0", Some("engine.example"), Some("engine.example:80")),
        ("::", Some("[fe80::1]"), Some("[fe80::1]:80")),
        ("10.0.0.7", Some("engine.example"), Some("10.0.0.7:80")),
        ("127.0.0.1", Some("engine.example"), None),
    ] {
        assert_eq!(
            reachable(address, 80, remote).as_deref(),
            reached,
            "{address} {remote:?}"
        );
    }
}

#[test]
fn a_page_shows_the_same_borrowed_and_owned() {
    fn show<T: Deref<Target = str>>(containers: Entries<Listed<T>, T>) -> Vec<String> {
        let containers = containers.0.into_iter().flatten();
        containers
            .map(|container| format!("{:?} {}", container.view(None), container.is_no_task()))
            .collect()
    }
    let container = |digit: &str, name: &str| {
        json!({"Id": digit.repeat(64), "Names": ["/other/x", name], "Image": "i", "Created": 1_795_724_496,
            "Ports": [{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 81, "Type": "tcp"}],
            "Labels": {"computesdk.managed": "true", "computesdk.owner": "o"}, "State": "running", "Status": "Up"})
    };
    let page = json!([container("a", "/one"), container("b", "ä\n\"two\"")]);
    let whole = check_drifts(
        &page,
        |text| serde_json::from_str::<Entries<Listed<Borrowed<'_>>, Borrowed<'_>>>(text).map(show),
        |text| serde_json::from_str::<Entries<Listed>>(text).map(show),
    );
    assert!(whole > 100, "{whole}");
}
