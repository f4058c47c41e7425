//! The events of clean-ups: each resource has one `started` and one end, which is true.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Fixture, Scripted, instance, request};
use crate::context::clock::{Clock, SystemClock};
use crate::context::events::{Event, EventSink, Events};
use crate::error::{Error, ErrorCode};
use crate::model::create_request::CreateRequest;
use crate::operations::observe::Cleanup;
use crate::provider::{DeleteResult, Readiness};
use crate::simulation::mutations::{Mutation, mutate};

/// Keeps the clean-up events: step, id and attempts, as they are published.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl EventSink for Told {
    fn record(&self, event: Event) {
        if let Event::Cleanup(cleanup) = event {
            let id = cleanup.instance_id.unwrap_or_default();
            let code = cleanup.error_code.unwrap_or_default();
            let text = format!("{:?} {id} {} {code}", cleanup.step, cleanup.attempts);
            self.0.lock().unwrap().push(text.trim_end().to_owned());
        }
    }
}

/// Returns a call with subscribers, and its events.
fn watched() -> (Fixture, Arc<Told>) {
    let told = Arc::new(Told::default());
    let mut fixture = Fixture::new();
    fixture.context = fixture
        .context
        .with_events(Events::to(Arc::clone(&told) as Arc<dyn EventSink>));
    (fixture, told)
}

fn take(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.0.lock().unwrap())
}

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Network, "reset")
}

/// Has the instance of a create fail, so that it is rolled back.
fn failing() -> CreateRequest {
    CreateRequest {
        ready_timeout: Some(Duration::from_secs(60)),
        ..request()
    }
}

