//! Render (docs/providers/render.md). A listing lags behind creates; so do variables, and in some worlds reads by id.

use serde_json::{Value, json};

use super::{Answer, Arrived, Progress, Provider, Refusal, Resource, Sight, World, text};
use crate::model::handle::OWNERSHIP_VARIABLE;
use crate::providers::render::FACTORY;
use crate::simulation::faults::Kind;
use crate::simulation::fields::Given;

const OWNER: &str = "tea-d1234567890abcdefghi";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

pub(super) static RENDER: Provider = Provider {
    factory: &FACTORY,
    config: || vec![("ownerId", Given::Text(OWNER.to_owned()))],
    credential: "RENDER_API_KEY",
    operations: &[
        ("POST /services", Kind::Create),
        ("DELETE /services/{serviceId}", Kind::Delete),
        ("GET /services", Kind::Read),
        ("GET /services/{serviceId}", Kind::Read),
        ("GET /services/{serviceId}/deploys", Kind::Read),
        ("GET /services/{serviceId}/deploys/{deployId}", Kind::Read),
        ("GET /services/{serviceId}/env-vars/{name}", Kind::Read),
    ],
    handle,
    furnish,
    unauthenticated: || problem(401, "Unauthorized"),
    problem,
    refusals: &[
        refusal(
            402,
            "Payment information is required to complete this request.",
            &[Kind::Create],
            false,
        ),
        refusal(400, "invalid JSON", &[Kind::Create], false),
        refusal(404, "not found: tea-1", &[Kind::Create], false),
        refusal(
            500,
            "internal server error",
            &[Kind::Create, Kind::Delete, Kind::Read],
            true,
        ),
        refusal(
            503,
            "please try again later",
            &[Kind::Create, Kind::Delete, Kind::Read],
            true,
        ),
    ],
    names_may_double: true,
    has_rate_limit: true,
    settings: Vec::new,
    has_settings: false,
    takes_images: true,
    tells_images: true,
    knows_young: false,
    reads_any_object: false,
    may_seem_ready: false,
    healthy_create: |_| 1,
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

fn not_found(id: &str) -> Answer {
    problem(404, &format!("not found: {id}"))
}

fn furnish(world: &mut World) {
    let kinds = [("shop", "static_site"), ("nightly", "cron_job"), ("api", "web_service")];
    for (name, kind) in kinds {
        let id = make_id(world);
        world.add(id, name, None).kind = kind;
    }
    if world.plan.name_is_taken {
        let id = make_id(world);
        world.add(id, "box-0", None).kind = "web_service";
    }
}

fn make_id(world: &mut World) -> String {
    format!("srv-{}", world.dice.text(LETTERS, 20))
}

fn handle(world: &mut World, arrived: &Arrived) -> Answer {
    let path: Vec<&str> = arrived.path.iter().map(String::as_str).collect();
    match (arrived.method.as_str(), &path[..]) {
        ("POST", ["v1", "services"]) => create(world, arrived),
        ("GET", ["v1", "services"]) => list(world, arrived),
        ("DELETE", ["v1", "services", id]) => {
            if world.delete(id) {
                Answer::empty(204)
            } else {
                not_found(id)
            }
        }
        ("GET", ["v1", "services", id]) => match find(world, id) {
            Some(service) => Answer::json(200, &view(service)),
            None => not_found(id),
        },
        ("GET", ["v1", "services", id, "deploys"]) => match find(world, id) {
            Some(service) => Answer::json(200, &json!([{ "deploy": deploy(world, service), "cursor": "c" }])),
            None => not_found(id),
        },
        ("GET", ["v1", "services", id, "deploys", deploy_id]) => match find(world, id) {
            Some(service) if *deploy_id == format!("dep-of-{id}") => Answer::json(200, &deploy(world, service)),
            _ => not_found(deploy_id),
        },
        ("GET", ["v1", "services", id, "env-vars", name]) if *name == OWNERSHIP_VARIABLE => {
            let service = find(world, id).filter(|service| world.shows_token(service));
            match service.and_then(|service| service.token.as_ref()) {
                Some(token) => Answer::json(200, &json!({ "key": name, "value": token })),
                None => not_found(name),
            }
        }
        _ => world.misunderstand(arrived, "route"),
    }
}

/// Returns the service as reads by id see it. In most worlds they do not lag.
fn find<'a>(world: &'a World, id: &str) -> Option<&'a Resource> {
    let service = world.known(id)?;
    let is_young = world.plan.variant.is_multiple_of(3) && world.now < service.visible;
    let is_there = service.deleted.is_none() || world.sight(service) == Sight::Stale;
    (is_there && !is_young).then_some(service)
}

