//! Vercel (docs/providers/vercel.md). A sandbox's name is its id, and free again when the sandbox is deleted. The daemon is a
//! command in it.

use serde_json::{Value, json};

use super::{Answer, Arrived, Provider, Refusal, Resource, RunningCommand, Sight, World, text};
use crate::providers::vercel::FACTORY;
use crate::simulation::faults::Kind;
use crate::simulation::fields::Given;
use crate::simulation::plan::Course;

const TEAM: &str = "team_1";
const PROJECT: &str = "prj_1";
const TOKEN: &str = "computesdk-create-mark";
const INSTALL: &str = "computesdk-install";

pub(super) static VERCEL: Provider = Provider {
    factory: &FACTORY,
    config: || {
        vec![
            ("teamId", Given::Text(TEAM.to_owned())),
            ("projectId", Given::Text(PROJECT.to_owned())),
        ]
    },
    credential: "VERCEL_TOKEN",
    operations: &[
        ("POST /v3/sandboxes", Kind::Create),
        ("DELETE /v2/sandboxes/{name}", Kind::Delete),
        ("POST /v2/sandboxes/sessions/{sessionId}/cmd", Kind::Step),
        ("GET /v2/sandboxes/{name}", Kind::Read),
        ("GET /v2/sandboxes", Kind::Read),
        ("GET /v2/sandboxes/sessions/{sessionId}/cmd", Kind::Read),
        ("GET /v2/sandboxes/sessions/{sessionId}/cmd/{commandId}", Kind::Read),
        (
            "GET /v2/sandboxes/sessions/{sessionId}/cmd/{commandId}/logs",
            Kind::Read,
        ),
    ],
    handle,
    furnish,
    unauthenticated: || {
        let error = json!({ "code": "forbidden", "message": "Not authorized", "invalidToken": true });
        Answer::json(403, &json!({ "error": error }))
    },
    problem,
    refusals: &[
        refusal(
            402,
            "A payment method is required to use Vercel Sandbox.",
            &[Kind::Create],
            false,
        ),
        refusal(400, "Invalid request: name.", &[Kind::Create], false),
        refusal(
            403,
            "You don't have permission to access this resource.",
            &[Kind::Create],
            false,
        ),
        refusal(404, "Project not found.", &[Kind::Create], false),
        refusal(409, "conflict", &[Kind::Create], true),
        refusal(
            500,
            "internal server error",
            &[Kind::Create, Kind::Delete, Kind::Step, Kind::Read],
            true,
        ),
        refusal(422, "sandbox_pending", &[Kind::Step], false),
    ],
    names_may_double: false,
    has_rate_limit: true,
    settings: Vec::new,
    has_settings: false,
    takes_images: false,
    tells_images: false,
    knows_young: false,
    reads_any_object: false,
    may_seem_ready: true,
    // The command, and looks at it until it has run for two seconds.
    healthy_create: |_| 9,
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
    let code = match status {
        404 => "not_found",
        422 => text,
        _ => "bad_request",
    };
    Answer::json(status, &json!({ "error": { "code": code, "message": text } }))
}

fn not_found(name: &str) -> Answer {
    problem(404, &format!("Named sandbox '{name}' not found for this project."))
}

fn furnish(world: &mut World) {
    world.add("somebody-elses".to_owned(), "somebody-elses", None).kind = "sandbox";
    if world.plan.name_is_taken {
        world.add("box-0".to_owned(), "box-0", None).kind = "sandbox";
    }
}

fn handle(world: &mut World, arrived: &Arrived) -> Answer {
    let query = |name: &str| arrived.query.get(name).map(String::as_str);
    if query("teamId") != Some(TEAM) {
        return world.misunderstand(arrived, "team");
    }
    let path: Vec<&str> = arrived.path.iter().map(String::as_str).collect();
    match (arrived.method.as_str(), &path[..]) {
        ("POST", ["api", "v3", "sandboxes"]) => create(world, arrived),
        ("GET", ["api", "v2", "sandboxes"]) if query("project") == Some(PROJECT) => {
            let shown: Vec<Value> = world.seen().map(|sandbox| view(world, sandbox)).collect();
            Answer::json(
                200,
                &json!({ "sandboxes": shown, "pagination": { "count": shown.len(), "next": null } }),
            )
        }
        (_, ["api", "v2", "sandboxes", "sessions", session, "cmd", rest @ ..]) => {
            command(world, arrived, session, rest)
        }
        ("GET", ["api", "v2", "sandboxes", name]) if query("projectId") == Some(PROJECT) => {
            match world.known(name).filter(|sandbox| world.sight(sandbox) != Sight::Gone) {
                Some(sandbox) => Answer::json(200, &found(world, sandbox)),
                None => not_found(name),
            }
        }
        ("DELETE", ["api", "v2", "sandboxes", name]) if query("projectId") == Some(PROJECT) => {
            let is_hidden = world.plan.variant.is_multiple_of(2)
                && world.known(name).is_some_and(|sandbox| world.now < sandbox.visible);
            if is_hidden || !world.delete(name) {
                not_found(name)
            } else {
                Answer::json(200, &json!({ "sandbox": { "name": name, "status": "stopped" } }))
            }
        }
        _ => world.misunderstand(arrived, "route"),
    }
}

