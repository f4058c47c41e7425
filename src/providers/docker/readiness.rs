//! Whether a container runs, and why it does not (docs/providers/docker.md).

use std::time::Duration;

use http::Method;

use super::api::Docker;
use super::create::has_vanished;
use super::errors::ERRORS;
use super::wire::Inspected;
use crate::context::CallContext;
use crate::error::{Error, ErrorCode, Message, Outcome, Result};
use crate::http::effect::Effect;
use crate::model::instance::{Instance, Status};
use crate::provider::Readiness;

/// How long a container without a health check must have run: a command that cannot do its work ends at once.
const LEAST_RUN: Duration = Duration::from_millis(500);

/// How many lines of the logs are read.
const LOG_LINES: &str = "50";

/// The bytes before each piece of a log: its stream, three zeros, its length.
const FRAME_HEADER: usize = 8;

/// Reads once whether the container runs, and is healthy where its image has a health check.
///
/// Errors: `PROVISION_FAILED` for one that has ended, with its exit code and the end of its logs.
pub(super) async fn probe(docker: &Docker, context: &CallContext, instance: &Instance) -> Result<Readiness> {
    let inspected = docker
        .inspect_id(context, &instance.id)
        .await?
        .ok_or_else(has_vanished)?;
    if let Some("exited" | "stopped" | "dead" | "removing") = inspected.status_text() {
        let text = describe_end(&inspected);
        let logs = read_logs(docker, context, &instance.id).await;
        let error = Error::new(ErrorCode::ProvisionFailed, text);
        return Err(error.with_outcome(Outcome::Done).with_output(&logs));
    }
    let has_check = inspected.has_health_check();
    let probed = docker.present(&inspected);
    let now = context.now().into_std();
    let has_run = || has_check || now - *docker.runs_since.get_or_init(|| now) >= LEAST_RUN;
    // An unhealthy container may recover: its check began before it had started up.
    Ok(if probed.status == Status::Running && has_run() {
        Readiness::Ready(probed)
    } else {
        Readiness::Starting
    })
}

/// Says how a container has ended.
fn describe_end(inspected: &Inspected) -> Message {
    let Some(state) = inspected.state.as_ref() else {
        return "The instance did not start.".into();
    };
    let exit_code = state.exit_code.unwrap_or_default();
    let mut text = Message::ours(format!(
        "The instance did not start: it ended with exit code {exit_code}"
    ));
    if state.oom_killed.unwrap_or(false) {
        text = text.then(", killed because it ran out of memory (OOMKilled)");
    }
    if let Some(error) = state.error.as_deref().filter(|error| !error.is_empty()) {
        text = text.then(": ").then(Message::foreign(error));
    }
    text.then(".")
}

/// Returns the end of the logs; nothing if they cannot be read.
async fn read_logs(docker: &Docker, context: &CallContext, id: &str) -> String {
    let query = [("stdout", "1"), ("stderr", "1"), ("tail", LOG_LINES)];
    let Ok(request) = docker
        .request(
            context,
            Method::GET,
            "/containers/{id}/logs",
            &["containers", id, "logs"],
            &query,
        )
        .await
    else {
        return String::new();
    };
    let read = docker.send(context, Effect::Idempotent, request, |response| {
        ERRORS.check(response).map(|()| join_frames(&response.body))
    });
    read.await.unwrap_or_default()
}

/// Joins the pieces of a log. A log of a terminal has no frames, and stays as it is.
fn join_frames(body: &[u8]) -> String {
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((header, after)) = rest.split_at_checked(FRAME_HEADER) {
        let &[0..=2, 0, 0, 0, a, b, c, d] = header else {
            return String::from_utf8_lossy(body).into_owned();
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let (piece, next) = after.split_at(length.min(after.len()));
        text.extend_from_slice(piece);
        rest = next;
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(stream: u8, text: &str) -> Vec<u8> {
        let mut frame = vec![stream, 0, 0, 0];
        frame.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        frame.extend(text.as_bytes());
        frame
    }

    #[test]
    fn the_frames_of_a_log_are_joined() {
        let log = [frame(1, "out\n"), frame(2, "err\n"), frame(1, "")].concat();
        assert_eq!(join_frames(&log), "out\nerr\n");
        // Cut within a piece, and within a header.
        assert_eq!(join_frames(&log[..10]), "ou");
        assert_eq!(join_frames(&log[..15]), "out\n");
        assert_eq!(join_frames(b""), "");
    }

    #[test]
    fn the_log_of_a_terminal_is_kept_as_it_is() {
        assert_eq!(join_frames(b"plain text of a terminal"), "plain text of a terminal");
    }

    #[test]
    fn an_end_is_told_with_its_reasons() {
        let told = |state: &str| {
            let body = format!(r#"{{"Id":"{}","State":{state}}}"#, "a".repeat(64));
            Error::new(
                ErrorCode::ProvisionFailed,
                describe_end(&serde_json::from_str(&body).unwrap()),
            )
            .to_string()
        };
        assert_eq!(
            told(r#"{"Status":"exited","ExitCode":3,"OOMKilled":false,"Error":""}"#),
            "The instance did not start: it ended with exit code 3."
        );
        assert_eq!(
            told(r#"{"Status":"exited","ExitCode":137,"OOMKilled":true,"Error":"x"}"#),
            "The instance did not start: it ended with exit code 137, killed because it ran out of memory (OOMKilled): x."
        );
    }

    proptest::proptest! {
        #[test]
        fn any_body_can_be_joined(body in proptest::collection::vec(0_u8..=255, 0..80)) {
            let _ = join_frames(&body);
        }
    }
}
