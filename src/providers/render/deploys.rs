//! What a service's deploys say of it (`reference/render.md` §8).

use http::Method;

use super::api::Render;
use super::wire::{Deploy, ListedDeploy};
use crate::context::CallContext;
use crate::error::{ErrorCode, Result};
use crate::http::effect::Effect;
use crate::model::instance::{Instance, Status};
use crate::provider::Readiness;

/// What a deploy's status stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Live,
    /// A newer deploy has taken its place.
    Replaced,
    Failed,
    /// Not told, or a word that this version does not know.
    Unknown,
}

fn stage(deploy: &Deploy) -> Stage {
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

/// The latest deploys of a service, in no particular order.
pub(super) async fn fetch_deploys(render: &Render, context: &CallContext, service_id: &str) -> Result<Vec<Deploy>> {
    let mut request = render.request(Method::GET, &["services", service_id, "deploys"])?;
    request.url.set_query(Some("limit=100"));
    let listed: Result<Vec<ListedDeploy>> = render.read(context, Effect::Idempotent, request).await;
    match listed {
        Ok(listed) => Ok(listed.into_iter().map(|listed| listed.deploy).collect()),
        // The service went, or does not show yet.
        Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The order of a listing is not guaranteed (§8), so the dates decide: RFC 3339 in UTC, which sorts as text.
fn newest(deploys: &[Deploy]) -> Option<&Deploy> {
    deploys.iter().max_by_key(|deploy| deploy.created_at.as_deref())
}

/// The deploy that tells how the service does: the live one, for it serves while a newer one is on its way or has failed.
pub(super) fn current_deploy(deploys: &[Deploy]) -> Option<&Deploy> {
    let live = deploys.iter().find(|deploy| stage(deploy) == Stage::Live);
    live.or_else(|| newest(deploys))
}

pub(super) fn status(deploys: &[Deploy]) -> Status {
    match current_deploy(deploys).map(stage) {
        Some(Stage::Live) => Status::Running,
        Some(Stage::Starting) => Status::Pending,
        Some(Stage::Failed) => Status::Failed,
        Some(Stage::Replaced | Stage::Unknown) | None => Status::Unknown,
    }
}

/// Follows the deploy that the create has started.
pub(super) async fn readiness(render: &Render, context: &CallContext, instance: &Instance) -> Result<Readiness> {
    let followed: Option<Deploy> = match &instance.launch {
        Some(id) => {
            let path = ["services", &instance.id, "deploys", id];
            render.fetch(context, &path).await?
        }
        None => None,
    };
    match followed {
        Some(deploy) if stage(&deploy) != Stage::Replaced => {
            readiness_of(render, context, instance, Some(&deploy)).await
        }
        // Replaced, or never told: whatever runs now counts.
        _ => {
            let deploys = fetch_deploys(render, context, &instance.id).await?;
            readiness_of(render, context, instance, current_deploy(&deploys)).await
        }
    }
}

async fn readiness_of(
    render: &Render,
    context: &CallContext,
    instance: &Instance,
    deploy: Option<&Deploy>,
) -> Result<Readiness> {
    let live = match deploy.map(stage) {
        None | Some(Stage::Replaced) => return Ok(Readiness::Starting),
        Some(Stage::Failed) => {
            let status = deploy.and_then(|deploy| deploy.status.as_deref()).unwrap_or_default();
            return Ok(Readiness::Failed(format!("its deploy has the status {status}.")));
        }
        Some(stage) => stage == Stage::Live,
    };
    // What the create's answer could not tell; and whether Render has suspended it, which a deploy does not show.
    let Some(service) = render.service(context, &instance.id).await? else {
        return Ok(Readiness::Starting);
    };
    if let Some(suspenders) = service.suspension() {
        return Ok(Readiness::Failed(format!("it was suspended ({suspenders}).")));
    }
    if !live {
        return Ok(Readiness::Starting);
    }
    Ok(Readiness::Ready(Instance {
        status: Status::Running,
        launch: instance.launch.clone(),
        ..service.into_instance()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deploy(status: Option<&str>, created_at: Option<&str>) -> Deploy {
        Deploy {
            id: None,
            status: status.map(str::to_owned),
            created_at: created_at.map(str::to_owned),
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
            assert_eq!(status(&[deploy(word, None)]), expected, "{word:?}");
        }
        assert_eq!(status(&[]), Status::Unknown);
    }

    #[test]
    fn the_live_deploy_tells_and_otherwise_the_newest() {
        let old = Some("2026-01-01T00:00:00.000000Z");
        let new = Some("2026-01-02T00:00:00.000000Z");
        let serving = [deploy(Some("update_failed"), new), deploy(Some("live"), old)];
        assert_eq!(status(&serving), Status::Running);
        let failing = [
            deploy(Some("update_failed"), new),
            deploy(Some("queued"), old),
            deploy(None, None),
        ];
        assert_eq!(status(&failing), Status::Failed);
    }
}
