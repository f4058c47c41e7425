//! Deletes a service: ours wholly, unless it runs in another environment; a foreign one in the configured environment
//! only. Reads before judging where Railway's answer can mean both "gone" and "failed" (`reference/railway.md` §8.2, §8.7).

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::api::Railway;
use super::documents;
use super::isolation::{Isolation, fetch_environments, fetch_isolation};
use super::semantics::SEMANTICS;
use super::wire::{DeleteData, DeleteVariables, IdVariables, InstanceNode, Service, ServiceData};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::effect::Effect;
use crate::provider::{DeleteResult, Ownership};

pub(super) async fn destroy(
    railway: &Railway,
    context: &CallContext,
    id: &str,
    ownership: Ownership,
) -> Result<DeleteResult> {
    let reach = match ownership {
        Ownership::CreatedHere => Reach::Whole,
        Ownership::Unknown => match railway.instance(context, id).await? {
            None => return absent(railway, context, id).await,
            Some(node) => match reach(railway, context, &node).await? {
                Some(reach) => reach,
                None => return Ok(DeleteResult::Deleted),
            },
        },
    };
    let variables = DeleteVariables {
        id,
        environment_id: (reach == Reach::Environment).then_some(railway.environment_id.as_str()),
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
            confirm_deletion(railway, context, id, reach, ownership, error).await
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(DeleteResult::Deleted),
        Err(error) if is_double_edged(&error) => confirm_deletion(railway, context, id, reach, ownership, error).await,
        Err(error) => Err(error),
    }
}

/// How much of a service is deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The service with all its instances.
    Whole,
    /// Its instance in the configured environment.
    Environment,
}

/// How much of a service is the caller's to delete; `None` if nothing is.
async fn reach(railway: &Railway, context: &CallContext, node: &InstanceNode) -> Result<Option<Reach>> {
    // Where there is no other environment, deleting wholly leaves no empty shell behind that keeps its name taken.
    if fetch_isolation(railway, context).await? == Isolation::Sole {
        return Ok(Some(Reach::Whole));
    }
    if !node.is_managed() {
        return Ok(Some(Reach::Environment));
    }
    // A service of this package's, but it may be another environment's: a create there leaves an empty instance here.
    Ok(
        match (
            is_in_use_elsewhere(railway, context, &node.service_id).await?,
            node.is_in_use(),
        ) {
            (false, _) => Some(Reach::Whole),
            (true, true) => Some(Reach::Environment),
            (true, false) => None,
        },
    )
}

/// Whether the service runs in another environment of the project. One request for each: they are few.
async fn is_in_use_elsewhere(railway: &Railway, context: &CallContext, service_id: &str) -> Result<bool> {
    let environments = match fetch_environments(railway, context).await {
        // Not to be seen with a project token: what cannot be ruled out is assumed.
        Err(error) if error.code() == ErrorCode::PermissionDenied => return Ok(true),
        other => other?,
    };
    for environment in environments.iter().filter(|node| node.id != railway.environment_id) {
        let there = railway.instance_in(context, &environment.id, service_id).await?;
        if there.is_some_and(|node| node.is_in_use()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `Not Authorized` and `Problem processing request` answer a second deletion as well as a real failure (§8.7).
fn is_double_edged(error: &Error) -> bool {
    let answered = error.details().http_status == Some(200);
    answered && (error.code() == ErrorCode::PermissionDenied || error.outcome() == Outcome::Unknown)
}

/// Reads whether what was to be deleted is gone; if it is not, or that cannot be told, the deletion failed as it said.
///
/// A whole service is looked up by itself: its instance may be missing merely because it is young (§8.4).
async fn confirm_deletion(
    railway: &Railway,
    context: &CallContext,
    id: &str,
    reach: Reach,
    ownership: Ownership,
    error: Error,
) -> Result<DeleteResult> {
    let gone = match reach {
        Reach::Environment => railway.instance(context, id).await.map(|node| node.is_none()),
        Reach::Whole => service(railway, context, id).await.map(|service| service.is_none()),
    };
    match (gone, ownership) {
        // Too young to be seen, perhaps.
        (Ok(true), Ownership::CreatedHere) => Ok(DeleteResult::NotYetVisible),
        (Ok(true), Ownership::Unknown) => Ok(DeleteResult::Deleted),
        (Ok(false) | Err(_), _) => Err(error),
    }
}

/// The service itself, if it is there.
async fn service(railway: &Railway, context: &CallContext, id: &str) -> Result<Option<Service>> {
    let data: Result<ServiceData> = railway
        .execute(context, Effect::Idempotent, &documents::SERVICE, IdVariables { id })
        .await;
    match data {
        Ok(data) => Ok(Some(data.service).filter(|service| service.deleted_at.is_none())),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells "gone or not ours" from "too young to be shown": an instance that another process made a moment ago may be
/// missing from this environment although it is about to appear (§8.4).
async fn absent(railway: &Railway, context: &CallContext, id: &str) -> Result<DeleteResult> {
    let service = match service(railway, context, id).await {
        Ok(Some(service)) => service,
        // `Not Authorized` on what is not in scope either: somebody else's.
        Err(error) if error.code() == ErrorCode::PermissionDenied => return Ok(DeleteResult::Deleted),
        Ok(None) => return Ok(DeleteResult::Deleted),
        Err(error) => return Err(error),
    };
    let ours = service.project_id.as_deref() == Some(&railway.project_id);
    let young = service
        .created_at
        .and_then(|text| age(&text, context.date()))
        .is_some_and(|age| age < SEMANTICS.visibility_lag);
    Ok(if ours && young {
        DeleteResult::NotYetVisible
    } else {
        DeleteResult::Deleted
    })
}

/// How long ago an RFC 3339 date was. `None` for what cannot be read; a date in the future has age zero.
fn age(text: &str, now: SystemTime) -> Option<Duration> {
    let moment = SystemTime::from(OffsetDateTime::parse(text, &Rfc3339).ok()?);
    Some(now.duration_since(moment).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_age_of_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(age("2023-11-14T22:12:20.000Z", now), Some(Duration::from_secs(60)));
        assert_eq!(age("2023-11-15T00:12:20+02:00", now), Some(Duration::from_secs(60)));
        assert_eq!(age("2030-01-01T00:00:00Z", now), Some(Duration::ZERO));
        assert_eq!(age("yesterday", now), None);
    }
}
