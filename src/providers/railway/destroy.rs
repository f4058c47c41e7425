//! Deletes a service, or its instance in the configured environment only.
//!
//! A service of this package is deleted as a whole, unless it runs in another environment. Of any other service only the
//! instance in the configured environment is deleted, unless the project has no other environment. Where Railway's response
//! can mean both "deleted" and "failed", a read decides (docs/providers/railway.md).

use std::time::SystemTime;

use super::age::is_young;
use super::api::Railway;
use super::documents;
use super::isolation::{Isolation, fetch_environments, fetch_isolation};
use super::semantics::TITLE;
use super::wire::{DeleteData, DeleteVariables, IdVariables, InstanceNode, Service, ServiceData};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::protocol::subject::expect_id;
use crate::provider::{DeleteResult, Ownership};

/// Deletes the service, or as much of it as is in scope.
pub(super) async fn destroy(
    railway: &Railway,
    context: &CallContext,
    id: &str,
    ownership: Ownership,
) -> Result<DeleteResult> {
    // The age of a service counts from when the read of its instance began: a slow response tells of a state that is past.
    let date = context.date();
    let extent = match ownership {
        Ownership::CreatedHere => Extent::WholeService,
        Ownership::Unknown => match railway.fetch_instance(context, id).await? {
            None if mutated!(RailwayCountsReadsFromResponses) => {
                return classify_absence(railway, context, id, context.date()).await;
            }
            None => return classify_absence(railway, context, id, date).await,
            Some(node) => match choose_extent(railway, context, &node).await? {
                Some(extent) => extent,
                None => return Ok(DeleteResult::Absent),
            },
        },
    };
    let variables = DeleteVariables {
        id,
        environment_id: (extent == Extent::Instance).then_some(railway.environment_id.as_str()),
    };
    let data: Result<DeleteData> = railway
        .execute(context, Effect::Idempotent, &documents::SERVICE_DELETE, variables)
        .await;
    match data {
        Ok(DeleteData {
            service_delete: Some(true),
        }) => Ok(DeleteResult::Deleted),
        Ok(_) => {
            let error = Error::new(ErrorCode::Unavailable, "Railway answered serviceDelete with false.");
            confirm_deletion(railway, context, id, extent, ownership, error).await
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(DeleteResult::Deleted),
        Err(error) if may_mean_deleted(&error) => {
            confirm_deletion(railway, context, id, extent, ownership, error).await
        }
        Err(error) => Err(error),
    }
}

/// How much of a service a deletion covers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// The service with all its instances.
    WholeService,
    /// Its instance in the configured environment.
    Instance,
}

/// Returns how much of a service may be deleted; `None` if nothing may.
async fn choose_extent(railway: &Railway, context: &CallContext, node: &InstanceNode) -> Result<Option<Extent>> {
    // The service runs nowhere else. Deleting only its instance would leave an empty service that keeps the name.
    if fetch_isolation(railway, context).await? == Isolation::Sole {
        return Ok(Some(Extent::WholeService));
    }
    if !node.is_managed() {
        return Ok(Some(Extent::Instance));
    }
    // This package made the service, perhaps for another environment: a create there leaves an empty instance here.
    Ok(
        match (
            is_in_use_elsewhere(railway, context, &node.service_id).await?,
            node.is_in_use(),
        ) {
            (false, _) => Some(Extent::WholeService),
            (true, true) => Some(Extent::Instance),
            (true, false) => None,
        },
    )
}

/// Returns whether the service runs in another environment of the project. Sends one request for each of them.
async fn is_in_use_elsewhere(railway: &Railway, context: &CallContext, service_id: &str) -> Result<bool> {
    let environments = match fetch_environments(railway, context).await {
        // A project token may not list the environments. The worst is assumed.
        Err(error) if error.code() == ErrorCode::PermissionDenied => return Ok(true),
        other => other?,
    };
    for environment in environments.iter().filter(|node| node.id != railway.environment_id) {
        let node = railway.fetch_instance_in(context, &environment.id, service_id).await?;
        if node.is_some_and(|node| node.is_in_use()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether an error may mean that the service is already deleted. Railway answers both a second deletion and real
/// failures with `Not Authorized` or `Problem processing request` (docs/providers/railway.md).
fn may_mean_deleted(error: &Error) -> bool {
    let is_graphql_error = error.details().http_status == Some(200);
    is_graphql_error && (error.code() == ErrorCode::PermissionDenied || error.outcome().is_unclear())
}

/// Reads whether the deletion took effect. If it did not, or the read fails, returns the deletion's error.
///
/// For a whole service it reads the service, not the instance: a young service may not show its instance yet
/// (docs/providers/railway.md).
async fn confirm_deletion(
    railway: &Railway,
    context: &CallContext,
    id: &str,
    extent: Extent,
    ownership: Ownership,
    error: Error,
) -> Result<DeleteResult> {
    let is_deleted = match extent {
        Extent::Instance => railway.fetch_instance(context, id).await.map(|node| node.is_none()),
        Extent::WholeService => fetch_service(railway, context, id)
            .await
            .map(|service| service.is_none()),
    };
    match (is_deleted, ownership) {
        // It may be too young for reads to show it.
        (Ok(true), Ownership::CreatedHere) => Ok(DeleteResult::NotYetVisible),
        (Ok(true), Ownership::Unknown) => Ok(DeleteResult::Deleted),
        (Ok(false) | Err(_), _) => Err(error),
    }
}

/// Returns the service itself; `None` if it does not exist.
async fn fetch_service(railway: &Railway, context: &CallContext, id: &str) -> Result<Option<Service>> {
    let data: Result<ServiceData> = railway
        .execute(context, Effect::Idempotent, &documents::SERVICE, IdVariables { id })
        .await;
    match data {
        Ok(ServiceData { service }) => {
            if let Some(answered) = &service.id {
                expect_id(id, answered, TITLE)?;
            }
            Ok(Some(service).filter(|service| service.deleted_at.is_none()))
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns whether a service without an instance here is deleted or out of scope, or may be too young for reads to show
/// its instance: another process may have created it moments ago (docs/providers/railway.md).
///
/// `date`: when the read began that did not show it.
async fn classify_absence(
    railway: &Railway,
    context: &CallContext,
    id: &str,
    date: SystemTime,
) -> Result<DeleteResult> {
    let service = match fetch_service(railway, context, id).await {
        Ok(Some(service)) => service,
        // Railway answers `Not Authorized` for a service outside the token's scope too.
        Err(error) if error.code() == ErrorCode::PermissionDenied => return Ok(DeleteResult::Absent),
        Ok(None) => return Ok(DeleteResult::Absent),
        Err(error) => return Err(error),
    };
    let is_in_project = service.project_id.as_deref() == Some(&railway.project_id);
    let is_young = is_young(service.created_at.as_deref(), date);
    Ok(if is_in_project && is_young {
        DeleteResult::NotYetVisible
    } else {
        DeleteResult::Absent
    })
}
