//! How long a lost create is searched for, and what a search does not take for alive.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{ABSENCE, Fixture, LAG, Scripted, code, instance, request};
use crate::error::{Error, ErrorCode, Result};
use crate::model::instance::Instance;

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Timeout, "no answer")
}

async fn created(fixture: &Fixture, provider: &Scripted, key: Option<&str>) -> Result<Instance> {
    let mut request = request();
    request.idempotency_key = key.map(str::to_owned);
    fixture.create(provider, request).await
}

/// A provider whose creates are lost, and of which nothing can be learnt for ten minutes.
fn silent() -> Scripted {
    let provider = Scripted::new();
    provider.creates.then((0..4).map(|_| Err(lost())));
    provider.finds.then((0..60).map(|_| Err(lost())));
    provider.finds.then([Ok(Some(instance("late", "x")))]);
    provider
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_is_told_in_time_that_nothing_can_be_learnt() {
    let fixture = Fixture::new();
    let began = Instant::now();
    let error = created(&fixture, &silent(), None).await.unwrap_err();
    assert_eq!(code(&error), "OUTCOME_UNKNOWN");
    assert!(began.elapsed() < ABSENCE + Duration::from_secs(140));
}

#[tokio::test(start_paused = true)]
async fn for_a_caller_that_has_gone_the_search_goes_on_until_there_is_something_to_remove() {
    let fixture = Fixture::new();
    let mut provider = silent();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    assert_eq!(code(&created(&fixture, &provider, None).await.unwrap_err()), "ABORTED");
    assert_eq!(provider.count("destroy own"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mark_is_looked_for_longer_than_a_look_may_fail() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    provider.finds.then([Ok(None), Ok(Some(instance("made", "x")))]);
    let failures = (0..18).map(|_| Err(lost()));
    provider.tokens.then(failures.chain([Ok(Some(true))]));
    let fixture = Fixture::new();
    let began = Instant::now();
    assert_eq!(created(&fixture, &provider, Some("key")).await.unwrap().id, "made");
    assert!(began.elapsed() > LAG);
    assert!(fixture.instances(&provider).was_created_here("made"));
}

#[tokio::test(start_paused = true)]
async fn what_this_process_has_removed_is_not_adopted_because_reads_still_show_it() {
    let provider = Scripted::new();
    let fixture = Fixture::new();
    created(&fixture, &provider, Some("key")).await.unwrap();
    fixture.destroy(&provider, "made").await.unwrap();
    provider.finds.then([Ok(Some(instance("made", "x")))]);
    provider.creates.then([Ok(instance("next", "x"))]);
    let again = fixture.next_call();
    assert_eq!(created(&again, &provider, Some("key")).await.unwrap().id, "next");
}

#[tokio::test(start_paused = true)]
async fn for_a_caller_that_has_gone_a_refusal_ends_neither_search_nor_removal() {
    let refused = || Error::new(ErrorCode::PermissionDenied, "a firewall's page");
    let fixture = Fixture::new();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    provider.finds.then([Err(refused()), Ok(Some(instance("late", "x")))]);
    provider.deletions.then([Err(refused())]);
    assert_eq!(code(&created(&fixture, &provider, None).await.unwrap_err()), "ABORTED");
    assert_eq!(provider.count("destroy own"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_create_is_about_to_remove_is_handed_to_nobody() {
    let provider = Scripted::new();
    let fixture = Fixture::new();
    fixture.instances(&provider).mark_deleting("made");
    let is_found = || {
        let found = Ok(Some(instance("made", "x")));
        provider.finds.then([found]);
    };
    is_found();
    provider.creates.then([Ok(instance("next", "x"))]);
    assert_eq!(created(&fixture, &provider, Some("key")).await.unwrap().id, "next");

    // It could not be removed after all.
    fixture.instances(&provider).unmark_deleting("made");
    is_found();
    let again = fixture.next_call();
    assert_eq!(created(&again, &provider, Some("key")).await.unwrap().id, "made");
}
