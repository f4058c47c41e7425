//! Pulls the image of a create (docs/providers/docker.md).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::{HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::json;

use super::api::Docker;
use super::errors::{ERRORS, pull_error};
use super::options::{Pull, RegistryCredentials};
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Result};
use crate::http::effect::Effect;
use crate::http::message::Response;
use crate::model::image_reference::ImageReference;
use crate::protocol::lenient::Info;
use crate::secret::Secret;

/// How long a pull may take. It goes on while layers come, which takes minutes for a large image on a slow line.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// How much of the end of the progress is kept. An error is its last line.
const KEPT_END: usize = 64 * 1024;

/// The rate limit of a registry is not the engine's: only pulls wait for it.
const BUCKET: &str = "pull";

/// Docker Hub, as credentials name it.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

const REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");

/// One line of a pull's progress.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
    error: Info<String>,
}

/// Has the engine pull the image, if the options say so.
///
/// Errors: `NOT_FOUND` for an image that the registry does not have; `PERMISSION_DENIED` and `UNAUTHENTICATED` if it does not
/// give it; `RATE_LIMITED` if it limits pulls.
pub(super) async fn prepare_image(docker: &Docker, context: &CallContext, image: &str) -> Result<()> {
    let wants_pull = match docker.options.pull() {
        Pull::Never => false,
        Pull::Always => true,
        Pull::Missing => !exists(docker, context, image).await?,
    };
    if wants_pull {
        pull(docker, context, image).await?;
    }
    Ok(())
}

/// Returns whether the engine has the image.
async fn exists(docker: &Docker, context: &CallContext, image: &str) -> Result<bool> {
    let request = docker
        .request(
            context,
            Method::GET,
            "/images/{name}/json",
            &["images", image, "json"],
            &[],
        )
        .await?;
    let found = docker
        .send(context, Effect::Idempotent, request, |response| ERRORS.check(response))
        .await;
    match found {
        Ok(()) => Ok(true),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn pull(docker: &Docker, context: &CallContext, image: &str) -> Result<()> {
    let mut query = vec![("fromImage", image)];
    let reference = ImageReference::parse(image);
    // Without a tag an engine pulls all tags of the repository.
    if is_without_version(reference, image) {
        query.push(("tag", "latest"));
    }
    let mut request = docker
        .request(context, Method::POST, "/images/create", &["images", "create"], &query)
        .await?;
    request.timeout = Some(TIME_LIMIT);
    request.kept_end = Some(KEPT_END);
    request.bucket = BUCKET;
    if let Some(registry) = &docker.options.registry {
        request = request.header(REGISTRY_AUTH, encode_credentials(registry, reference)?);
    }
    docker.send(context, Effect::Idempotent, request, read_progress).await
}

fn is_without_version(reference: ImageReference<'_>, image: &str) -> bool {
    let host = reference.registry.map_or(0, |host| host.len() + 1);
    image.len() == host + reference.path.len()
}

/// Reads the progress of a pull: the engine answers 200 before it knows how the pull ends, and tells an error as a line.
fn read_progress(response: &Response) -> Result<()> {
    if let Err(error) = ERRORS.check(response) {
        // Of an engine that fails before the first line. Without a message the status alone counts.
        let is_told = response.body.starts_with(b"{");
        return Err(if is_told {
            pull_error(&error.to_string()).with_http_status(response.status)
        } else {
            error
        });
    }
    let text = String::from_utf8_lossy(&response.body);
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Progress>(line.trim()).ok());
    match lines.filter_map(|line| line.error.0).last() {
        Some(error) => Err(pull_error(&error)),
        None => Ok(()),
    }
}

/// Writes credentials as engines read them.
fn encode_credentials(registry: &RegistryCredentials, image: ImageReference<'_>) -> Result<HeaderValue> {
    let server = registry.server_address.as_deref().or(image.registry);
    let text = Secret::new(
        json!({
            "username": registry.username.expose(),
            "password": registry.password.expose(),
            "serveraddress": server.unwrap_or(DOCKER_HUB),
        })
        .to_string(),
    );
    let mut value = HeaderValue::try_from(URL_SAFE.encode(text.expose()))
        .map_err(|_| Error::internal("The credentials of the registry could not be written."))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