fn provider() -> Scripted {
    let provider = Scripted::new();
    provider.probes.then([Ok(Readiness::Failed("it did not start".into()))]);
    provider
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_request_makes_late_has_a_story_of_its_own() {
    let (fixture, told) = watched();
    let mut provider = provider();
    provider.semantics.create_is_idempotent = true;
    provider.creates.then([Err(lost()), Ok(instance("first", "x"))]);
    provider.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    fixture.create(&provider, failing()).await.unwrap_err();
    let expected = [
        "Started first 0",
        "Succeeded first 1",
        "Started late 0",
        "Succeeded late 1",
    ];
    assert_eq!(take(&told), expected);
    // Reads that lag show both again.
    provider
        .finds
        .then([Ok(Some(instance("first", "x"))), Ok(Some(instance("late", "x")))]);
    fixture.watch(&provider).await;
    assert_eq!(take(&told), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_a_rate_limit_holds_up_ends_in_the_background() {
    for ids_are_never_reused in [true, false] {
        let (fixture, told) = watched();
        let mut provider = provider();
        provider.semantics.ids_are_never_reused = ids_are_never_reused;
        let limited = Error::new(ErrorCode::RateLimited, "x").with_retry_after(Some(Duration::from_secs(120)));
        provider.deletions.then([Err(limited), Err(lost())]);
        // Where an id is a name, a lookup tells first whose it is by then.
        provider.others.lock().unwrap().push(instance("made", "x"));
        fixture.create(&provider, failing()).await.unwrap_err();
        assert_eq!(take(&told), ["Started made 0"]);
        fixture.watch(&provider).await;
        assert_eq!(take(&told), ["Succeeded made 3"]);
        assert_eq!(provider.count("destroy own"), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_hours_after_an_abort_is_kept_in_the_background() {
    let (fixture, told) = watched();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    let hour = Duration::from_secs(3_600);
    let limited = Error::new(ErrorCode::RateLimited, "x").with_retry_after(Some(hour));
    provider.deletions.then([Err(limited)]);
    let began = Instant::now();
    fixture.create(&provider, request()).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::ZERO);
    fixture.watch(&provider).await;
    assert_eq!(began.elapsed(), hour);
    assert_eq!(take(&told), ["Started made 0", "Succeeded made 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_reads_do_not_confirm_yet_has_not_succeeded() {
    let (fixture, told) = watched();
    let provider = provider();
    provider.deletions.then((0..8).map(|_| Ok(DeleteResult::NotYetVisible)));
    let error = fixture.create(&provider, failing()).await.unwrap_err();
    let message = error.message().to_string();
    assert!(message.contains("is being removed in the background: "), "{message}");
    assert_eq!(take(&told), ["Started made 0"]);
    fixture.watch(&provider).await;
    assert_eq!(take(&told), ["Succeeded made 9"]);
}

/// Returns what is told of a create that was aborted, and whose request took effect only when nothing was looked for any more.
async fn aborted(provider: &mut Scripted) -> Vec<String> {
    let (fixture, told) = watched();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    fixture.create(provider, request()).await.unwrap_err();
    assert_eq!(take(&told), [""; 0], "nothing was seen");
    provider.others.lock().unwrap().push(instance("late", "x"));
    fixture.watch(provider).await;
    take(&told)
}

#[tokio::test(start_paused = true)]
async fn what_an_aborted_create_makes_late_has_a_story() {
    let mut provider = Scripted::new();
    provider
        .deletions
        .then([Err(lost()), Err(Error::new(ErrorCode::PermissionDenied, "no"))]);
    assert_eq!(aborted(&mut provider).await, ["Started late 0", "Succeeded late 3"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_for_hours_has_failed_once() {
    let mut provider = Scripted::new();
    let refused = || Err(Error::new(ErrorCode::PermissionDenied, "no"));
    provider.deletions.then((0..1_000).map(|_| refused()));
    let told = aborted(&mut provider).await;
    let attempts = provider.count("destroy own");
    assert_eq!(
        told,
        [
            "Started late 0".to_owned(),
            format!("Failed late {attempts} PERMISSION_DENIED")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_another_call_adopts_meanwhile_stays_and_its_clean_up_has_failed() {
    for (defect, end) in [
        (None, "Failed late 1"),
        (Some(Mutation::TellsAdoptedForRemoved), "Succeeded late 1"),
    ] {
        let (fixture, told) = watched();
        let mut provider = Scripted::new();
        provider.cancel_at_create = Some(fixture.cancellation.clone());
        provider.creates.then([Err(lost())]);
        fixture.create(&provider, request()).await.unwrap_err();
        provider.others.lock().unwrap().push(instance("late", "x"));
        provider.deletions.then([Err(lost())]);
        let adopt = async {
            while told.0.lock().unwrap().is_empty() {
                SystemClock.sleep(Duration::from_secs(1)).await;
            }
            fixture.instances(&provider).adopted("late");
        };
        let _mutated = mutate(defect);
        tokio::join!(fixture.watch(&provider), adopt);
        assert_eq!(take(&told), ["Started late 0", end]);
        assert_eq!(provider.others.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_deletion_has_deleted_ends_in_success() {
    let (fixture, told) = watched();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    fixture.create(&provider, request()).await.unwrap_err();
    // Shown once. The deletion whose answer was lost took effect, so no lookup shows it again.
    provider.finds.then([Ok(Some(instance("late", "x")))]);
    provider.deletions.then([Err(lost())]);
    fixture.watch(&provider).await;
    assert_eq!(take(&told), ["Started late 0", "Succeeded late 1"]);
}

#[tokio::test(start_paused = true)]
async fn lookups_that_fail_to_the_end_are_told_as_a_failure() {
    let (fixture, told) = watched();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    provider.finds.then((0..10_000).map(|_| Err(lost())));
    fixture.create(&provider, request()).await.unwrap_err();
    fixture.watch(&provider).await;
    assert_eq!(take(&told), ["Started  0", "Failed  0 NETWORK"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_found_and_whose_it_is_could_not_be_read_is_looked_at_again_after_an_abort() {
    let (fixture, told) = watched();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    // Not there before the create; then its lookups show it, and it does not show whose it is.
    provider.finds.then([Ok(None), Ok(Some(instance("made", "mine")))]);
    provider.tokens.then((0..300).map(|_| Err(lost())));
    let request = CreateRequest {
        idempotency_key: Some("key".to_owned()),
        ..request()
    };
    fixture.create(&provider, request).await.unwrap_err();
    provider.tokens.then([Ok(Some(true))]);
    provider.others.lock().unwrap().push(instance("made", "mine"));
    fixture.watch(&provider).await;
    let told = take(&told);
    assert_eq!(told.first().map(String::as_str), Some("Started made 0"), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("Succeeded made 1"), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_clean_up_that_is_dropped_has_failed() {
    let (fixture, told) = watched();
    drop(Cleanup::start(&fixture.context, "computesdk-x", Some("made")));
    assert_eq!(take(&told), ["Started made 0", "Failed made 0"]);
}
