//! Finds a service by its name, which is unique in the project (docs/providers/railway.md).
//!
//! It reads the project's list, not the environment's: a service whose create was cut short may not have an instance in the
//! environment yet.

use super::api::Railway;
use super::create::created_instance;
use super::documents;
use super::list::find_in_pages;
use super::wire::{ProjectData, Service};
use crate::context::CallContext;
use crate::error::Result;
use crate::model::handle::Handle;
use crate::model::instance::Instance;

/// Returns the service of the handle's name, if there is one.
pub(super) async fn find(railway: &Railway, context: &CallContext, handle: &Handle) -> Result<Option<Instance>> {
    let services = |data: ProjectData| data.project.services;
    find_in_pages(railway, context, &documents::SERVICES, services, |service: Service| {
        let has_name = service.name.as_deref() == Some(handle.name()) && service.deleted_at.is_none();
        let id = service.id.filter(|_| has_name)?;
        Some(created_instance(railway, id, handle.name(), service.created_at.0, None))
    })
    .await
}
