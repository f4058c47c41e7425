//! Railway (docs/providers/railway.md). A service has one instance in the configured environment, and an empty one in another
//! where the project has a second environment that is no fork.

use serde_json::{Value, json};

use super::{Answer, Arrived, Progress, Provider, Refusal, Resource, Sight, World, text};
use crate::model::handle::OWNERSHIP_VARIABLE;
use crate::providers::railway::FACTORY;
use crate::simulation::faults::Kind;
use crate::simulation::fields::Given;

const PROJECT: &str = "11111111-1111-4111-8111-111111111111";
const ENVIRONMENT: &str = "22222222-2222-4222-8222-222222222222";
const OTHER: &str = "33333333-3333-4333-8333-333333333333";

const NAMES: usize = 32;

pub(super) static RAILWAY: Provider = Provider {
    factory: &FACTORY,
    config: || {
        vec![
            ("projectId", Given::Text(PROJECT.to_owned())),
            ("environmentId", Given::Text(ENVIRONMENT.to_owned())),
        ]
    },
    credential: "RAILWAY_API_KEY",
    operations: &[
        ("ServiceCreate", Kind::Create),
        ("ServiceDelete", Kind::Delete),
        ("VariableCollectionUpsert", Kind::Step),
        ("ServiceInstanceUpdate", Kind::Step),
        ("ServiceInstanceLimitsUpdate", Kind::Step),
        ("ServiceInstanceDeployV2", Kind::Step),
        ("Service", Kind::Read),
        ("Project", Kind::Read),
        ("ServiceInstance", Kind::Read),
        ("Environment", Kind::Read),
        ("Variables", Kind::Read),
        ("Environments", Kind::Read),
    ],
    handle,
    furnish,
    unauthenticated: || problem_with("Not Authorized", "UNAUTHENTICATED"),
    problem: |_, text| problem(text),
    refusals: &[
        refusal(
            "Problem processing request",
            &[Kind::Create, Kind::Delete, Kind::Step, Kind::Read],
            true,
        ),
        refusal("Not Authorized", &[Kind::Create, Kind::Delete], true),
        refusal("Service not found", &[Kind::Create], true),
        refusal(
            "An operation is already in progress",
            &[Kind::Create, Kind::Delete, Kind::Step],
            false,
        ),
        refusal(
            "Free plan resource provision limit exceeded. Please upgrade to provision more resources!",
            &[Kind::Create],
            false,
        ),
        refusal("Your account has been restricted", &[Kind::Create, Kind::Step], false),
        refusal("You are creating services too quickly", &[Kind::Create], false),
        refusal("Invalid service name", &[Kind::Create], false),
    ],
    names_may_double: true,
    has_rate_limit: true,
    settings: || vec![("numReplicas", Given::Number(2.0))],
    has_settings: true,
    takes_images: true,
    tells_images: true,
    knows_young: true,
    reads_any_object: false,
    may_seem_ready: false,
    healthy_create: |world| if layout(world) == Layout::Shared { 7 } else { 2 },
};

const fn refusal(text: &'static str, kinds: &'static [Kind], is_unclear: bool) -> Refusal {
    Refusal {
        kinds,
        status: 200,
        text,
        is_unclear,
    }
}

fn problem(text: &str) -> Answer {
    problem_with(text, "INTERNAL_SERVER_ERROR")
}

fn problem_with(text: &str, code: &str) -> Answer {
    let error = json!({ "message": text, "extensions": { "code": code }, "traceId": "5527782523421805956" });
    Answer::json(200, &json!({ "data": null, "errors": [error] }))
}

fn data(field: &str, value: &Value) -> Answer {
    Answer::json(200, &json!({ "data": { field: value } }))
}

fn furnish(world: &mut World) {
    let id = uuid(world);
    world.add(id, "postgres", None).image = Some("postgres:17".to_owned());
    if world.plan.name_is_taken {
        let id = uuid(world);
        world.add(id, "box-0", None).image = Some("nginx".to_owned());
    }
}

