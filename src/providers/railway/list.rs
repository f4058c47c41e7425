//! Pages of services and environments (docs/providers/railway.md).

use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::api::Railway;
use super::semantics::TITLE;
use super::wire::{Connection, Edge, Environment, EnvironmentData, PageVariables};
use super::{documents, errors};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::protocol::graphql::Document;
use crate::protocol::lenient::Cursor;
use crate::protocol::paging::{Cursors, absent_if};
use crate::protocol::text::Borrowed;
use crate::provider::InstanceSink;

/// Entries in a page. Railway's own command line asks for as many; the default and the maximum are not known
/// (docs/providers/railway.md).
const PAGE_SIZE: u32 = 500;

/// Reads one page of the environment's instances. Returns where the next page begins.
pub(super) async fn fetch_page(
    railway: &Railway,
    context: &CallContext,
    cursor: Option<&str>,
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
    let variables = PageVariables {
        project_id: &railway.project_id,
        environment_id: Some(&railway.environment_id),
        first: PAGE_SIZE,
        after: cursor,
    };
    let interpret = |response: &Response| {
        let whole: Option<EnvironmentData<Borrowed<'_>>> = errors::try_read(response);
        Ok(match whole {
            Some(data) => hand_over(railway, &data.environment, sink),
            None => hand_over(railway, &errors::read::<EnvironmentData>(response)?.environment, sink),
        })
    };
    let document = &documents::SERVICE_INSTANCES;
    railway
        .send(context, Effect::Idempotent, document, variables, interpret)
        .await?
}

/// Hands over the instances of one page. Returns where the next page begins.
fn hand_over<T: Deref<Target = str>>(
    railway: &Railway,
    environment: &Environment<T>,
    sink: &mut dyn InstanceSink,
) -> Result<Option<String>> {
    // It is not known whether Railway checks that the environment belongs to the project. A deleted environment may still be
    // answered (docs/providers/railway.md).
    let is_foreign = environment
        .project_id
        .as_deref()
        .is_some_and(|id| id != railway.project_id);
    if is_foreign || environment.deleted_at.is_some() {
        return Err(no_environment());
    }
    let instances = &environment.service_instances;
    let next = next_cursor(instances)?;
    for Edge { node } in instances.edges.0.iter().flatten() {
        if railway.is_in_scope(node, &railway.environment_id) && Railway::is_instance(node) {
            sink.add(&node.view(&railway.project_id, &railway.environment_id));
        }
    }
    Ok(next)
}

/// Visits the entries of all pages of a project's list, until `visit` returns a value.
///
/// Errors: `PROTOCOL` if it does not, and an entry could not be read.
pub(super) async fn find_in_pages<D, T, R>(
    railway: &Railway,
    context: &CallContext,
    document: &Document,
    connection: impl Fn(D) -> Connection<T>,
    visit: impl FnMut(T) -> Option<R>,
) -> Result<Option<R>>
where
    D: DeserializeOwned + Send,
{
    match visit_pages(railway, context, document, connection, visit).await? {
        Visited::Found(found) => Ok(Some(found)),
        Visited::All { were_readable } => absent_if(were_readable, TITLE),
    }
}

/// How a visit of a list ended.
pub(super) enum Visited<R> {
    /// An entry gave this value.
    Found(R),
    /// No entry did.
    All { were_readable: bool },
}

/// Visits the entries of all pages of a project's list, until `visit` returns a value.
pub(super) async fn visit_pages<D, T, R>(
    railway: &Railway,
    context: &CallContext,
    document: &Document,
    connection: impl Fn(D) -> Connection<T>,
    mut visit: impl FnMut(T) -> Option<R>,
) -> Result<Visited<R>>
where
    D: DeserializeOwned + Send,
{
    let mut cursors = Cursors::new(context.received_bytes());
    let mut unreadable = false;
    loop {
        let variables = PageVariables {
            project_id: &railway.project_id,
            environment_id: None,
            first: PAGE_SIZE,
            after: cursors.current(),
        };
        let data: D = railway
            .execute(context, Effect::Idempotent, document, variables)
            .await?;
        let page = connection(data);
        let next = next_cursor(&page)?;
        for edge in page.edges.0 {
            match edge {
                Some(edge) => {
                    if let Some(found) = visit(edge.node) {
                        return Ok(Visited::Found(found));
                    }
                }
                None => unreadable = true,
            }
        }
        if !cursors.follow(next, context.received_bytes())? {
            return Ok(Visited::All {
                were_readable: !unreadable,
            });
        }
    }
}

/// Makes the error of a configured environment that does not exist.
pub(super) fn no_environment() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The configured project has no such environment (projectId, environmentId).",
    )
}

/// Returns where the next page begins. A page with a successor but without a cursor would end the listing too early, in
/// silence.
fn next_cursor<N, T>(connection: &Connection<N, T>) -> Result<Option<String>> {
    let info = &connection.page_info;
    match (info.has_next_page, &info.end_cursor) {
        (false, _) => Ok(None),
        (true, Some(Cursor(cursor))) if !cursor.is_empty() => Ok(Some(cursor.clone())),
        (true, _) => Err(Error::new(
            ErrorCode::Protocol,
            "Railway announced another page but sent no cursor for it.",
        )),
    }
}
