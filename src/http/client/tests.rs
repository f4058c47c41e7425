//! The layers together, over a transport that plays a script, under a clock that nobody waits for.

use std::collections::VecDeque;
use std::sync::Mutex;

use ::http::{HeaderMap, Method, header::AUTHORIZATION};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::context::clock::SystemClock;
use crate::context::random::SystemRandom;
use crate::error::{Operation, Outcome};
use crate::http::transport::Transport;
use crate::input::reader::Reader;
use crate::input::value::{Fields, Raw, Unreadable};

/// What the transport does next; answers `200` when the script is over.
enum Step {
    Fail(TransportError),
    Answer(u16, &'static [(&'static str, &'static str)]),
    Hang,
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    sent: Mutex<Vec<Instant>>,
}

impl Script {
    fn sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        assert!(request.headers[AUTHORIZATION].is_sensitive());
        self.sent.lock().unwrap().push(Instant::now());
        let step = self.steps.lock().unwrap().pop_front();
        let (status, headers) = match step {
            None => (200, &[][..]),
            Some(Step::Fail(error)) => return Err(error),
            Some(Step::Answer(status, headers)) => (status, headers),
            Some(Step::Hang) => std::future::pending().await,
        };
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Ok(Response {
            status,
            headers: headers.collect::<HeaderMap>(),
            body: Bytes::new(),
        })
    }
}

struct Config(&'static [(&'static str, f64)]);

impl Fields for Config {
    fn get(&self, name: &str) -> Result<Raw, Unreadable> {
        let found = self.0.iter().find(|(key, _)| *key == name);
        Ok(found.map_or(Raw::Absent, |(_, value)| Raw::Number(*value)))
    }
}

struct Bench {
    script: Arc<Script>,
    client: Client,
    cx: Cx,
    cancellation: CancellationToken,
}

fn bench(steps: impl IntoIterator<Item = Step>) -> Bench {
    let script = Arc::new(Script::default());
    script.steps.lock().unwrap().extend(steps);
    let core = Arc::new(Core::new(Arc::new(SystemClock), Arc::new(SystemRandom), script.clone()));
    let settings = Settings::read(&Reader::config(&Config(&[]))).unwrap();
    let key = Secret::new("key".to_owned());
    let client = Client::new(
        &core,
        &settings,
        "https://example.com",
        (AUTHORIZATION, "Bearer "),
        &key,
    )
    .unwrap();
    let cancellation = CancellationToken::new();
    let cx = Cx::new(core, Operation::GetById, cancellation.clone());
    Bench {
        script,
        client,
        cx,
        cancellation,
    }
}

/// A provider's view: 429 and 5xx by the book.
fn interpret(response: &Response) -> Result<u16> {
    match response.status {
        429 => {
            let wait = response.header("retry-after").and_then(|value| value.parse().ok());
            Err(Error::new(ErrorCode::RateLimited, "slow down").with_retry_after(wait.map(Duration::from_secs)))
        }
        500.. => Err(Error::ambiguous(ErrorCode::Unavailable, "broken")),
        status => Ok(status),
    }
}

impl Bench {
    async fn call(&self, effect: Effect) -> Result<u16> {
        let request = Request::new(Method::GET, self.client.base().join(&["x"])?);
        self.client.call(&self.cx, effect, request, interpret).await
    }
}

fn refused() -> Step {
    Step::Fail(TransportError::Connect("connection refused".to_owned()))
}