fn uuid(world: &mut World) -> String {
    let hex = world.dice.text("0123456789abcdef", 32);
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// What kind of environment is configured.
#[derive(PartialEq)]
enum Layout {
    Sole,
    Fork,
    Shared,
}

fn layout(world: &World) -> Layout {
    match world.plan.variant % 5 {
        0 | 1 => Layout::Sole,
        2 => Layout::Fork,
        _ => Layout::Shared,
    }
}

fn handle(world: &mut World, arrived: &Arrived) -> Answer {
    let keys: Vec<&str> = arrived
        .body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    let is_fit = arrived.method == "POST" && arrived.target == "/graphql/v2?source=computesdk_gateway";
    if !is_fit
        || keys
            .iter()
            .any(|key| !["operationName", "query", "variables"].contains(key))
    {
        return world.misunderstand(arrived, "envelope");
    }
    let name = text(&arrived.body, &["operationName"]).unwrap_or_default();
    let query = text(&arrived.body, &["query"]).unwrap_or_default();
    let kind = if arrived.kind == Kind::Read {
        "query"
    } else {
        "mutation"
    };
    if !query.starts_with(&format!("{kind} {name}(")) {
        return world.misunderstand(arrived, "document");
    }
    let variables = &arrived.body["variables"];
    let of = |path: &[&str]| text(variables, path).unwrap_or_default().to_owned();
    let input = |name: &str| of(&["input", name]);
    let is_here = |environment: &str, project: &str| environment == ENVIRONMENT && project == PROJECT;
    match name {
        "ServiceCreate" if is_here(&input("environmentId"), &input("projectId")) => {
            create(world, arrived, &variables["input"])
        }
        "ServiceDelete" => delete(world, &of(&["id"]), variables.get("environmentId")),
        "Service" => match world.known(&of(&["id"])) {
            Some(service) if service.deleted.is_none() => data("service", &service_node(service, false)),
            _ => problem("Service not found"),
        },
        "Project" if of(&["projectId"]) == PROJECT => {
            let shown: Vec<Value> = world
                .seen()
                .filter(|service| is_shown(world, service))
                .map(|service| json!({ "node": service_node(service, world.plan.shows_deletion) }))
                .collect();
            data("project", &json!({ "services": page(&shown) }))
        }
        "Environments" if of(&["projectId"]) == PROJECT => data("environments", &environments(world)),
        "Environment" if is_here(&of(&["environmentId"]), &of(&["projectId"])) => {
            let shown: Vec<Value> = world
                .seen()
                .filter(|service| is_shown(world, service) && !service.is_shell)
                .map(|service| json!({ "node": instance_node(world, service, ENVIRONMENT) }))
                .collect();
            let environment = json!({ "projectId": PROJECT, "deletedAt": null, "serviceInstances": page(&shown) });
            data("environment", &environment)
        }
        "ServiceInstance" => {
            let environment = of(&["environmentId"]);
            let is_known = environment == ENVIRONMENT || (environment == OTHER && layout(world) == Layout::Shared);
            let service = world.known(&of(&["serviceId"]));
            match service.filter(|service| is_known && !service.is_shell && world.sight(service) != Sight::Gone) {
                Some(service) => data("serviceInstance", &instance_node(world, service, &environment)),
                None => problem("ServiceInstance not found"),
            }
        }
        "Variables" if is_here(&of(&["environmentId"]), &of(&["projectId"])) => {
            match world
                .known(&of(&["serviceId"]))
                .filter(|service| world.sight(service) != Sight::Gone)
            {
                None => problem("ServiceInstance not found"),
                Some(service) => {
                    let token = service.token.as_ref().filter(|_| world.shows_token(service));
                    data(
                        "variables",
                        &token.map_or(json!({}), |token| json!({ OWNERSHIP_VARIABLE: token })),
                    )
                }
            }
        }
        "VariableCollectionUpsert" if is_here(&input("environmentId"), &input("projectId")) => {
            step(world, &input("serviceId"), "variableCollectionUpsert", |_| {})
        }
        "ServiceInstanceLimitsUpdate" => step(world, &input("serviceId"), "serviceInstanceLimitsUpdate", |_| {}),
        "ServiceInstanceUpdate" => {
            let image = of(&["input", "source", "image"]);
            step(world, &of(&["serviceId"]), "serviceInstanceUpdate", |service| {
                service.image = Some(image);
            })
        }
        "ServiceInstanceDeployV2" => {
            let id = of(&["serviceId"]);
            let deployment = uuid(world);
            match world.live(&id) {
                None => problem("ServiceInstance not found"),
                Some(service) if service.image.is_none() => problem("Problem processing request"),
                Some(_) => {
                    world.launch(&id);
                    data("serviceInstanceDeployV2", &Value::from(deployment))
                }
            }
        }
        _ => world.misunderstand(arrived, "operation or place"),
    }
}

fn create(world: &mut World, arrived: &Arrived, input: &Value) -> Answer {
    let name = text(input, &["name"]).unwrap_or_default();
    if name.is_empty() || name.len() > NAMES {
        return problem("Problem processing request");
    }
    if world.plan.names_are_unique && world.holder(name).is_some() {
        return problem(&format!("A service named \"{name}\" already exists in this project"));
    }
    let image = text(input, &["source", "image"]).map(str::to_owned);
    // A service with an image would start in every environment.
    if image.is_some() && layout(world) == Layout::Shared {
        return world.misunderstand(arrived, "it would start elsewhere");
    }
    let id = uuid(world);
    let service = world.add(id.clone(), name, Some(arrived));
    service.token = text(input, &["variables", OWNERSHIP_VARIABLE]).map(str::to_owned);
    service.image.clone_from(&image);
    let node = service_node(service, false);
    if image.is_some() {
        world.launch(&id);
    }
    data("serviceCreate", &node)
}

fn delete(world: &mut World, id: &str, environment: Option<&Value>) -> Answer {
    if world.live(id).is_none() {
        return problem(
            ["Not Authorized", "Problem processing request", "Service not found"]
                [usize::try_from(world.plan.variant % 3).unwrap()],
        );
    }
    if let Some(Value::String(_)) = environment
        && let Some(service) = world.live(id)
    {
        // Only the instance: the service stays, and keeps its name.
        (service.image, service.launched, service.is_shell) = (None, None, true);
        return data("serviceDelete", &Value::Bool(true));
    }
    world.delete(id);
    data("serviceDelete", &Value::Bool(true))
}

/// Changes the instance of a service. Without one Railway says `true` and does nothing.
fn step(world: &mut World, id: &str, field: &str, change: impl FnOnce(&mut Resource)) -> Answer {
    if let Some(service) = world.live(id) {
        change(service);
    } else if field != "serviceInstanceUpdate" {
        return problem("ServiceInstance not found");
    }
    data(field, &Value::Bool(true))
}

/// Lists leave out what is deleted, or show it with the date of its deletion.
fn is_shown(world: &World, service: &Resource) -> bool {
    world.sight(service) == Sight::Live || world.plan.stale > 0
}

fn page(edges: &[Value]) -> Value {
    json!({ "edges": edges, "pageInfo": { "hasNextPage": false, "endCursor": null } })
}

fn environments(world: &World) -> Value {
    let node = |id: &str, is_fork: bool| {
        let source = is_fork.then(|| json!({ "id": OTHER }));
        json!({ "node": { "id": id, "deletedAt": null, "sourceEnvironment": source } })
    };
    page(&match layout(world) {
        Layout::Sole => vec![node(ENVIRONMENT, false)],
        Layout::Fork => vec![node(OTHER, false), node(ENVIRONMENT, true)],
        Layout::Shared => vec![node(OTHER, false), node(ENVIRONMENT, false)],
    })
}

fn service_node(service: &Resource, shows_deletion: bool) -> Value {
    json!({
        "id": service.id,
        "name": service.name,
        "projectId": PROJECT,
        "createdAt": World::date(service.created),
        "deletedAt": service.deleted.filter(|_| shows_deletion).map(World::date),
    })
}

fn instance_node(world: &World, service: &Resource, environment: &str) -> Value {
    let is_here = environment == ENVIRONMENT;
    let status = match world.progress(service) {
        Progress::NotStarted => None,
        _ if !is_here => None,
        Progress::Starting => Some("DEPLOYING"),
        Progress::Up => Some("SUCCESS"),
        Progress::Failed => Some("CRASHED"),
    };
    let deployment = status.map(|status| {
        json!({ "id": format!("deployment of {}", service.id), "status": status, "url": null, "staticUrl": null,
            "deploymentStopped": status == "CRASHED" })
    });
    let deleted = service.deleted.filter(|_| world.plan.shows_deletion).map(World::date);
    json!({
        "serviceId": service.id,
        "serviceName": service.name,
        "environmentId": environment,
        "createdAt": World::date(service.created),
        "deletedAt": deleted,
        "source": service.image.as_ref().filter(|_| is_here).map(|image| json!({ "image": image, "repo": null })),
        "service": { "projectId": PROJECT, "deletedAt": deleted },
        "latestDeployment": deployment,
    })
}
