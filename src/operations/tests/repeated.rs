//! Creates whose answers get lost at a provider where sending twice makes one resource.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{ABSENCE, Fixture, LAG, MAX_RETRIES, Scripted, code, instance, request};
use crate::error::{Error, ErrorCode, Result};
use crate::model::instance::Instance;
use crate::provider::Readiness;

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Network, "reset")
}

fn provider(creates: impl IntoIterator<Item = Result<Instance>>) -> Scripted {
    let mut provider = Scripted::new();
    provider.semantics.create_is_idempotent = true;
    provider.creates.then(creates);
    provider
}

async fn created(fixture: &Fixture, provider: &Scripted, ready: bool) -> Result<Instance> {
    created_with(fixture, provider, ready, None).await
}

async fn created_with(fixture: &Fixture, provider: &Scripted, ready: bool, key: Option<&str>) -> Result<Instance> {
    let mut request = request();
    request.idempotency_key = key.map(str::to_owned);
    request.ready_timeout = ready.then_some(Duration::from_secs(60));
    fixture.create(provider, request).await
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_sent_again_at_once() {
    let provider = provider([Err(lost()), Err(lost())]);
    let fixture = Fixture::new();
    let began = Instant::now();
    created(&fixture, &provider, false).await.unwrap();
    assert_eq!((provider.count("create"), provider.count("find")), (3, 0));
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_is_always_lost_is_looked_for_in_the_end() {
    let provider = provider((0..=MAX_RETRIES).map(|_| Err(lost())));
    provider.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    let fixture = Fixture::new();
    assert_eq!(created(&fixture, &provider, false).await.unwrap().id, "late");
    assert_eq!(provider.count("create"), MAX_RETRIES as usize + 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_sending_does_not_say_that_nothing_was_made() {
    let refused = || Err(Error::new(ErrorCode::PaymentRequired, "no card"));
    let late = provider([Err(lost()), refused()]);
    late.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    let fixture = Fixture::new();
    assert_eq!(created(&fixture, &late, false).await.unwrap().id, "late");

    let absent = provider([Err(lost()), refused()]);
    let fixture = Fixture::new();
    let began = Instant::now();
    assert_eq!(
        code(&created(&fixture, &absent, false).await.unwrap_err()),
        ErrorCode::PaymentRequired.as_str()
    );
    assert!(began.elapsed() >= ABSENCE);
    assert_eq!(absent.count("create"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_sending_makes_after_the_clean_up_is_removed_too() {
    let provider = provider([Err(lost()), Ok(instance("first", "x"))]);
    provider.probes.then([Ok(Readiness::Failed("it did not start".into()))]);
    provider.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    let fixture = Fixture::new();
    let began = Instant::now();
    assert_eq!(
        code(&created(&fixture, &provider, true).await.unwrap_err()),
        ErrorCode::ProvisionFailed.as_str()
    );
    assert_eq!(provider.count("destroy own"), 2);
    assert!(began.elapsed() >= ABSENCE);
}

#[tokio::test(start_paused = true)]
async fn a_destroy_soon_after_such_a_create_waits_for_the_lost_sending() {
    let provider = provider([Err(lost()), Ok(instance("first", "x"))]);
    let fixture = Fixture::new();
    created(&fixture, &provider, false).await.unwrap();
    provider.finds.then([Err(lost()), Ok(Some(instance("late", "x")))]);
    fixture.destroy(&provider, "first").await.unwrap();
    assert_eq!(provider.count("destroy own"), 2);

    // Once: what is known to be settled is not waited for again.
    let began = Instant::now();
    fixture.destroy(&provider, "first").await.unwrap();
    assert!(began.elapsed() < LAG);
}

#[tokio::test(start_paused = true)]
async fn a_destroy_long_after_it_looks_once_and_waits_for_nothing() {
    let provider = provider([Err(lost()), Ok(instance("first", "x"))]);
    let fixture = Fixture::new();
    created(&fixture, &provider, false).await.unwrap();
    tokio::time::advance(ABSENCE).await;
    let began = Instant::now();
    fixture.destroy(&provider, "first").await.unwrap();
    assert_eq!((provider.count("destroy own"), provider.count("find")), (1, 1));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_a_later_create_with_the_same_key_has_made_is_left_alone() {
    let provider = provider([Err(lost()), Ok(instance("first", "x"))]);
    let fixture = Fixture::new();
    created_with(&fixture, &provider, false, Some("key")).await.unwrap();
    // Under the same handle, with another create's mark; and one whose mark does not show at first.
    provider.finds.then([
        Ok(Some(instance("later", "x"))),
        Ok(Some(instance("late", "x"))),
        Ok(Some(instance("late", "x"))),
    ]);
    provider.tokens.then([Ok(Some(false)), Ok(None), Ok(Some(true))]);
    fixture.destroy(&provider, "first").await.unwrap();
    assert_eq!((provider.count("destroy own"), provider.count("has token")), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_destroy_that_has_failed_halfway_looks_again_however_late_it_is_repeated() {
    let provider = provider([Err(lost()), Ok(instance("first", "x"))]);
    let fixture = Fixture::new();
    created(&fixture, &provider, false).await.unwrap();
    let refused = Error::new(ErrorCode::Unauthenticated, "expired");
    provider.finds.then([Err(refused)]);
    assert_eq!(
        code(&fixture.destroy(&provider, "first").await.unwrap_err()),
        "UNAUTHENTICATED"
    );
    tokio::time::advance(ABSENCE).await;
    provider.finds.then([Ok(Some(instance("late", "x")))]);
    fixture.destroy(&provider, "first").await.unwrap();
    assert_eq!(provider.count("destroy own"), 3);
}

#[tokio::test(start_paused = true)]
async fn the_last_sending_counts_too() {
    let provider = provider((0..=MAX_RETRIES).map(|_| Err(lost())));
    provider.finds.then([Ok(Some(instance("first", "x")))]);
    let fixture = Fixture::new();
    created(&fixture, &provider, false).await.unwrap();
    provider.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    fixture.destroy(&provider, "first").await.unwrap();
    assert_eq!(provider.count("destroy own"), 2);
}
