//! A page of the environment's services (`reference/railway.md` §8.10).

use super::wire::{Connection, EnvironmentData, PageVariables};
use super::{Railway, documents};
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::provider::Page;

/// What Railway's own command line asks for (`reference/railway.md` §4); the default page is 20, the maximum unknown.
pub(super) const PAGE_SIZE: u32 = 500;

pub(super) async fn page(railway: &Railway, cx: &Cx, cursor: Option<&str>) -> Result<Page> {
    let variables = PageVariables {
        project_id: &railway.project_id,
        environment_id: Some(&railway.environment_id),
        first: PAGE_SIZE,
        after: cursor,
    };
    let data: EnvironmentData = railway
        .execute(cx, Effect::Idempotent, &documents::SERVICE_INSTANCES, variables)
        .await?;
    let environment = data.environment;
    // Whether Railway checks that the environment belongs to the project is not known, and a deleted environment may
    // still be answered (§8.8, §11).
    let foreign = environment
        .project_id
        .as_deref()
        .is_some_and(|id| id != railway.project_id);
    if foreign || environment.deleted_at.is_some() {
        return Err(no_environment());
    }
    let next = next_cursor(&environment.service_instances)?;
    let nodes = environment.service_instances.edges.into_iter().map(|edge| edge.node);
    Ok(Page {
        instances: nodes
            .filter(|node| railway.is_in_scope(node, &railway.environment_id) && Railway::is_instance(node))
            .map(|node| railway.present(node))
            .collect(),
        next,
    })
}

/// The configured environment is not there.
pub(super) fn no_environment() -> Error {
    Error::new(
        ErrorCode::NotFound,
        "The configured project has no such environment (projectId, environmentId).",
    )
}

/// Where the next page begins. A page that has a successor but no cursor would end the listing too early, in silence.
pub(super) fn next_cursor<T>(connection: &Connection<T>) -> Result<Option<String>> {
    let info = &connection.page_info;
    match (info.has_next_page, &info.end_cursor) {
        (false, _) => Ok(None),
        (true, Some(cursor)) if !cursor.is_empty() => Ok(Some(cursor.clone())),
        (true, _) => Err(Error::new(
            ErrorCode::Protocol,
            "Railway announced another page but sent no cursor for it.",
        )),
    }
}
