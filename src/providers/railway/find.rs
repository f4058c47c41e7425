//! Finds a service by its name, which is unique in the project (docs/providers/railway.md).
//!
//! It reads the project's list, not the environment's: a service whose create was cut short may not have an instance in the
//! environment yet.

use super::api::Railway;
use super::create::created_instance;
use super::documents;
use super::list::{Visited, visit_pages};
use super::semantics::TITLE;
use super::wire::{ProjectData, Service};
use crate::context::CallContext;
use crate::error::Result;
use crate::model::handle::Handle;
use crate::model::instance::Instance;
use crate::protocol::paging::found_or_absent;

/// Returns the services of the handle's name.
pub(super) async fn find(railway: &Railway, context: &CallContext, handle: &Handle) -> Result<Vec<Instance>> {
    let services = |data: ProjectData| data.project.services;
    let mut found = Vec::new();
    let visited = visit_pages(railway, context, &documents::SERVICES, services, |service: Service| {
        let is_in_project = service.project_id.as_deref().is_none_or(|id| id == railway.project_id);
        let has_name = service.name.as_deref() == Some(handle.name()) && service.deleted_at.is_none();
        if let Some(id) = service.id.as_deref().filter(|_| has_name && is_in_project) {
            let created_at = service.created_at.as_deref();
            found.push(created_instance(railway, id, handle.name(), created_at, None));
        }
        None::<()>
    })
    .await?;
    found_or_absent(found, matches!(visited, Visited::All { were_readable: true }), TITLE)
}
