//! In-memory worlds of the providers. Each handles HTTP messages as its fake server does (`__test__/servers`), and takes a
//! request that it does not understand for a broken invariant.

mod docker;
mod namespace;
mod railway;
mod render;
mod vercel;

use std::collections::BTreeMap;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clock::Timeline;
use super::dice::Dice;
use super::faults::Kind;
use super::fields::Given;
use super::plan::{Course, WorldPlan};
use crate::http::message::{Request, Response};
use crate::model::handle::is_managed_name;
use crate::provider::config::ProviderFactory;

/// Every provider.
pub(super) static PROVIDERS: [&Provider; 5] = [
    &railway::RAILWAY,
    &render::RENDER,
    &namespace::NAMESPACE,
    &vercel::VERCEL,
    &docker::DOCKER,
];

/// What the simulation has to know of a provider.
pub(super) struct Provider {
    pub(super) factory: &'static ProviderFactory,
    pub(super) config: fn() -> Vec<(&'static str, Given)>,
    /// The variable of the credential; empty where there is none.
    pub(super) credential: &'static str,
    pub(super) operations: &'static [(&'static str, Kind)],
    pub(super) handle: fn(&mut World, &Arrived) -> Answer,
    /// Puts what is there before a scenario begins.
    pub(super) furnish: fn(&mut World),
    pub(super) unauthenticated: fn() -> Answer,
    pub(super) problem: fn(u16, &str) -> Answer,
    pub(super) refusals: &'static [Refusal],
    /// Whether its API leaves open that a name exists twice.
    pub(super) names_may_double: bool,
    pub(super) has_rate_limit: bool,
    /// The option that takes further requests, if there is one.
    pub(super) settings: fn() -> Vec<(&'static str, Given)>,
    pub(super) has_settings: bool,
    /// Whether a create may name any image.
    pub(super) takes_images: bool,
    /// Whether reads tell the image, so that a key is not used for two.
    pub(super) tells_images: bool,
    /// Whether a destroy knows that an instance of another process may be too young to show.
    pub(super) knows_young: bool,
    /// Whether an answer with no field that is known is an empty one, as in the JSON of Protocol Buffers.
    pub(super) reads_any_object: bool,
    /// Whether something that will fail may run long enough to count as ready.
    pub(super) may_seem_ready: bool,
    /// The most requests of a healthy create with a random name. With a key or a name there is one more.
    pub(super) healthy_create: fn(&World) -> u32,
}

/// A refusal of the provider's.
pub(super) struct Refusal {
    pub(super) kinds: &'static [Kind],
    pub(super) status: u16,
    pub(super) text: &'static str,
    /// Whether the request may have had an effect all the same.
    pub(super) is_unclear: bool,
}

impl Provider {
    /// Returns the name in tables.
    pub(super) fn name(&self) -> &'static str {
        self.factory.semantics.identity.name
    }

    /// Returns the operation of a request.
    pub(super) fn operation(&self, request: &Request) -> (&'static str, Kind) {
        let known = self.operations.iter().find(|(name, _)| match request.operation_name {
            Some(operation) => *name == operation,
            None => name
                .split_once(' ')
                .is_some_and(|(method, path)| method == request.method.as_str() && path == request.template),
        });
        known.copied().unwrap_or(("another operation", Kind::Read))
    }

    /// Returns for each refusal of requests of a kind whether it is unclear.
    pub(super) fn refusals(&self, kind: Kind) -> Vec<bool> {
        self.refusals_of(kind).map(|refusal| refusal.is_unclear).collect()
    }

    /// Makes a refusal of a request of a kind.
    pub(super) fn refuse(&self, kind: Kind, which: usize) -> Answer {
        match self.refusals_of(kind).nth(which) {
            Some(refusal) => (self.problem)(refusal.status, refusal.text),
            None => (self.problem)(500, "unknown"),
        }
    }

    fn refusals_of(&self, kind: Kind) -> impl Iterator<Item = &'static Refusal> {
        self.refusals
            .iter()
            .filter(move |refusal| refusal.kinds.contains(&kind))
    }
}

/// A request as the provider sees it.
pub(super) struct Arrived {
    pub(super) number: u32,
    /// When the client sent it.
    pub(super) sent: u64,
    pub(super) process: usize,
    pub(super) call: Option<usize>,
    pub(super) operation: &'static str,
    pub(super) kind: Kind,
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    /// The parts of the path, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) credential: Option<String>,
    pub(super) text: String,
    pub(super) body: Value,
}

impl Arrived {
    /// Reads a request.
    pub(super) fn new(
        request: &Request,
        operation: &'static str,
        kind: Kind,
        process: usize,
        call: Option<usize>,
        (number, sent): (u32, u64),
    ) -> Self {
        let header = |name: &str| request.headers.get(name)?.to_str().ok();
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let target = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        let text = String::from_utf8_lossy(&request.body).into_owned();
        Self {
            number,
            sent,
            process,
            call,
            operation,
            kind,
            method: request.method.to_string(),
            path: request
                .url
                .path_segments()
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            query: request.url.query_pairs().into_owned().collect(),
            credential: bearer.or_else(|| header("project-access-token")).map(str::to_owned),
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
            target,
        }
    }

