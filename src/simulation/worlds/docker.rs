//! A Docker Engine (docs/providers/docker.md). It shows at once what it has created, and keeps names unique.

use serde_json::{Value, json};

use super::{Answer, Arrived, Progress, Provider, Refusal, Resource, World, text};
use crate::providers::docker::FACTORY;
use crate::simulation::faults::Kind;
use crate::simulation::fields::Given;

const TOKEN: &str = "computesdk.create-mark";

pub(super) static DOCKER: Provider = Provider {
    factory: &FACTORY,
    config: || vec![("host", Given::Text("unix:///engine.sock".to_owned()))],
    credential: "",
    operations: &[
        ("POST /containers/create", Kind::Create),
        ("DELETE /containers/{id}", Kind::Delete),
        ("POST /containers/{id}/start", Kind::Step),
        ("POST /containers/{id}/wait", Kind::Read),
        ("GET /containers/{id}/json", Kind::Read),
        ("GET /containers/json", Kind::Read),
        ("GET /containers/{id}/logs", Kind::Read),
        ("GET /version", Kind::Read),
        ("GET /images/{name}/json", Kind::Read),
        ("POST /images/create", Kind::Read),
    ],
    handle,
    furnish,
    unauthenticated: || problem(401, "authorization denied"),
    problem,
    refusals: &[
        refusal(404, "No such image: computesdk/compute:latest", &[Kind::Create], false),
        refusal(400, "invalid reference format", &[Kind::Create], false),
        refusal(403, "authorization denied by plugin", &[Kind::Create], false),
        refusal(
            500,
            "driver failed",
            &[Kind::Create, Kind::Delete, Kind::Step, Kind::Read],
            true,
        ),
        refusal(
            503,
            "engine is shutting down",
            &[Kind::Create, Kind::Delete, Kind::Step, Kind::Read],
            true,
        ),
    ],
    names_may_double: false,
    has_rate_limit: false,
    settings: Vec::new,
    has_settings: false,
    takes_images: true,
    tells_images: true,
    knows_young: false,
    reads_any_object: false,
    may_seem_ready: true,
    // Version, image, create, read, start, read.
    healthy_create: |_| 7,
};

const fn refusal(status: u16, text: &'static str, kinds: &'static [Kind], is_unclear: bool) -> Refusal {
    Refusal {
        kinds,
        status,
        text,
        is_unclear,
    }
}

fn problem(status: u16, text: &str) -> Answer {
    Answer::json(status, &json!({ "message": text }))
}

fn missing(reference: &str) -> Answer {
    problem(404, &format!("No such container: {reference}"))
}

fn furnish(world: &mut World) {
    let id = make_id(world);
    world.add(id, "postgres", None).image = Some("postgres:17".to_owned());
    if world.plan.name_is_taken {
        let id = make_id(world);
        world.add(id, "box-0", None).image = Some("nginx".to_owned());
    }
}

fn make_id(world: &mut World) -> String {
    world.dice.text("0123456789abcdef", 64)
}

/// Returns the id of what a name, an id or its beginning stands for.
fn resolve(world: &World, reference: &str) -> Option<String> {
    let mut live = world.resources.iter().filter(|container| container.deleted.is_none());
    let found = live.find(|container| container.name == reference || container.id.starts_with(reference));
    found.map(|container| container.id.clone())
}

