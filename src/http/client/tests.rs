//! Tests of the layers together, over a scripted transport and under a paused clock.

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
use crate::error::Outcome;
use crate::http::credential::CredentialOrigin;
use crate::http::settings::DEFAULT_MAX_RETRIES;
use crate::http::transport::Transport;
use crate::secret::Secret;

/// The transport's next step. After the last one it answers `200`.
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
        Ok(Response::new(status, headers.collect::<HeaderMap>(), Bytes::new()))
    }
}

struct Fixture {
    script: Arc<Script>,
    client: Client,
    context: CallContext,
    cancellation: CancellationToken,
}

fn credential(text: &str, origin: CredentialOrigin) -> Credential {
    Credential {
        secret: Secret::new(text.to_owned()),
        presentation: Presentation::Header(AUTHORIZATION, "Bearer "),
        origin,
        expires: None,
        is_denied_when_expired: false,
    }
}

fn fixture(steps: impl IntoIterator<Item = Step>) -> Fixture {
    let script = Arc::new(Script::default());
    script.steps.lock().unwrap().extend(steps);
    let resources = Arc::new(HttpResources::new(script.clone(), Arc::new(SystemRandom)));
    let settings = Settings {
        base_url: None,
        request_timeout: None,
        max_retries: DEFAULT_MAX_RETRIES,
    };
    let key = credential("key", CredentialOrigin::Config);
    let client = Client::new(&resources, &settings, "https://example.com", &key).unwrap();
    let cancellation = CancellationToken::new();
    let context = CallContext::new(Arc::new(SystemClock), cancellation.clone());
    Fixture {
        script,
        client,
        context,
        cancellation,
    }
}

/// A provider's view: 429 and 5xx by the book.
fn interpret(response: &Response) -> Result<u16> {
    match response.status {
        429 => Err(Error::new(ErrorCode::RateLimited, "slow down").with_retry_after(response.retry_delay)),
        500.. => Err(Error::ambiguous(ErrorCode::Unavailable, "broken")),
        status => Ok(status),
    }
}