fn create(world: &mut World, arrived: &Arrived) -> Answer {
    let body = &arrived.body;
    let known = [
        "type",
        "name",
        "ownerId",
        "autoDeploy",
        "environmentId",
        "image",
        "envVars",
        "serviceDetails",
    ];
    let is_fit = body
        .as_object()
        .is_some_and(|fields| fields.keys().all(|field| known.contains(&field.as_str())))
        && text(body, &["ownerId"]) == Some(OWNER)
        && text(body, &["image", "ownerId"]) == Some(OWNER)
        && text(body, &["autoDeploy"]) == Some("no")
        && text(body, &["serviceDetails", "runtime"]) == Some("image");
    let (Some(name), Some(image), true) = (text(body, &["name"]), text(body, &["image", "imagePath"]), is_fit) else {
        return world.misunderstand(arrived, "body");
    };
    if world.plan.names_are_unique && world.holder(name).is_some() {
        return problem(
            [400, 409][usize::from(world.plan.variant.is_multiple_of(2))],
            &format!("name: {name} already in use"),
        );
    }
    let token = body["envVars"].as_array().into_iter().flatten().find_map(|variable| {
        let is_token = text(variable, &["key"]) == Some(OWNERSHIP_VARIABLE);
        is_token
            .then(|| text(variable, &["value"]).map(str::to_owned))
            .flatten()
    });
    let id = make_id(world);
    let service = world.add(id.clone(), name, Some(arrived));
    service.kind = "web_service";
    (service.token, service.image) = (token, Some(image.to_owned()));
    let view = view(service);
    world.launch(&id);
    Answer::json(201, &json!({ "service": view, "deployId": format!("dep-of-{id}") }))
}

fn list(world: &mut World, arrived: &Arrived) -> Answer {
    let query = |name: &str| arrived.query.get(name).map(String::as_str);
    let known = ["ownerId", "name", "type", "includePreviews", "limit", "cursor"];
    let is_known = arrived.query.keys().all(|name| known.contains(&name.as_str()));
    if !is_known || query("ownerId") != Some(OWNER) || query("cursor").is_some() {
        return world.misunderstand(arrived, "query");
    }
    // The filter may match parts of names.
    let has_name = |service: &Resource| {
        query("name").is_none_or(|name| {
            if world.plan.variant.is_multiple_of(2) {
                service.name == name
            } else {
                service.name.contains(name)
            }
        })
    };
    let has_kind =
        |service: &Resource| query("type").is_none_or(|kinds| kinds.split(',').any(|kind| kind == service.kind));
    let shown = world.seen().filter(|service| has_name(service) && has_kind(service));
    let shown: Vec<Value> = shown
        .map(|service| json!({ "service": view(service), "cursor": service.id }))
        .collect();
    Answer::json(200, &Value::from(shown))
}

fn view(service: &Resource) -> Value {
    json!({
        "id": service.id,
        "name": service.name,
        "ownerId": OWNER,
        "type": service.kind,
        "createdAt": World::date(service.created),
        "imagePath": service.image,
        "suspended": "not_suspended",
        "suspenders": [],
        "serviceDetails": { "url": format!("https://{}.onrender.com", service.name), "plan": "starter", "region": "oregon" },
    })
}

fn deploy(world: &World, service: &Resource) -> Value {
    let status = match world.progress(service) {
        Progress::NotStarted | Progress::Starting => "update_in_progress",
        Progress::Up => "live",
        Progress::Failed => "update_failed",
    };
    json!({ "id": format!("dep-of-{}", service.id), "status": status, "createdAt": World::date(service.created) })
}