fn handle(world: &mut World, arrived: &Arrived) -> Answer {
    let path: Vec<&str> = arrived.path.iter().map(String::as_str).collect();
    let (method, path) = match (arrived.method.as_str(), &path[..]) {
        ("GET", ["version"]) => {
            return Answer::json(
                200,
                &json!({ "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Components": [{ "Name": "Engine" }] }),
            );
        }
        (method, ["v1.41", path @ ..]) => (method, path),
        _ => return world.misunderstand(arrived, "version"),
    };
    match (method, path) {
        ("GET", ["images", _, "json"] | ["images", _, _, "json"]) => Answer::json(200, &json!({ "Id": "sha256:00" })),
        ("POST", ["containers", "create"]) => create(world, arrived),
        ("POST", ["containers", id, "start"]) => match resolve(world, id) {
            None => missing(id),
            Some(id) if world.known(&id).is_some_and(|container| container.launched.is_some()) => Answer::empty(304),
            Some(id) => {
                world.launch(&id);
                Answer::empty(204)
            }
        },
        ("POST", ["containers", id, "wait"]) => match resolve(world, id) {
            None => missing(id),
            Some(_) => Answer::json(200, &json!({ "StatusCode": 0 })),
        },
        ("DELETE", ["containers", id]) if arrived.query.get("force").is_some_and(|force| force == "1") => {
            match resolve(world, id) {
                Some(id) if world.delete(&id) => Answer::empty(204),
                _ => missing(id),
            }
        }
        ("GET", ["containers", _, "logs"]) => Answer::text(200, "cannot start with sim-secret-access-token\n"),
        ("GET", ["containers", "json"]) => list(world, arrived),
        ("GET", ["containers", reference, "json"]) => match resolve(world, reference) {
            None => missing(reference),
            Some(id) => {
                let view = world.known(&id).map(|container| inspect(world, container));
                Answer::json(200, &json!(view))
            }
        },
        _ => world.misunderstand(arrived, "route"),
    }
}

fn create(world: &mut World, arrived: &Arrived) -> Answer {
    let body = &arrived.body;
    let is_safe = body["HostConfig"]["Privileged"] == Value::Bool(false)
        && body["HostConfig"]["SecurityOpt"] == json!(["no-new-privileges"]);
    let (Some(name), Some(image), true) = (arrived.query.get("name"), text(body, &["Image"]), is_safe) else {
        return world.misunderstand(arrived, "body");
    };
    if let Some(holder) = world.holder(name) {
        let words = format!(
            "Conflict. The container name \"/{name}\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name.",
            holder.id
        );
        return problem(409, &words);
    }
    let labels = body["Labels"].as_object().cloned().unwrap_or_default();
    let image = image.to_owned();
    let id = make_id(world);
    let container = world.add(id.clone(), name, Some(arrived));
    container.image = Some(image);
    container.labels = labels
        .iter()
        .filter_map(|(label, value)| Some((label.clone(), value.as_str()?.to_owned())))
        .collect();
    container.token = container.labels.get(TOKEN).cloned();
    Answer::json(201, &json!({ "Id": id, "Warnings": [] }))
}

fn state_of(world: &World, container: &Resource) -> (&'static str, i32) {
    match world.progress(container) {
        Progress::NotStarted => ("created", 0),
        Progress::Starting | Progress::Up => ("running", 0),
        Progress::Failed => ("exited", 1),
    }
}

fn inspect(world: &World, container: &Resource) -> Value {
    let (status, exit_code) = state_of(world, container);
    json!({
        "Id": container.id,
        "Name": format!("/{}", container.name),
        "Created": World::date(container.created),
        "State": { "Status": status, "Running": status == "running", "ExitCode": exit_code, "Error": "" },
        "Config": { "Image": container.image, "Labels": container.labels },
        "NetworkSettings": { "Ports": {} },
    })
}

fn list(world: &mut World, arrived: &Arrived) -> Answer {
    if arrived.query.get("all").is_none_or(|all| all != "1") {
        return world.misunderstand(arrived, "query");
    }
    let live = world.resources.iter().filter(|container| container.deleted.is_none());
    let shown: Vec<Value> = live
        .map(|container| {
            let (state, _) = state_of(world, container);
            json!({
                "Id": container.id,
                "Names": [format!("/{}", container.name)],
                "Image": container.image,
                "Created": 1_800_000_000 + container.created / 1_000,
                "State": state,
                "Status": state,
                "Labels": container.labels,
                "Ports": [],
            })
        })
        .collect();
    Answer::json(200, &Value::from(shown))
}
