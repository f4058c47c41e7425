//! Finds a service by its name, which is unique in the project (`reference/railway.md` §8.6).
//!
//! In the project's list, not the environment's: a service whose create was cut short may not have an instance in the
//! environment yet.

use super::create::made;
use super::list::{PAGE_SIZE, next_cursor};
use super::wire::{PageVariables, ProjectData};
use super::{Railway, documents};
use crate::context::Cx;
use crate::error::Result;
use crate::http::effect::Effect;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::protocol::paging::Cursors;

pub(super) async fn find(railway: &Railway, cx: &Cx, handle: &Handle) -> Result<Option<Instance>> {
    let mut cursors = Cursors::default();
    loop {
        let variables = PageVariables {
            project_id: &railway.project_id,
            environment_id: None,
            first: PAGE_SIZE,
            after: cursors.current(),
        };
        let data: ProjectData = railway
            .execute(cx, Effect::Idempotent, &documents::SERVICES, variables)
            .await?;
        let next = next_cursor(&data.project.services)?;
        for service in data.project.services.edges.into_iter().map(|edge| edge.node) {
            let named = service.name.as_deref() == Some(handle.name()) && service.deleted_at.is_none();
            if let (true, Some(id)) = (named, service.id) {
                return Ok(Some(made(railway, id, handle.name(), service.created_at, None)));
            }
        }
        if !cursors.follow(next)? {
            return Ok(None);
        }
    }
}