    /// Returns it for the story.
    pub(super) fn line(&self) -> String {
        let body = self.body.get("variables").unwrap_or(&self.body);
        let body = if body.is_null() {
            String::new()
        } else {
            format!(" {body}")
        };
        format!("{} [{} {}]{body}", self.operation, self.method, self.target)
    }
}

/// An answer of the provider's.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Answer {
    /// Makes an answer of JSON.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Bytes::from(body.to_string()),
        }
    }

    /// Makes an answer of text.
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::from(body.to_owned()),
        }
    }

    /// Makes an answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self::text(status, "")
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the answer as it would speak of another resource.
    pub(super) fn of_another(mut self) -> Self {
        let mut text = String::from_utf8_lossy(&self.body).into_owned();
        for marker in ["computesdk-", "box-", "\"Id\":\""] {
            let mut from = 0;
            while let Some(found) = text[from..].find(marker) {
                let begin = from + found + marker.len();
                let end = text[begin..].find('"').map_or(text.len(), |length| begin + length);
                let other: String = "7".repeat(end - begin);
                text.replace_range(begin..end, &other);
                from = end;
            }
        }
        self.body = Bytes::from(text);
        self
    }

    /// Returns the answer with dates of another type.
    pub(super) fn drifted(mut self) -> Self {
        let Ok(mut body) = serde_json::from_slice::<Value>(&self.body) else {
            return self;
        };
        drift(&mut body);
        self.body = Bytes::from(body.to_string());
        self
    }

    /// Returns it for the story.
    pub(super) fn line(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(300).collect();
        format!("{} {shown}", self.status)
    }

    /// Returns it as the core receives it.
    pub(super) fn into_response(self) -> Response {
        let headers: HeaderMap = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_str(value).ok()?)))
            .collect();
        Response::new(self.status, headers, self.body)
    }
}

fn drift(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "createdAt" | "Created" | "updatedAt" => *field = Value::Bool(true),
                    _ => drift(field),
                }
            }
            fields.insert("aNewField".to_owned(), Value::from(vec![1, 2]));
        }
        Value::Array(items) => items.iter_mut().for_each(drift),
        _ => {}
    }
}

/// Something that the provider has.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Whether somebody else has made it.
    pub(super) is_foreign: bool,
    pub(super) token: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) image: Option<String>,
    pub(super) created: u64,
    /// From when reads show it, and its ownership token.
    pub(super) visible: u64,
    pub(super) token_visible: u64,
    pub(super) deleted: Option<u64>,
    /// When the request that deleted it was sent.
    pub(super) deletion_sent: u64,
    stale_until: u64,
    /// Whether nothing is left of it but the name.
    pub(super) is_shell: bool,
    /// When what it is for was started last, and how often that was.
    pub(super) launched: Option<u64>,
    pub(super) launches: u32,
    /// Commands that run in it.
    pub(super) commands: Vec<RunningCommand>,
    /// Which process and call has made it, by which request.
    pub(super) process: usize,
    pub(super) call: Option<usize>,
    pub(super) request: u32,
}

impl Resource {
    /// Returns whether a listing of instances shows it: it is of a kind that creates make.
    pub(super) fn is_listed(&self) -> bool {
        let has_something_to_run = self.image.is_some() || self.launched.is_some();
        !matches!(self.kind, "static_site" | "cron_job" | "task")
            && !self.is_shell
            && (has_something_to_run || !is_managed_name(&self.name))
    }
}

/// A command in a sandbox.
#[derive(Clone, Debug)]
pub(super) struct RunningCommand {
    pub(super) id: String,
    pub(super) args: Vec<String>,
    pub(super) began: u64,
}

/// How far something that was started is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    NotStarted,
    Starting,
    Up,
    Failed,
}

/// How a read sees a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    Live,
    /// It is deleted, and still shown, with the date of its deletion or without.
    Stale,
    Gone,
}

/// What the provider would know.
pub(super) struct World {
    pub(super) plan: WorldPlan,
    pub(super) now: u64,
    /// When the request was sent that it handles.
    pub(super) request_sent: u64,
    pub(super) resources: Vec<Resource>,
    /// Requests that this world does not understand.
    pub(super) misunderstood: Vec<String>,
    pub(super) dice: Dice,
    window: (u64, u32),
}

impl World {
    /// Makes a world with what is in it before the scenario.
    pub(super) fn new(plan: &WorldPlan, dice: Dice, provider: &Provider) -> Self {
        let mut world = Self {
            plan: plan.clone(),
            now: 0,
            request_sent: 0,
            resources: Vec::new(),
            misunderstood: Vec::new(),
            dice,
            window: (0, 0),
        };
        (provider.furnish)(&mut world);
        for resource in &mut world.resources {
            resource.is_foreign = true;
            (resource.visible, resource.token_visible) = (0, 0);
            resource.launched = Some(0);
        }
        world
    }