impl Fixture {
    async fn call(&self, effect: Effect) -> Result<u16> {
        let request = Request::new(Method::GET, self.client.base().join(&["x"])?);
        self.client.call(&self.context, effect, request, interpret).await
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
    let fixture = fixture([refused(), reset(), Step::Answer(503, &[])]);
    assert_eq!(fixture.call(Effect::Idempotent).await.unwrap(), 200);
    assert_eq!(fixture.script.sent(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_often_and_how_long_and_why() {
    let fixture = fixture([reset(), reset(), reset(), Step::Answer(503, &[])]);
    let error = fixture.call(Effect::Idempotent).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("Gave up after 4 attempts in "), "{text}");
    assert!(text.ends_with("broken"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_has_an_effect_is_repeated_only_if_it_surely_had_none() {
    let fixture = fixture([refused(), Step::Answer(429, &[("retry-after", "1")]), reset()]);
    let error = fixture.call(Effect::Once).await.unwrap_err();
    assert_eq!((error.code(), error.outcome()), (ErrorCode::Network, Outcome::Unknown));
    assert_eq!(fixture.script.sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_server_is_given_thirty_seconds_for_a_read_and_sixty_for_a_create() {
    for (effect, seconds) in [(Effect::Idempotent, 30), (Effect::Once, 60)] {
        // One more than is needed: a back-off of less than the last millisecond leaves time for another attempt.
        let fixture = fixture([Step::Hang, Step::Hang]);
        let context = fixture
            .context
            .within(Duration::from_secs(seconds) + Duration::from_millis(1));
        let request = Request::new(Method::GET, fixture.client.base().join(&["x"]).unwrap());
        let began = Instant::now();
        let error = fixture
            .client
            .call(&context, effect, request, interpret)
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.outcome()), (ErrorCode::Timeout, Outcome::Unknown));
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_names_the_time_that_the_attempt_had() {
    for (milliseconds_left, named) in [(60_000, "within 100 ms."), (99, "within 99 ms.")] {
        let fixture = fixture([Step::Hang]);
        let context = fixture.context.within(Duration::from_millis(milliseconds_left));
        let mut request = Request::new(Method::GET, fixture.client.base().join(&["x"]).unwrap());
        request.timeout = Some(Duration::from_millis(100));
        let result = fixture.client.call(&context, Effect::Once, request, interpret).await;
        let text = result.unwrap_err().to_string();
        assert!(text.ends_with(named), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_reported_and_spares_the_calls_that_follow() {
    let fixture = fixture([Step::Answer(429, &[("retry-after", "3600")])]);
    let error = fixture.call(Effect::Idempotent).await.unwrap_err();
    assert_eq!(error.details().retry_after, Some(Duration::from_secs(3_600)));
    let error = fixture.call(Effect::Idempotent).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::RateLimited);
    assert!(error.details().retry_after > Some(Duration::from_secs(3_590)));
    assert_eq!(fixture.script.sent(), 1, "the second call burns no request");
}

#[tokio::test(start_paused = true)]
async fn the_retry_after_of_a_5xx_is_slept_before_an_idempotent_request_is_repeated() {
    for status in [500, 502, 503, 504, 529] {
        let fixture = fixture([Step::Answer(status, &[("retry-after", "7")])]);
        let began = Instant::now();
        assert_eq!(fixture.call(Effect::Idempotent).await.unwrap(), 200);
        assert_eq!(began.elapsed().as_secs(), 7, "{status}");
    }
    let fixture = fixture([Step::Answer(503, &[("retry-after", "7")])]);
    let error = fixture.call(Effect::Once).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (ErrorCode::Unavailable, Outcome::Unknown)
    );
    assert_eq!(fixture.script.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_of_a_5xx_is_reported() {
    const LONG: &[(&str, &str)] = &[("retry-after", "31")];
    let fixture = fixture([Step::Answer(503, LONG), Step::Answer(503, LONG)]);
    let error = fixture.call(Effect::Idempotent).await.unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (ErrorCode::RateLimited, Outcome::Unknown)
    );
    assert_eq!(error.details().retry_after, Some(Duration::from_secs(31)));
    // A create's outcome is unclear. That matters more, and the wait is not its.
    let error = fixture.call(Effect::Once).await.unwrap_err();
    assert_eq!(
        (error.code(), error.details().retry_after),
        (ErrorCode::Unavailable, None)
    );
    assert_eq!(fixture.script.sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_429_without_a_wait_closes_the_window_for_all_calls() {
    let fixture = fixture([
        Step::Answer(429, &[]),
        Step::Answer(429, &[]),
        Step::Answer(429, &[("retry-after", "0")]),
    ]);
    let began = Instant::now();
    assert_eq!(fixture.call(Effect::Once).await.unwrap(), 200);
    assert_eq!(began.elapsed().as_secs(), 1 + 2 + 4);
    assert_eq!(fixture.script.sent(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_empty_window_is_waited_for_in_order() {
    const LAST: &[(&str, &str)] = &[
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "10"),
        ("x-ratelimit-limit", "5"),
    ];
    let fixture = fixture([Step::Answer(200, LAST)]);
    fixture.call(Effect::Idempotent).await.unwrap();
    let began = Instant::now();
    let (one, two) = tokio::join!(fixture.call(Effect::Idempotent), fixture.call(Effect::Once));
    assert_eq!((one.unwrap(), two.unwrap()), (200, 200));
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_caller_cancels() {
    let fixture = fixture([Step::Answer(429, &[("retry-after", "20")])]);
    let cancel = async {
        fixture.context.sleep_uncancelled(Duration::from_secs(5)).await;
        fixture.cancellation.cancel();
    };
    let began = Instant::now();
    let (error, ()) = tokio::join!(fixture.call(Effect::Once), cancel);
    assert_eq!(error.unwrap_err().code(), ErrorCode::Aborted);
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_cuts_a_read_and_lets_a_create_come_to_its_end() {
    for (effect, code) in [
        (Effect::Idempotent, ErrorCode::Aborted),
        (Effect::Once, ErrorCode::Timeout),
    ] {
        let fixture = fixture([Step::Hang]);
        let cancel = async {
            fixture.context.sleep_uncancelled(Duration::from_secs(5)).await;
            fixture.cancellation.cancel();
        };
        let (error, ()) = tokio::join!(fixture.call(effect), cancel);
        assert_eq!(error.unwrap_err().code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_a_call_that_was_cancelled_before() {
    let fixture = fixture([]);
    fixture.cancellation.cancel();
    for effect in [Effect::Idempotent, Effect::Once] {
        let error = fixture.call(effect).await.unwrap_err();
        assert_eq!((error.code(), error.outcome()), (ErrorCode::Aborted, Outcome::NoEffect));
    }
    assert_eq!(fixture.script.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn at_most_128_requests_of_a_tenant_are_under_way() {
    let fixture = fixture((0..200).map(|_| Step::Hang));
    let waiting = async {
        fixture.context.sleep_uncancelled(Duration::from_secs(1)).await;
        let sent = fixture.script.sent();
        fixture.cancellation.cancel();
        sent
    };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (client, context) = (fixture.client.clone(), fixture.context.clone());
        let request = Request::new(Method::GET, client.base().join(&["x"]).unwrap());
        all.spawn(async move {
            client
                .call(&context, Effect::Idempotent, request, interpret)
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

/// A provider's view of a refused credential.
fn interpret_refusal(response: &Response) -> Result<u16> {
    match response.status {
        401 => Err(Error::new(ErrorCode::Unauthenticated, "no")),
        403 => Err(Error::new(ErrorCode::PermissionDenied, "no")),
        status => Ok(status),
    }
}

/// Gives these credentials in turn, and counts how often it is asked.
struct Source {
    credentials: Mutex<VecDeque<Credential>>,
    asked: Mutex<usize>,
}

#[async_trait]
impl CredentialSource for Source {
    async fn renew(&self, used: &Credential) -> Option<Credential> {
        *self.asked.lock().unwrap() += 1;
        let next = self.credentials.lock().unwrap().pop_front();
        next.filter(|next| next.differs_from(used))
    }
}

/// Calls with the key of a variable, which `renewed` follow. Returns the result, the requests sent and the times asked.
async fn call_renewing(
    first: &Credential,
    renewed: &[&str],
    steps: impl IntoIterator<Item = Step>,
) -> (Result<u16>, usize, usize) {
    let fixture = fixture(steps);
    let origin = CredentialOrigin::Variable("KEY");
    let renewed = renewed.iter().map(|text| credential(text, origin.clone()));
    let source = Arc::new(Source {
        credentials: Mutex::new(renewed.collect()),
        asked: Mutex::new(0),
    });
    let client = fixture
        .client
        .for_call(first.clone(), Some(source.clone()), LateSecrets::default());
    let request = Request::new(Method::POST, client.base().join(&["x"]).unwrap());
    let result = client
        .call(&fixture.context, Effect::Once, request, interpret_refusal)
        .await;
    let asked = *source.asked.lock().unwrap();
    (result, fixture.script.sent(), asked)
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_renewed_once_and_the_request_sent_again() {
    let refusal = || Step::Answer(401, &[]);
    let of_variable = credential("old", CredentialOrigin::Variable("KEY"));
    let (result, sent, asked) = call_renewing(&of_variable, &["new"], [refusal()]).await;
    assert_eq!((result.unwrap(), sent, asked), (200, 2, 1));
    // The renewed one is refused as well.
    let (result, sent, asked) = call_renewing(&of_variable, &["new", "newer"], [refusal(), refusal()]).await;
    assert_eq!(result.unwrap_err().to_string(), "The credential of KEY was refused: no");
    assert_eq!((sent, asked), (2, 1));
    // It has not changed.
    let (result, sent, asked) = call_renewing(&of_variable, &["old"], [refusal()]).await;
    assert_eq!(result.unwrap_err().code(), ErrorCode::Unauthenticated);
    assert_eq!((sent, asked), (1, 1));
    // The caller has passed it as text.
    let of_config = credential("old", CredentialOrigin::Config);
    let (result, sent, asked) = call_renewing(&of_config, &["new"], [refusal()]).await;
    assert_eq!(result.unwrap_err().to_string(), "no");
    assert_eq!((sent, asked), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_the_credentials_fault_only_if_it_has_expired_and_the_provider_answers_so() {
    let refusal = || Step::Answer(403, &[]);
    let valid = credential("old", CredentialOrigin::Variable("KEY"));
    let exact = Credential {
        expires: Some(std::time::SystemTime::UNIX_EPOCH),
        ..valid.clone()
    };
    for credential in [&valid, &exact] {
        let (result, sent, _) = call_renewing(credential, &["new"], [refusal()]).await;
        assert_eq!((result.unwrap_err().to_string().as_str(), sent), ("no", 1));
    }
    let expired = Credential {
        is_denied_when_expired: true,
        ..exact
    };
    let (result, sent, _) = call_renewing(&expired, &["new"], [refusal()]).await;
    assert_eq!((result.unwrap(), sent), (200, 2));
    let (result, ..) = call_renewing(&expired, &[], [refusal()]).await;
    assert_eq!(
        result.unwrap_err().to_string(),
        "The token of KEY has expired, by its own claim (1970-01-01T00:00:00Z): no"
    );
}