fn reset() -> Step {
    Step::Fail(TransportError::Interrupted("connection reset".to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_until_it_succeeds() {
    let bench = bench([refused(), reset(), Step::Answer(503, &[])]);
    assert_eq!(bench.call(Effect::Idempotent).await.unwrap(), 200);
    assert_eq!(bench.script.sent(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_often_and_how_long_and_why() {
    let bench = bench([reset(), reset(), reset(), Step::Answer(503, &[])]);
    let error = bench.call(Effect::Idempotent).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("Gave up after 4 attempts in "), "{text}");
    assert!(text.ends_with("broken"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_has_an_effect_is_repeated_only_if_it_surely_had_none() {
    let bench = bench([refused(), Step::Answer(429, &[("retry-after", "1")]), reset()]);
    let error = bench.call(Effect::Once).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (ErrorCode::Network, Outcome::Unknown));
    assert_eq!(bench.script.sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_server_is_given_thirty_seconds_for_a_read_and_sixty_for_a_create() {
    for (effect, seconds) in [(Effect::Idempotent, 30), (Effect::Once, 60)] {
        // One more than is needed: a back-off of less than the last millisecond leaves time for another attempt.
        let bench = bench([Step::Hang, Step::Hang]);
        let cx = bench.cx.within(Duration::from_secs(seconds) + Duration::from_millis(1));
        let request = Request::new(Method::GET, bench.client.base().join(&["x"]).unwrap());
        let began = Instant::now();
        let error = bench.client.call(&cx, effect, request, interpret).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (ErrorCode::Timeout, Outcome::Unknown));
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_reported_and_spares_the_calls_that_follow() {
    let bench = bench([Step::Answer(429, &[("retry-after", "3600")])]);
    let error = bench.call(Effect::Idempotent).await.unwrap_err();
    assert_eq!(error.details().retry_after, Some(Duration::from_secs(3_600)));
    let error = bench.call(Effect::Idempotent).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::RateLimited);
    assert!(error.details().retry_after > Some(Duration::from_secs(3_590)));
    assert_eq!(bench.script.sent(), 1, "the second call burns no request");
}

#[tokio::test(start_paused = true)]
async fn an_empty_window_is_waited_for_in_order() {
    const LAST: &[(&str, &str)] = &[
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "10"),
        ("x-ratelimit-limit", "5"),
    ];
    let bench = bench([Step::Answer(200, LAST)]);
    bench.call(Effect::Idempotent).await.unwrap();
    let began = Instant::now();
    let (one, two) = tokio::join!(bench.call(Effect::Idempotent), bench.call(Effect::Once));
    assert_eq!((one.unwrap(), two.unwrap()), (200, 200));
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_caller_cancels() {
    let bench = bench([Step::Answer(429, &[("retry-after", "20")])]);
    let cancel = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        bench.cancellation.cancel();
    };
    let began = Instant::now();
    let (error, ()) = tokio::join!(bench.call(Effect::Once), cancel);
    assert_eq!(error.unwrap_err().code(), ErrorCode::Aborted);
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_cuts_a_read_and_lets_a_create_come_to_its_end() {
    for (effect, code) in [
        (Effect::Idempotent, ErrorCode::Aborted),
        (Effect::Once, ErrorCode::Timeout),
    ] {
        let bench = bench([Step::Hang]);
        let cancel = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            bench.cancellation.cancel();
        };
        let (error, ()) = tokio::join!(bench.call(effect), cancel);
        assert_eq!(error.unwrap_err().code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_a_call_that_was_cancelled_before() {
    let bench = bench([]);
    bench.cancellation.cancel();
    for effect in [Effect::Idempotent, Effect::Once] {
        let error = bench.call(effect).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (ErrorCode::Aborted, Outcome::NoEffect));
    }
    assert_eq!(bench.script.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn at_most_128_requests_of_a_tenant_are_under_way() {
    let bench = bench((0..200).map(|_| Step::Hang));
    let waiting = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent = bench.script.sent();
        bench.cancellation.cancel();
        sent
    };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (client, cx) = (bench.client.clone(), bench.cx.clone());
        let request = Request::new(Method::GET, client.base().join(&["x"]).unwrap());
        all.spawn(async move {
            client
                .call(&cx, Effect::Idempotent, request, interpret)
                .await
                .map_err(|error| error.code())
        });
    }
    assert_eq!(waiting.await, 128);
    assert!(
        all.join_all()
            .await
            .iter()
            .all(|result| *result == Err(ErrorCode::Aborted))
    );
}
