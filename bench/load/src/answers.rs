//! What Railway answers to the calls that are measured (docs/providers/railway.md).
//!
//! A project has one environment, which bears the project's id, and the id's last group, read as a decimal number, says
//! how many services are in it. So a client chooses the length of a listing by its configuration.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use memchr::memmem;

/// The page that is asked for where none is named.
const DEFAULT_PAGE: usize = 20;

const CREATED_AT: &str = "2026-11-20T10:11:12.345Z";

/// Answers by what was asked for. Pages are made once and kept.
#[derive(Debug, Default)]
pub struct Answers {
    created: AtomicU64,
    pages: Mutex<HashMap<Page, Bytes>>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Page {
    environment: String,
    first: usize,
    after: usize,
}

impl Answers {
    /// The answer to a body; `None` to one that this server does not understand.
    ///
    /// The body is searched and not parsed: the server shall cost as little as it can.
    #[must_use]
    pub fn to(&self, body: &[u8]) -> Option<Bytes> {
        let start = memmem::find(body, br#""operationName":""#)? + br#""operationName":""#.len();
        let length = memchr::memchr(b'"', &body[start..])?;
        let variables = &body[start + length..];
        match &body[start..start + length] {
            b"ServiceCreate" => self.created(variables),
            b"ServiceInstance" => instance(variables),
            b"Environments" => environments(variables),
            b"Environment" => self.page(variables),
            _ => None,
        }
    }

    fn created(&self, variables: &[u8]) -> Option<Bytes> {
        let name = text(variables, br#""name":""#)?;
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        Some(Bytes::from(format!(
            r#"{{"data":{{"serviceCreate":{{"id":"{}","name":"{name}","createdAt":"{CREATED_AT}"}}}}}}"#,
            service_id(number)
        )))
    }

    fn page(&self, variables: &[u8]) -> Option<Bytes> {
        let environment = text(variables, br#""environmentId":""#)?;
        let page = Page {
            environment: environment.to_owned(),
            first: number(variables, br#""first":"#).unwrap_or(DEFAULT_PAGE),
            after: text(variables, br#""after":""#).map_or(Some(0), |cursor| cursor.parse().ok())?,
        };
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = pages.get(&page) {
            return Some(body.clone());
        }
        let body = Bytes::from(listing(&page)?);
        pages.insert(page, body.clone());
        Some(body)
    }
}

fn environments(variables: &[u8]) -> Option<Bytes> {
    let id = text(variables, br#""projectId":""#)?;
    Some(Bytes::from(format!(
        r#"{{"data":{{"environments":{{"edges":[{{"node":{{"id":"{id}","deletedAt":null,"sourceEnvironment":null}}}}],"pageInfo":{{"hasNextPage":false,"endCursor":"1"}}}}}}}}"#
    )))
}

fn instance(variables: &[u8]) -> Option<Bytes> {
    let environment = text(variables, br#""environmentId":""#)?;
    let id = text(variables, br#""serviceId":""#)?;
    let mut body = String::with_capacity(600);
    body.push_str(r#"{"data":{"serviceInstance":"#);
    node(&mut body, id, environment, 4_711, Some(environment)).ok()?;
    body.push_str("}}");
    Some(Bytes::from(body))
}

fn listing(page: &Page) -> Option<String> {
    let environment = &page.environment;
    let total: usize = environment.rsplit('-').next()?.parse().ok()?;
    let end = total.min(page.after + page.first);
    let mut body = String::with_capacity(200 + 500 * page.first);
    let _ = write!(
        body,
        r#"{{"data":{{"environment":{{"projectId":"{environment}","deletedAt":null,"serviceInstances":{{"edges":["#
    );
    for number in page.after..end {
        body.push_str(if number > page.after {
            r#",{"node":"#
        } else {
            r#"{"node":"#
        });
        node(&mut body, &service_id(number as u64), environment, number, None).ok()?;
        body.push('}');
    }
    let more = end < total;
    let _ = write!(
        body,
        r#"],"pageInfo":{{"hasNextPage":{more},"endCursor":"{end}"}}}}}}}}}}"#
    );
    Some(body)
}

/// A service as the two documents select it; `service` is selected by `serviceInstance` only. Nine in ten are of the
/// gateway's making, by their name.
fn node(
    body: &mut String,
    id: &str,
    environment: &str,
    number: usize,
    project: Option<&str>,
) -> Result<(), std::fmt::Error> {
    let name = if number % 10 == 9 {
        format!("database {number}")
    } else {
        format!("computesdk-{number:020}")
    };
    write!(
        body,
        r#"{{"serviceId":"{id}","serviceName":"{name}","environmentId":"{environment}","createdAt":"{CREATED_AT}","deletedAt":null,"#
    )?;
    write!(body, r#""source":{{"image":"computesdk/compute:latest","repo":null}},"#)?;
    if let Some(project) = project {
        write!(body, r#""service":{{"projectId":"{project}","deletedAt":null}},"#)?;
    }
    write!(
        body,
        r#""latestDeployment":{{"id":"{}","status":"SUCCESS","url":"service-{number}.up.railway.app","staticUrl":"service-{number}.up.railway.app","deploymentStopped":false}}}}"#,
        service_id(number as u64 + 1_000_000_000)
    )
}

fn service_id(number: u64) -> String {
    format!("7f9a4b1e-5d2c-4abc-9def-{number:012x}")
}

/// The text that follows a key. Ids, names and cursors hold nothing that JSON escapes.
fn text<'a>(body: &'a [u8], key: &[u8]) -> Option<&'a str> {
    let start = memmem::find(body, key)? + key.len();
    let length = memchr::memchr(b'"', &body[start..])?;
    std::str::from_utf8(&body[start..start + length]).ok()
}

fn number(body: &[u8], key: &[u8]) -> Option<usize> {
    let start = memmem::find(body, key)? + key.len();
    let digits = body[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&body[start..start + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ask(operation: &str, variables: Value) -> Option<Value> {
        let body = json!({ "query": "query Any { x }", "operationName": operation, "variables": variables });
        let answer = Answers::default().to(body.to_string().as_bytes())?;
        Some(serde_json::from_slice(&answer).unwrap())
    }

    #[test]
    fn a_listing_has_as_many_services_as_its_environment_says() {
        let environment = "00000000-0000-4000-8000-000000001100";
        let (mut after, mut sizes) = (Value::Null, Vec::new());
        loop {
            let mut variables = json!({ "environmentId": environment, "first": 500 });
            if after != Value::Null {
                variables["after"] = after;
            }
            let answer = ask("Environment", variables).unwrap();
            let page = &answer["data"]["environment"]["serviceInstances"];
            sizes.push(page["edges"].as_array().unwrap().len());
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(sizes, [500, 500, 100]);
    }

    #[test]
    fn a_created_service_bears_the_name_asked_for() {
        let answer = ask("ServiceCreate", json!({ "input": { "name": "one" } })).unwrap();
        assert_eq!(answer["data"]["serviceCreate"]["name"], "one");
    }

    #[test]
    fn what_is_not_understood_is_not_answered() {
        assert_eq!(ask("ServiceDelete", json!({ "id": "x" })), None);
        assert_eq!(ask("ServiceCreate", json!({})), None);
        assert_eq!(Answers::default().to(b"{}"), None);
    }
}
