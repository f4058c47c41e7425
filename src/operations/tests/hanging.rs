//! Creates that hang, creates that are refused with an effect, and what is watched after a call.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{ABSENCE, Fixture, LAG, Scripted, code, dated, instance, keyed, request};
use crate::context::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::provider::DeleteResult;

const HOUR: Duration = Duration::from_secs(3_600);

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Timeout, "no answer")
}

fn refused(code: ErrorCode) -> Error {
    Error::new(code, "said no").with_outcome(Outcome::RefusedUnclear)
}

fn others(provider: &Scripted) -> Vec<String> {
    let others = provider.others.lock().unwrap();
    others.iter().map(|other| other.id.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_create_that_hangs_is_adopted_when_it_is_seen() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.delays.then([HOUR]);
    provider.finds.then([Ok(None), Ok(Some(instance("seen", "x")))]);
    let began = Instant::now();
    assert_eq!(fixture.create(&provider, request()).await.unwrap().id, "seen");
    assert_eq!((began.elapsed().as_secs(), provider.count("create")), (12, 1));
    assert!(fixture.background.take().is_empty(), "one request makes one resource");
}

#[tokio::test(start_paused = true)]
async fn a_create_that_hangs_unseen_is_sent_once_more_beside_it() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.delays.then([HOUR]);
    let began = Instant::now();
    assert_eq!(fixture.create(&provider, request()).await.unwrap().id, "made");
    assert_eq!((began.elapsed().as_secs(), provider.count("create")), (20, 2));
    assert_eq!(fixture.background.take().len(), 1, "the first may still take effect");
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_counts_whichever_request_it_is_to() {
    for (delays, creates, seconds) in [
        ([Duration::from_secs(22), HOUR], [Ok("first"), Ok("second")], 22),
        ([HOUR, Duration::from_secs(3)], [Ok("first"), Ok("second")], 23),
        // A second request that is lost does not end the first.
        (
            [Duration::from_secs(30), Duration::from_secs(1)],
            [Ok("first"), Err(lost())],
            30,
        ),
        (
            [Duration::from_secs(21), Duration::from_secs(5)],
            [Err(lost()), Ok("second")],
            25,
        ),
    ] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        provider.delays.then(delays);
        provider
            .creates
            .then(creates.map(|create| create.map(|id| instance(id, "x"))));
        let began = Instant::now();
        let made = fixture.create(&provider, request()).await;
        assert!(made.is_ok());
        assert_eq!((began.elapsed().as_secs(), provider.count("create")), (seconds, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_request_whose_name_is_taken_shows_that_the_first_took_effect() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.delays.then([HOUR]);
    let taken = Error::new(ErrorCode::AlreadyExists, "taken");
    provider.creates.then([Ok(instance("late", "x")), Err(taken)]);
    // At 8, 12 and 16 s, and once after the clash.
    provider.finds.then((0..4).map(|_| Ok(None)));
    provider.finds.then([Ok(Some(instance("first", "x")))]);
    assert_eq!(fixture.create(&provider, request()).await.unwrap().id, "first");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_both_were_sent_is_told_when_nothing_shows() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.delays.then([Duration::from_secs(60)]);
    let unpaid = || Err(Error::new(ErrorCode::PaymentRequired, "no card"));
    provider.creates.then([Err(lost()), unpaid()]);
    let error = fixture.create(&provider, request()).await.unwrap_err();
    assert_eq!((code(&error), provider.count("create")), ("PAYMENT_REQUIRED", 2));
}

#[tokio::test(start_paused = true)]
async fn after_an_abort_nothing_more_is_sent_although_it_hangs() {
    let fixture = Fixture::new();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.delays.then([HOUR]);
    provider.finds.then((0..5).map(|_| Ok(None)));
    provider.finds.then([Ok(Some(instance("late", "x")))]);
    assert_eq!(
        code(&fixture.create(&provider, request()).await.unwrap_err()),
        "ABORTED"
    );
    assert_eq!((provider.count("create"), provider.count("destroy own")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_abort_ends_the_step_that_is_in_flight() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.step_delays.then([HOUR]);
    let began = Instant::now();
    let abort = async {
        SystemClock.sleep(Duration::from_secs(1)).await;
        fixture.cancellation.cancel();
    };
    let (error, ()) = tokio::join!(fixture.create(&provider, request()), abort);
    assert_eq!(
        (code(&error.unwrap_err()), provider.count("destroy own")),
        ("ABORTED", 1)
    );
    assert_eq!(began.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_hid_an_effect_is_an_adoption() {
    for looks in [0, 1] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        provider.creates.then([Err(refused(ErrorCode::NotFound))]);
        provider.finds.then((0..looks).map(|_| Ok(None)));
        provider.finds.then([Ok(Some(instance("made", "x")))]);
        assert_eq!(fixture.create(&provider, request()).await.unwrap().id, "made");
        assert_eq!(provider.count("create"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_which_nothing_shows_is_told_soon_and_in_its_words() {
    for code_of in [ErrorCode::Unavailable, ErrorCode::NotFound, ErrorCode::PermissionDenied] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        provider.creates.then([Err(refused(code_of))]);
        let began = Instant::now();
        let error = fixture.create(&provider, request()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code_of, "said no"));
        assert!(error.details().resource_name.is_some());
        assert_eq!((provider.count("create"), provider.count("find")), (1, 2));
        assert!(began.elapsed() < Duration::from_secs(10));
        // Once more, when reads no longer lag.
        provider.others.lock().unwrap().push(instance("late", "x"));
        fixture.watch(&provider).await;
        assert!(others(&provider).is_empty());
        assert_eq!(provider.count("find"), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_create_under_a_key_made_is_left_to_the_next_call() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.creates.then([Err(refused(ErrorCode::NotFound))]);
    fixture.create(&provider, keyed()).await.unwrap_err();
    assert!(fixture.background.take().is_empty());
}

/// A create that was sent twice, and whose second request made the instance.
async fn sent_twice(fixture: &Fixture, provider: &Scripted, request: CreateRequest) -> Result<Instance> {
    provider
        .creates
        .then([Err(lost()), Ok(dated("held", "2026-01-01T00:00:00Z"))]);
    fixture.create(provider, request).await
}

#[tokio::test(start_paused = true)]
async fn a_second_resource_of_a_create_is_deleted_and_the_callers_stays() {
    for request in [request(), keyed()] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        sent_twice(&fixture, &provider, request).await.unwrap();
        let began = Instant::now();
        let both = [
            dated("held", "2026-01-01T00:00:00Z"),
            dated("late", "2025-01-01T00:00:00Z"),
        ];
        provider.others.lock().unwrap().extend(both);
        fixture.watch(&provider).await;
        assert_eq!(others(&provider), ["held"]);
        assert!(began.elapsed() >= ABSENCE + LAG, "reads may lag behind the last effect");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_destroy_whatever_shows_of_the_create_is_deleted() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    sent_twice(&fixture, &provider, request()).await.unwrap();
    fixture.destroy(&provider, "held").await.unwrap();
    provider
        .others
        .lock()
        .unwrap()
        .extend([instance("held", "x"), instance("late", "x")]);
    fixture.watch(&provider).await;
    assert!(others(&provider).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_another_create_made_under_the_key_is_not_deleted() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    sent_twice(&fixture, &provider, keyed()).await.unwrap();
    provider.others.lock().unwrap().push(instance("theirs", "x"));
    provider
        .tokens
        .then((0..100).map(|look| Ok((look > 0).then_some(false))));
    fixture.watch(&provider).await;
    assert_eq!(others(&provider), ["theirs"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_does_not_end_with_a_look_that_failed() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    sent_twice(&fixture, &provider, request()).await.unwrap();
    provider.finds.then((0..12).map(|_| Err(lost())));
    provider.others.lock().unwrap().push(instance("late", "x"));
    fixture.watch(&provider).await;
    assert!(others(&provider).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_finds_both_resources_of_a_process_that_died_and_keeps_the_oldest() {
    for (is_same_create, left) in [(true, vec!["old"]), (false, vec!["young", "old"])] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        let both = [
            dated("young", "2026-02-01T00:00:00Z"),
            dated("old", "2026-01-01T00:00:00Z"),
        ];
        provider.others.lock().unwrap().extend(both);
        provider.tokens.then([Ok(Some(true)), Ok(Some(is_same_create))]);
        assert_eq!(fixture.create(&provider, keyed()).await.unwrap().id, "old");
        assert_eq!(
            (others(&provider), provider.count("create")),
            (left.into_iter().map(str::to_owned).collect(), 0)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_was_lost_is_settled_soon_and_watched() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    fixture.create(&provider, request()).await.unwrap();
    provider.deletions.then((0..5).map(|_| Ok(DeleteResult::NotYetVisible)));
    let began = Instant::now();
    fixture.destroy(&provider, "made").await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    // It shows after all, and is deleted again.
    let before = provider.count("destroy own");
    provider
        .deletions
        .then([Ok(DeleteResult::NotYetVisible), Ok(DeleteResult::Deleted)]);
    fixture.watch(&provider).await;
    assert!(provider.count("destroy own") >= before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_of_what_a_read_still_shows_is_not_settled() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    fixture.create(&provider, request()).await.unwrap();
    provider
        .deletions
        .then((0..20).map(|_| Ok(DeleteResult::NotYetVisible)));
    provider.gets.then((0..100).map(|_| Ok(Some(instance("made", "x")))));
    let began = Instant::now();
    fixture.destroy(&provider, "made").await.unwrap();
    assert!(began.elapsed() >= LAG);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_cannot_be_looked_into_leaves_the_outcome_unknown() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.creates.then([Err(refused(ErrorCode::NotFound))]);
    provider.finds.then([Err(lost()), Err(lost())]);
    let error = fixture.create(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "OUTCOME_UNKNOWN");
    assert!(error.details().resource_name.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_request_makes_beside_the_holder_of_its_name_is_deleted() {
    for (is_refused, is_aborted) in [(false, false), (false, true), (true, false), (true, true)] {
        let (fixture, provider) = (Fixture::new(), Scripted::new());
        let named = CreateRequest {
            name: Some("mine".to_owned()),
            ..request()
        };
        let failure = if is_refused {
            refused(ErrorCode::NotFound)
        } else {
            lost()
        };
        provider.creates.then([Err(failure)]);
        provider.finds.then([Ok(None), Ok(Some(instance("theirs", "mine")))]);
        provider.tokens.then([Ok(Some(false))]);
        let abort = async {
            SystemClock.sleep(Duration::from_secs(10)).await;
            if is_aborted {
                fixture.cancellation.cancel();
            }
        };
        let (error, ()) = tokio::join!(fixture.create(&provider, named), abort);
        let expected = if is_aborted { "ABORTED" } else { "ALREADY_EXISTS" };
        assert_eq!(code(&error.unwrap_err()), expected);
        provider.others.lock().unwrap().push(instance("late", "mine"));
        fixture.watch(&provider).await;
        assert!(others(&provider).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_meets_a_closed_rate_window_is_told_at_once_and_goes_on() {
    let (fixture, provider) = (Fixture::new(), Scripted::new());
    provider.completions.then([Err(Error::argument("no such region"))]);
    let limited = || Error::new(ErrorCode::RateLimited, "slow down").with_retry_after(Some(HOUR));
    provider.deletions.then((0..3).map(|_| Err(limited())));
    let began = Instant::now();
    let error = fixture.create(&provider, request()).await.unwrap_err();
    assert!(error.to_string().contains("could not be removed again"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    fixture.watch(&provider).await;
    assert_eq!(provider.count("destroy own"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_caller_has_gone_is_watched_although_it_could_not_be_looked_into() {
    for request in [request(), keyed()] {
        let fixture = Fixture::new();
        let mut provider = Scripted::new();
        provider.cancel_at_create = Some(fixture.cancellation.clone());
        provider.creates.then([Err(refused(ErrorCode::NotFound))]);
        if request.idempotency_key.is_some() {
            provider.finds.then([Ok(None)]);
        }
        provider.finds.then([Err(lost()), Err(lost())]);
        fixture.create(&provider, request).await.unwrap_err();
        provider.others.lock().unwrap().push(instance("late", "x"));
        fixture.watch(&provider).await;
        assert!(others(&provider).is_empty());
    }
}
