//! The transport of a simulated process: it loses, delays, repeats and garbles what the scenario says.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::clock::{Timeline, sleep};
use super::faults::{FaultKind, Wait};
use super::process::Life;
use super::stage::{Departure, Stage};
use super::worlds::{Answer, Arrived};
use crate::http::message::{Request, Response};
use crate::http::transport::{Transport, TransportError};

/// The network of one process.
pub(super) struct Network {
    stage: Arc<Stage>,
    process: usize,
    life: Arc<Life>,
}

type Reply = Result<Answer, TransportError>;

impl Network {
    pub(super) fn new(stage: Arc<Stage>, process: usize, life: Arc<Life>) -> Self {
        Self { stage, process, life }
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let _wait = self.life.begin_wait();
        self.life.outlive().await;
        let departure = self.stage.depart(self.process, &self.life, &request);
        let Some(departure) = departure else {
            return std::future::pending().await;
        };
        let (sender, receiver) = oneshot::channel();
        let stage = Arc::clone(&self.stage);
        // What is on its way arrives, whatever becomes of the process and of the call.
        tokio::spawn(async move {
            carry(&stage, departure, sender).await;
            stage.land();
        });
        let reply = receiver.await;
        self.life.outlive().await;
        match reply {
            Ok(reply) => reply.map(Answer::into_response),
            // No response ever comes.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Carries a request to the provider, and the answer back.
async fn carry(stage: &Stage, departure: Departure, sender: oneshot::Sender<Reply>) {
    let Departure {
        arrived,
        latency,
        fault,
    } = departure;
    let (there, back) = (latency / 2, latency - latency / 2);
    let handle = || stage.handle(&arrived);
    let reply = match fault {
        None => {
            sleep(there).await;
            let answer = handle();
            sleep(back).await;
            Ok(answer)
        }
        Some(FaultKind::NotConnected) => {
            sleep(there).await;
            Err(TransportError::Connect("connection refused".to_owned()))
        }
        Some(FaultKind::ResetBefore) => {
            sleep(there).await;
            Err(interrupted())
        }
        Some(FaultKind::ResetAfter) => {
            sleep(there).await;
            handle();
            Err(interrupted())
        }
        Some(FaultKind::ResetThenEffect { after }) => {
            sleep(there).await;
            let _ = sender.send(Err(interrupted()));
            sleep(after.saturating_sub(there)).await;
            handle();
            return;
        }
        Some(FaultKind::Slow { takes, effect_first }) => {
            sleep(if effect_first { there } else { takes }).await;
            let answer = handle();
            sleep(if effect_first { takes } else { back }).await;
            Ok(answer)
        }
        Some(FaultKind::Hang { effect }) => {
            if let Some(effect) = effect {
                sleep(effect).await;
                handle();
            }
            return;
        }
        Some(FaultKind::Status { status, html, effect }) => {
            sleep(there).await;
            if effect {
                handle();
            }
            sleep(back).await;
            Ok(of_a_gateway(status, html))
        }
        Some(FaultKind::Unreadable { effect }) => {
            sleep(there).await;
            if effect {
                handle();
            }
            let bodies = ["<!DOCTYPE html><html></html>", "{\"da", "", "null", "{\"data\":null}"];
            let readable = usize::from(stage.provider.reads_any_object);
            let body = stage.draw(|dice| dice.pick(&bodies[..bodies.len() - readable]));
            Ok(Answer::text(200, body))
        }
        Some(FaultKind::Throttled { wait }) => {
            sleep(there).await;
            Ok(throttled(stage, wait))
        }
        Some(FaultKind::Twice { second }) => {
            sleep(there).await;
            let first_answer = handle();
            sleep(back).await;
            let second_answer = handle();
            // A rate limit that refuses says of its own request that it had no effect, and cannot know of the other one.
            let is_limited = second_answer.status == 429;
            Ok(if second && !is_limited {
                second_answer
            } else {
                first_answer
            })
        }
        Some(FaultKind::Refused { which, effect }) => {
            sleep(there).await;
            if effect {
                handle();
            }
            Ok(stage.provider.refuse(arrived.kind, which))
        }
        Some(FaultKind::OfAnother) => {
            sleep(there).await;
            Ok(handle().of_another())
        }
        Some(FaultKind::Drift) => {
            sleep(there).await;
            Ok(handle().drifted())
        }
        Some(FaultKind::Echo) => {
            sleep(there).await;
            Ok((stage.provider.problem)(400, &echo(&arrived)))
        }
    };
    let _ = sender.send(reply);
}

fn interrupted() -> TransportError {
    TransportError::Interrupted("connection reset by peer".to_owned())
}

/// Returns the answer of a gateway before the provider.
fn of_a_gateway(status: u16, html: bool) -> Answer {
    if html {
        Answer::text(status, "<!DOCTYPE html><html><h1>Bad gateway</h1></html>").with("content-type", "text/html")
    } else {
        Answer::text(status, "upstream connect error").with("content-type", "text/plain")
    }
}

/// Returns the answer of a rate limit.
fn throttled(stage: &Stage, wait: Wait) -> Answer {
    let answer = Answer::text(429, "Too Many Requests").with("content-type", "text/plain");
    match wait {
        Wait::Untold => answer,
        Wait::Seconds(seconds) => answer.with("retry-after", seconds.to_string()),
        Wait::Date(seconds) => {
            let date = Timeline::date_at(stage.timeline.now() + u64::from(seconds) * 1_000);
            answer.with("retry-after", httpdate::fmt_http_date(date))
        }
        Wait::Window(seconds) => answer
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", seconds.to_string()),
    }
}

/// Returns a text that holds all secrets of a request.
fn echo(arrived: &Arrived) -> String {
    let credential = arrived.credential.clone().unwrap_or_default();
    format!("Invalid request with {credential}: {}", arrived.text)
}