    /// Adds a resource that a request makes.
    pub(super) fn add(&mut self, id: String, name: &str, by: Option<&Arrived>) -> &mut Resource {
        let (lag, token_lag) = (self.plan.lag, self.plan.token_lag);
        let visible = self.now + self.dice.between(lag / 2, lag);
        let token_visible = self.now + self.dice.between(token_lag / 2, token_lag);
        self.resources.push(Resource {
            id,
            name: name.to_owned(),
            kind: "",
            is_foreign: false,
            token: None,
            labels: BTreeMap::new(),
            image: None,
            created: self.now,
            visible,
            token_visible,
            deleted: None,
            deletion_sent: 0,
            stale_until: 0,
            is_shell: false,
            launched: None,
            launches: 0,
            commands: Vec::new(),
            process: by.map_or(0, |by| by.process),
            call: by.and_then(|by| by.call),
            request: by.map_or(0, |by| by.number),
        });
        self.resources.last_mut().unwrap()
    }

    /// Returns the live resource of this name.
    pub(super) fn holder(&self, name: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| resource.name == name && resource.deleted.is_none())
    }

    /// Returns the live resource of this id.
    pub(super) fn live(&mut self, id: &str) -> Option<&mut Resource> {
        self.resources
            .iter_mut()
            .find(|resource| resource.id == id && resource.deleted.is_none())
    }

    /// Returns the newest resource of this id, deleted or not.
    pub(super) fn known(&self, id: &str) -> Option<&Resource> {
        self.resources.iter().rev().find(|resource| resource.id == id)
    }

    /// Returns how reads see a resource.
    pub(super) fn sight(&self, resource: &Resource) -> Sight {
        if self.now < resource.visible {
            return Sight::Gone;
        }
        match resource.deleted {
            None => Sight::Live,
            Some(_) if self.now < resource.stale_until => Sight::Stale,
            Some(_) => Sight::Gone,
        }
    }

    /// Returns what reads show as being there, in the order of creation.
    pub(super) fn seen(&self) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(|resource| self.sight(resource) != Sight::Gone)
    }

    /// Returns whether reads show the resource's ownership token.
    pub(super) fn shows_token(&self, resource: &Resource) -> bool {
        self.now >= resource.token_visible
    }

    /// Deletes a resource. Returns whether there was one.
    pub(super) fn delete(&mut self, id: &str) -> bool {
        let (now, stale, sent) = (self.now, self.plan.stale, self.request_sent);
        let Some(resource) = self.live(id) else {
            return false;
        };
        resource.deleted = Some(now);
        resource.deletion_sent = sent;
        resource.stale_until = now + stale;
        true
    }

    /// Starts what the resource is for.
    pub(super) fn launch(&mut self, id: &str) {
        let now = self.now;
        if let Some(resource) = self.live(id) {
            resource.launched = Some(now);
            resource.launches += 1;
        }
    }

    /// Returns how far the start of a resource is.
    pub(super) fn progress(&self, resource: &Resource) -> Progress {
        match resource.launched {
            None => Progress::NotStarted,
            Some(_) if resource.is_foreign => Progress::Up,
            Some(at) if self.now < at + self.plan.start => Progress::Starting,
            Some(_) => match self.plan.course {
                Course::Well => Progress::Up,
                Course::Fails => Progress::Failed,
                Course::NeverReady => Progress::Starting,
            },
        }
    }

    /// Returns the date of a moment.
    pub(super) fn date(milliseconds: u64) -> String {
        OffsetDateTime::from(Timeline::date_at(milliseconds))
            .format(&Rfc3339)
            .unwrap_or_default()
    }

    /// Notes that a request is not understood.
    pub(super) fn misunderstand(&mut self, arrived: &Arrived, why: &str) -> Answer {
        self.misunderstood.push(format!(
            "request #{} is not understood ({why}): {}",
            arrived.number,
            arrived.line()
        ));
        Answer::text(400, "this simulation does not understand the request")
    }

    /// Counts a request in the rate window. Returns the headers of its answer, or the refusal.
    pub(super) fn take_from_rate_window(&mut self) -> Result<Vec<(&'static str, String)>, Answer> {
        const WINDOW: u64 = 60_000;
        let Some(limit) = self.plan.rate else {
            return Ok(Vec::new());
        };
        let (began, used) = &mut self.window;
        if self.now >= *began + WINDOW {
            (*began, *used) = (self.now, 0);
        }
        let reset = (*began + WINDOW - self.now).div_ceil(1_000).to_string();
        if *used >= limit {
            let refused = Answer::text(429, "Too Many Requests");
            return Err(refused.with("retry-after", reset));
        }
        *used += 1;
        let left = limit - *used;
        Ok(vec![
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-reset", reset),
        ])
    }
}

/// Returns a text of a body, by a path of names.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, name| value.get(name))?.as_str()
}
