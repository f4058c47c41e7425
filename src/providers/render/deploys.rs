//! Reads a service's deploys and derives its status and readiness from them (docs/providers/render.md).

use http::Method;

use super::api::Render;
use super::wire::{Deploy, ListedDeploy};
use crate::context::CallContext;
use crate::error::{ErrorCode, Message, Result};
use crate::http::effect::Effect;
use crate::model::instance::{Instance, Status};
use crate::protocol::lenient::Isolated;
use crate::provider::Readiness;

/// The meaning of a deploy's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Live,
    /// A newer deploy has replaced it.
    Replaced,
    Failed,
    /// Render sent no status, or one that this version does not know.
    Unknown,
}

/// Returns the meaning of a deploy's status.
fn read_stage(deploy: &Deploy) -> Stage {
    match deploy.status.as_deref() {
        Some("created" | "queued" | "build_in_progress" | "pre_deploy_in_progress" | "update_in_progress") => {
            Stage::Starting
        }
        Some("live") => Stage::Live,
        Some("deactivated") => Stage::Replaced,
        Some("build_failed" | "pre_deploy_failed" | "update_failed" | "canceled") => Stage::Failed,
        _ => Stage::Unknown,
    }
}

/// Returns the latest deploys of a service, in no particular order.
pub(super) async fn fetch_deploys(render: &Render, context: &CallContext, service_id: &str) -> Result<Vec<Deploy>> {
    let mut request = render
        .request(Method::GET, &["services", service_id, "deploys"])?
        .template("/services/{serviceId}/deploys");
    request.url.set_query(Some("limit=100"));
    let listed: Result<Vec<Isolated<ListedDeploy>>> = render.read(context, Effect::Idempotent, request).await;
    match listed {
        Ok(listed) => Ok(listed.into_iter().filter_map(|listed| listed.0?.deploy.0).collect()),
        // The service is deleted, or reads do not show it yet.
        Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns the newest deploy by its date, because the order of the list is not guaranteed (docs/providers/render.md). Dates
/// are RFC 3339 in UTC, so they sort as text.
fn find_newest(deploys: &[Deploy]) -> Option<&Deploy> {
    deploys.iter().max_by_key(|deploy| deploy.created_at.as_deref())
}

/// Returns the deploy that determines the service's status: the live one, which serves while a newer one starts or after
/// it has failed, else the newest.
pub(super) fn find_current_deploy(deploys: &[Deploy]) -> Option<&Deploy> {
    let live = deploys.iter().find(|deploy| read_stage(deploy) == Stage::Live);
    live.or_else(|| find_newest(deploys))
}

/// Returns the status of a service with these deploys.
pub(super) fn derive_status(deploys: &[Deploy]) -> Status {
    match find_current_deploy(deploys).map(read_stage) {
        Some(Stage::Live) => Status::Running,
        Some(Stage::Starting) => Status::Pending,
        Some(Stage::Failed) => Status::Failed,
        Some(Stage::Replaced | Stage::Unknown) | None => Status::Unknown,
    }
}

/// Reads whether the deploy that the create started is live, and whether the service runs.
pub(super) async fn readiness(render: &Render, context: &CallContext, instance: &Instance) -> Result<Readiness> {
    let started: Option<Deploy> = match &instance.launch {
        Some(id) => {
            let path = ["services", &instance.id, "deploys", id];
            render
                .fetch(context, &path, "/services/{serviceId}/deploys/{deployId}")
                .await?
        }
        None => None,
    };
    match started {
        Some(deploy) if read_stage(&deploy) != Stage::Replaced => {
            check_deploy(render, context, instance, Some(&deploy)).await
        }
        // A newer deploy has replaced it, or it is not known. The current deploy counts.
        _ => {
            let deploys = fetch_deploys(render, context, &instance.id).await?;
            check_deploy(render, context, instance, find_current_deploy(&deploys)).await
        }
    }
}

/// Returns the readiness of the service, of which `deploy` is the deploy that counts.
async fn check_deploy(
    render: &Render,
    context: &CallContext,
    instance: &Instance,
    deploy: Option<&Deploy>,
) -> Result<Readiness> {
    let is_live = match deploy.map(read_stage) {
        None | Some(Stage::Replaced) => return Ok(Readiness::Starting),
        Some(Stage::Failed) => {
            let status = deploy.and_then(|deploy| deploy.status.as_deref()).unwrap_or_default();
            let text = Message::from("its deploy has the status ")
                .then(Message::foreign(status))
                .then(".");
            return Ok(Readiness::Failed(text));
        }
        Some(stage) => stage == Stage::Live,
    };
    // The service has a URL that the create's response may lack, and shows a suspension, which a deploy does not.
    let Some(service) = render.fetch_service(context, &instance.id).await? else {
        return Ok(Readiness::Starting);
    };
    if let Some(suspenders) = service.suspension() {
        let text = Message::from("it was suspended (").then(suspenders).then(").");
        return Ok(Readiness::Failed(text));
    }
    if !is_live {
        return Ok(Readiness::Starting);
    }
    Ok(Readiness::Ready(Instance {
        status: Status::Running,
        launch: instance.launch.clone(),
        ..service.view().into()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Info;

    fn deploy(status: Option<&str>, created_at: Option<&str>) -> Deploy {
        Deploy {
            id: Info(None),
            status: Info(status.map(str::to_owned)),
            created_at: Info(created_at.map(str::to_owned)),
        }
    }

    #[test]
    fn every_status_has_its_meaning() {
        for (word, expected) in [
            (Some("created"), Status::Pending),
            (Some("queued"), Status::Pending),
            (Some("build_in_progress"), Status::Pending),
            (Some("pre_deploy_in_progress"), Status::Pending),
            (Some("update_in_progress"), Status::Pending),
            (Some("live"), Status::Running),
            (Some("deactivated"), Status::Unknown),
            (Some("build_failed"), Status::Failed),
            (Some("pre_deploy_failed"), Status::Failed),
            (Some("update_failed"), Status::Failed),
            (Some("canceled"), Status::Failed),
            (Some("teleporting"), Status::Unknown),
            (None, Status::Unknown),
        ] {
            assert_eq!(derive_status(&[deploy(word, None)]), expected, "{word:?}");
        }
        assert_eq!(derive_status(&[]), Status::Unknown);
    }

    #[test]
    fn the_live_deploy_tells_and_otherwise_the_newest() {
        let old = Some("2026-01-01T00:00:00.000000Z");
        let new = Some("2026-01-02T00:00:00.000000Z");
        let serving = [deploy(Some("update_failed"), new), deploy(Some("live"), old)];
        assert_eq!(derive_status(&serving), Status::Running);
        let failing = [
            deploy(Some("update_failed"), new),
            deploy(Some("queued"), old),
            deploy(None, None),
        ];
        assert_eq!(derive_status(&failing), Status::Failed);
    }
}
