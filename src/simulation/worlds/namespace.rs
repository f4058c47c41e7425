//! Namespace (docs/providers/namespace.md). The tag of a create is unique: a second create is answered with the first one's
//! instance. Deletions may lag like reads: a young instance is not found.

use serde_json::{Value, json};

use super::{Answer, Arrived, Progress, Provider, Refusal, Resource, Sight, World, text};
use crate::providers::namespace::FACTORY;
use crate::simulation::faults::Kind;
use crate::simulation::fields::Given;

const SERVICE: &str = "namespace.cloud.compute.v1beta.ComputeService";
const NAME: &str = "computesdk.name";
const TOKEN: &str = "computesdk.create-mark";

pub(super) static NAMESPACE: Provider = Provider {
    factory: &FACTORY,
    config: || vec![("region", Given::Text("us".to_owned()))],
    credential: "NSC_TOKEN",
    operations: &[
        ("CreateInstance", Kind::Create),
        ("DestroyInstance", Kind::Delete),
        ("DescribeInstance", Kind::Read),
        ("ListInstances", Kind::Read),
    ],
    handle,
    furnish,
    unauthenticated: || problem(401, "invalid token"),
    problem,
    refusals: &[
        refusal(400, "a label has the wrong form", &[Kind::Create], false),
        refusal(
            403,
            "not allowed to create resource \"instance\"",
            &[Kind::Create],
            false,
        ),
        refusal(429, "no available region", &[Kind::Create], false),
        refusal(500, "internal", &[Kind::Create, Kind::Delete, Kind::Read], true),
        refusal(503, "unavailable", &[Kind::Create, Kind::Delete, Kind::Read], true),
        refusal(
            504,
            "deadline exceeded",
            &[Kind::Create, Kind::Delete, Kind::Read],
            true,
        ),
    ],
    names_may_double: true,
    has_rate_limit: true,
    settings: Vec::new,
    has_settings: false,
    takes_images: true,
    tells_images: false,
    knows_young: false,
    reads_any_object: true,
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

/// Codes of Connect by the status that goes with each.
const CODES: [(u16, &str); 8] = [
    (400, "invalid_argument"),
    (401, "unauthenticated"),
    (403, "permission_denied"),
    (404, "not_found"),
    (429, "resource_exhausted"),
    (500, "internal"),
    (503, "unavailable"),
    (504, "deadline_exceeded"),
];

fn problem(status: u16, text: &str) -> Answer {
    let code = CODES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or("unknown", |(_, code)| code);
    Answer::json(status, &json!({ "code": code, "message": text }))
}

/// What a second deletion is told. The detail is that of a destroyed environment.
fn is_gone() -> Answer {
    let detail = json!({ "type": "nsl.clusters.v1.EnvironmentDestroyed", "value": "CgNhYmM" });
    let body =
        json!({ "code": "failed_precondition", "message": "the instance is no longer running", "details": [detail] });
    Answer::json(400, &body)
}

fn furnish(world: &mut World) {
    let id = make_id(world);
    world.add(id, "", None).labels = [("team".to_owned(), "web".to_owned())].into();
    if world.plan.name_is_taken {
        let id = make_id(world);
        world.add(id, "box-0", None).labels = [(NAME.to_owned(), "box-0".to_owned())].into();
    }
}

fn make_id(world: &mut World) -> String {
    world.dice.text("abcdefghijklmnopqrstuvwxyz0123456789", 13)
}

fn handle(world: &mut World, arrived: &Arrived) -> Answer {
    let (Some([service, method]), "POST") = (arrived.path.first_chunk::<2>(), arrived.method.as_str()) else {
        return world.misunderstand(arrived, "route");
    };
    if service != SERVICE || arrived.path.len() != 2 {
        return world.misunderstand(arrived, "service");
    }
    let id = text(&arrived.body, &["instanceId"]).unwrap_or_default();
    match method.as_str() {
        "CreateInstance" => create(world, arrived),
        "DescribeInstance" => match world
            .known(id)
            .filter(|found| world.sight(found) != Sight::Gone || is_remembered(world, found))
        {
            Some(instance) => Answer::json(
                200,
                &json!({ "metadata": view(world, instance), "shutdownReasons": [] }),
            ),
            None => problem(404, &format!("no instance {id}")),
        },
        "DestroyInstance" => destroy(world, id),
        "ListInstances" => list(world, arrived),
        _ => world.misunderstand(arrived, "method"),
    }
}

/// Namespace still describes what is destroyed.
fn is_remembered(world: &World, instance: &Resource) -> bool {
    instance.deleted.is_some() && world.now >= instance.visible
}

fn create(world: &mut World, arrived: &Arrived) -> Answer {
    let body = &arrived.body;
    let (Some(tag), Some(labels)) = (text(body, &["experimental", "uniqueTag"]), body["labels"].as_array()) else {
        return world.misunderstand(arrived, "body");
    };
    let label = |name: &str| {
        let found = labels.iter().find(|label| text(label, &["name"]) == Some(name))?;
        text(found, &["value"]).map(str::to_owned)
    };
    if label(NAME).as_deref() != Some(tag) {
        return world.misunderstand(arrived, "labels");
    }
    if world.plan.names_are_unique
        && let Some(holder) = world.holder(tag)
    {
        return Answer::json(200, &json!({ "metadata": view(world, holder) }));
    }
    let id = make_id(world);
    let image = text(&body["containers"][0], &["imageRef"]).map(str::to_owned);
    let written: Vec<(String, String)> = labels
        .iter()
        .filter_map(|label| Some((text(label, &["name"])?.to_owned(), text(label, &["value"])?.to_owned())))
        .collect();
    let instance = world.add(id.clone(), tag, Some(arrived));
    instance.token = label(TOKEN);
    instance.image = image;
    instance.labels = written.into_iter().collect();
    world.launch(&id);
    let view = world.known(&id).map(|instance| view(world, instance));
    Answer::json(200, &json!({ "metadata": view }))
}

fn destroy(world: &mut World, id: &str) -> Answer {
    let is_late = world.plan.variant.is_multiple_of(2);
    let Some(instance) = world.known(id) else {
        return problem(404, &format!("no instance {id}"));
    };
    if is_late && world.now < instance.visible {
        return problem(404, &format!("no instance {id}"));
    }
    if world.delete(id) {
        Answer::json(200, &json!({}))
    } else if world.plan.variant.is_multiple_of(3) {
        problem(404, &format!("no instance {id}"))
    } else {
        is_gone()
    }
}

fn list(world: &mut World, arrived: &Arrived) -> Answer {
    let body = &arrived.body;
    let is_fit = body["includeCompleteRuns"] == Value::Bool(true) && body.get("paginationCursor").is_none();
    if !is_fit {
        return world.misunderstand(arrived, "body");
    }
    let filters: Vec<(&str, &str)> = body["labelFilter"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|filter| Some((text(filter, &["name"])?, text(filter, &["value"])?)))
        .collect();
    let fits = |instance: &Resource| {
        filters
            .iter()
            .all(|(name, value)| instance.labels.get(*name).is_some_and(|found| found == value))
    };
    let shown: Vec<Value> = world
        .seen()
        .filter(|instance| fits(instance))
        .map(|instance| view(world, instance))
        .collect();
    // Answers leave out what is empty.
    let body = if shown.is_empty() {
        json!({})
    } else {
        json!({ "instances": shown })
    };
    Answer::json(200, &body)
}

fn view(world: &World, instance: &Resource) -> Value {
    let is_shown_as_gone =
        instance.deleted.is_some() && (world.plan.shows_deletion || world.sight(instance) == Sight::Gone);
    let status = match world.progress(instance) {
        _ if is_shown_as_gone => "DESTROYED",
        Progress::NotStarted | Progress::Starting => "CREATING",
        Progress::Up => "RUNNING",
        Progress::Failed => "ERROR",
    };
    let labels: Vec<Value> = instance
        .labels
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "instanceId": instance.id,
        "createdAt": World::date(instance.created),
        "destroyedAt": instance.deleted.filter(|_| is_shown_as_gone).map(World::date),
        "deadline": World::date(instance.created + 3_600_000),
        "status": status,
        "labels": labels,
    })
}
