//! Deletes a service: ours wholly, a foreign one in the configured environment only; and reads before judging where
//! Railway's answer can mean both "gone" and "failed" (`reference/railway.md` §8.2, §8.7).

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::isolation::{self, Isolation};
use super::wire::{DeleteData, DeleteVariables, IdVariables, ServiceData};
use super::{Railway, VISIBILITY_LAG, documents};
use crate::context::Cx;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::http::client::Effect;
use crate::provider::{Ownership, Removal};

pub(super) async fn destroy(railway: &Railway, cx: &Cx, id: &str, ownership: Ownership) -> Result<Removal> {
    let whole = match ownership {
        Ownership::Ours => true,
        Ownership::Unchecked => match railway.instance(cx, id).await? {
            None => return absent(railway, cx, id).await,
            // A foreign service may live in other environments too, which are not ours to touch. Where there are none,
            // deleting it wholly leaves no empty shell behind that keeps its name taken.
            Some(node) => railway.present(node).managed || isolation::of(railway, cx).await? == Isolation::Sole,
        },
    };
    let variables = DeleteVariables {
        id,
        environment_id: (!whole).then_some(railway.environment_id.as_str()),
    };
    let data: Result<DeleteData> = railway
        .execute(cx, Effect::Idempotent, &documents::SERVICE_DELETE, variables)
        .await;
    match data {
        Ok(DeleteData {
            service_delete: Some(true),
        }) => Ok(Removal::Gone),
        Ok(_) => {
            let error = Error::new(ErrorCode::Unavailable, "Railway answered serviceDelete with false.");
            settle(railway, cx, id, error).await
        }
        Err(error) if error.code() == ErrorCode::NotFound => Ok(Removal::Gone),
        Err(error) if is_double_edged(&error) => settle(railway, cx, id, error).await,
        Err(error) => Err(error),
    }
}

/// `Not Authorized` and `Problem processing request` answer a second deletion as well as a real failure (§8.7).
fn is_double_edged(error: &Error) -> bool {
    let answered = error.details().http_status == Some(200);
    answered && (error.code() == ErrorCode::PermissionDenied || error.outcome() == Outcome::Unknown)
}

/// Reads whether the instance is gone; if it is not, the deletion failed as it said.
async fn settle(railway: &Railway, cx: &Cx, id: &str, error: Error) -> Result<Removal> {
    match railway.instance(cx, id).await {
        Ok(None) => Ok(Removal::Gone),
        Ok(Some(_)) | Err(_) => Err(error),
    }
}

/// Tells "gone or not ours" from "too young to be shown": an instance that another process made a moment ago may be
/// missing from this environment although it is about to appear (§8.4).
async fn absent(railway: &Railway, cx: &Cx, id: &str) -> Result<Removal> {
    let data: Result<ServiceData> = railway
        .execute(cx, Effect::Idempotent, &documents::SERVICE, IdVariables { id })
        .await;
    let service = match data {
        Ok(data) => data.service,
        // `Not Authorized` on what is not in scope either: somebody else's.
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::PermissionDenied) => {
            return Ok(Removal::Gone);
        }
        Err(error) => return Err(error),
    };
    let ours = service.deleted_at.is_none() && service.project_id.as_deref() == Some(&railway.project_id);
    let young = service
        .created_at
        .and_then(|text| age(&text, cx.core.clock.date()))
        .is_some_and(|age| age < VISIBILITY_LAG);
    Ok(if ours && young {
        Removal::Unsettled
    } else {
        Removal::Gone
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