fn create(world: &mut World, arrived: &Arrived) -> Answer {
    let body = &arrived.body;
    let known = [
        "projectId",
        "name",
        "persistent",
        "env",
        "tags",
        "ports",
        "timeout",
        "resources",
        "image",
        "region",
    ];
    let is_fit = body
        .as_object()
        .is_some_and(|fields| fields.keys().all(|field| known.contains(&field.as_str())))
        && text(body, &["projectId"]) == Some(PROJECT);
    let (Some(name), true) = (text(body, &["name"]), is_fit) else {
        return world.misunderstand(arrived, "body");
    };
    if world.holder(name).is_some() {
        let words = format!(
            "A sandbox with the name '{name}' already exists for this project. Use GET /sandboxes/:name to retrieve it."
        );
        return problem(400, &words);
    }
    let tags = body["tags"].as_object().cloned().unwrap_or_default();
    let sandbox = world.add(name.to_owned(), name, Some(arrived));
    sandbox.kind = "sandbox";
    sandbox.image = Some("vercel's own".to_owned());
    sandbox.labels = tags
        .iter()
        .filter_map(|(tag, value)| Some((tag.clone(), value.as_str()?.to_owned())))
        .collect();
    sandbox.token = sandbox.labels.get(TOKEN).cloned();
    let sandbox = sandbox.clone();
    Answer::json(200, &found(world, &sandbox))
}

/// The session of a sandbox: one per creation.
fn session_of(sandbox: &Resource) -> String {
    format!("sbx_{}_{}", sandbox.name, sandbox.created)
}

fn found(world: &World, sandbox: &Resource) -> Value {
    json!({
        "sandbox": view(world, sandbox),
        "session": { "id": session_of(sandbox), "projectId": PROJECT, "status": "running" },
        "routes": [],
    })
}

fn view(world: &World, sandbox: &Resource) -> Value {
    let is_stopped = sandbox.deleted.is_some() && world.plan.shows_deletion;
    json!({
        "name": sandbox.name,
        "currentSessionId": session_of(sandbox),
        "status": if is_stopped { "stopped" } else { "running" },
        "createdAt": 1_800_000_000_000_u64 + sandbox.created,
        "region": "iad1",
        "vcpus": 2,
        "tags": sandbox.labels,
    })
}

fn command(world: &mut World, arrived: &Arrived, session: &str, rest: &[&str]) -> Answer {
    let is_here = |sandbox: &Resource| sandbox.deleted.is_none() && session_of(sandbox) == session;
    let Some(name) = world
        .resources
        .iter()
        .find(|sandbox| is_here(sandbox))
        .map(|sandbox| sandbox.id.clone())
    else {
        return if world.plan.variant.is_multiple_of(3) {
            let error = json!({ "code": "sandbox_stopped", "message": "Sandbox has stopped execution and is no longer available." });
            Answer::json(410, &json!({ "error": error }))
        } else {
            problem(404, "Sandbox session not found.")
        };
    };
    match (arrived.method.as_str(), rest) {
        ("POST", []) => {
            let args: Vec<String> = arrived.body["args"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|arg| Some(arg.as_str()?.to_owned()))
                .collect();
            if text(&arrived.body, &["command"]) != Some("sh") || args.len() != 3 {
                return world.misunderstand(arrived, "command");
            }
            let command = RunningCommand {
                id: format!("cmd_{}", world.dice.text("0123456789abcdef", 20)),
                began: world.now,
                args,
            };
            if command.args[2] == INSTALL {
                world.launch(&name);
            }
            // A detached command is told as running, whatever has become of it since.
            let mut started = view_command(world, &command);
            started["exitCode"] = Value::Null;
            if let Some(sandbox) = world.live(&name) {
                sandbox.commands.push(command);
            }
            Answer::json(200, &json!({ "command": started }))
        }
        ("GET", []) => {
            let commands = world
                .known(&name)
                .map(|sandbox| sandbox.commands.clone())
                .unwrap_or_default();
            let shown: Vec<Value> = commands
                .iter()
                .rev()
                .map(|command| view_command(world, command))
                .collect();
            Answer::json(200, &json!({ "commands": shown }))
        }
        ("GET", [id]) => {
            let commands = world
                .known(&name)
                .map(|sandbox| sandbox.commands.clone())
                .unwrap_or_default();
            match commands.iter().find(|command| command.id == *id) {
                Some(command) => Answer::json(200, &json!({ "command": view_command(world, command) })),
                None => problem(404, "Command not found."),
            }
        }
        ("GET", [_, "logs"]) => Answer::text(
            200,
            "{\"stream\":\"stderr\",\"data\":\"cannot start with sim-secret-access-token\\n\"}\n",
        ),
        _ => world.misunderstand(arrived, "route of commands"),
    }
}

/// The daemon stays; what waits for it ends when it is there.
fn view_command(world: &World, command: &RunningCommand) -> Value {
    let has_run = world.now >= command.began + world.plan.start;
    let exit_code = match (command.args[2] == INSTALL, world.plan.course) {
        (true, Course::Fails) if has_run => Some(1),
        (false, Course::Well) if has_run => Some(0),
        _ => None,
    };
    json!({ "id": command.id, "name": "sh", "args": command.args, "exitCode": exit_code })
}
