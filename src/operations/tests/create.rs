//! Creates whose answers get lost.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{ABSENCE, Fixture, Scripted, code, instance, keyed, request};
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::provider::{Completion, DeleteResult, Readiness};

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Timeout, "no answer")
}

fn taken() -> Error {
    Error::new(ErrorCode::AlreadyExists, "taken")
}

async fn created(provider: &Scripted, request: CreateRequest) -> Result<Instance> {
    let fixture = Fixture::new();
    fixture.create(provider, request).await
}

fn named() -> CreateRequest {
    CreateRequest {
        name: Some("mine".to_owned()),
        ..request()
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up_and_the_resource_adopted() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    provider.finds.then([Ok(Some(instance("late", "x")))]);
    let made = created(&provider, request()).await.unwrap();
    assert_eq!(made.id, "late");
    assert_eq!((provider.count("create"), provider.count("find")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_seen_is_sent_again_at_once() {
    for seen in [Ok(None), Err(Error::new(ErrorCode::Unavailable, "busy"))] {
        let provider = Scripted::new();
        provider.creates.then([Err(lost())]);
        provider.finds.then([seen]);
        let began = Instant::now();
        let made = created(&provider, request()).await.unwrap();
        assert_eq!(made.id, "made");
        assert_eq!((provider.count("create"), provider.count("find")), (2, 1));
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test(start_paused = true)]
async fn sending_is_bounded_and_nothing_made_is_no_unknown_outcome() {
    let provider = Scripted::new();
    provider.creates.then((0..10).map(|_| Err(lost())));
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!((code(&error), error.outcome()), ("TIMEOUT", Outcome::NoEffect));
    assert_eq!(provider.count("create"), 4);
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_clash_on_a_second_sending_is_an_adoption() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost()), Err(taken())]);
    // Not seen before the second request, and shown some time after the clash.
    provider.finds.then((0..4).map(|_| Ok(None)));
    provider.finds.then([Ok(Some(instance("first", "x")))]);
    let made = created(&provider, request()).await.unwrap();
    assert_eq!(made.id, "first");
    assert_eq!(provider.count("create"), 2);
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_for_good_leave_the_outcome_unknown_and_name_the_resource() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    provider
        .finds
        .then([Err(Error::new(ErrorCode::PermissionDenied, "no"))]);
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "OUTCOME_UNKNOWN");
    assert!(
        error
            .details()
            .resource_name
            .as_deref()
            .is_some_and(|name| name.starts_with("computesdk-"))
    );
    assert!(!error.is_retryable(), "a second call would make a second resource");
    assert_eq!(provider.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_under_a_key_may_be_retried_by_the_caller() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    provider
        .finds
        .then([Ok(None), Err(Error::new(ErrorCode::Unauthenticated, "no"))]);
    let error = created(&provider, keyed()).await.unwrap_err();
    assert_eq!((code(&error), error.is_retryable()), ("OUTCOME_UNKNOWN", true));
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_in_passing_do_not_count_as_absence() {
    let provider = Scripted::new();
    provider.creates.then((0..4).map(|_| Err(lost())));
    let failing = || Err(Error::new(ErrorCode::Unavailable, "busy"));
    provider.finds.then((0..100).map(|_| failing()));
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "OUTCOME_UNKNOWN");
    assert_eq!(provider.count("create"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final() {
    let provider = Scripted::new();
    provider
        .creates
        .then([Err(Error::new(ErrorCode::PaymentRequired, "pay"))]);
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "PAYMENT_REQUIRED");
    assert_eq!((provider.count("create"), provider.count("find")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_name_of_the_callers_that_is_taken_is_never_adopted() {
    let provider = Scripted::new();
    provider.finds.then([Ok(Some(instance("theirs", "mine")))]);
    let error = created(&provider, named()).await.unwrap_err();
    assert_eq!(code(&error), "ALREADY_EXISTS");
    assert_eq!(error.details().instance_id.as_deref(), Some("theirs"));
    assert_eq!(provider.count("create"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_clash_on_the_first_sending_of_the_callers_name_is_not_ours() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    provider.finds.then([Ok(None), Ok(Some(instance("theirs", "mine")))]);
    provider.tokens.then([Ok(Some(false))]);
    let error = created(&provider, named()).await.unwrap_err();
    assert_eq!(code(&error), "ALREADY_EXISTS");
    assert_eq!(error.details().instance_id.as_deref(), Some("theirs"));
    assert_eq!(provider.count("destroy own"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_create_with_the_callers_name_that_arrived_twice_finds_its_own() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    provider.finds.then([Ok(None), Ok(Some(instance("ours", "mine")))]);
    provider.tokens.then([Ok(Some(true))]);
    assert_eq!(created(&provider, named()).await.unwrap().id, "ours");
}

#[tokio::test(start_paused = true)]
async fn a_clash_whose_holder_does_not_show_its_token_adopts_nothing() {
    for seen in [None, Some(instance("unclear", "mine"))] {
        let provider = Scripted::new();
        provider.creates.then([Err(taken())]);
        provider.finds.then([Ok(None), Ok(seen.clone())]);
        provider.tokens.then([Ok(None)]);
        let error = created(&provider, named()).await.unwrap_err();
        assert_eq!(code(&error), "ALREADY_EXISTS");
        assert_eq!(error.details().instance_id, seen.map(|seen| seen.id));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_finds_what_this_process_has_handed_out_before_what_is_older() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    let dated = |id: &str, date: &str| Instance {
        created_at: Some(date.to_owned()),
        ..instance(id, "x")
    };
    provider.creates.then([Ok(dated("handed out", "2026-01-02"))]);
    assert_eq!(fixture.create(&provider, keyed()).await.unwrap().id, "handed out");
    provider.finds.then([Ok(Some(dated("handed out", "2026-01-02")))]);
    *provider.others.lock().unwrap() = vec![dated("older", "2026-01-01")];
    let again = fixture.next_call().create(&provider, keyed()).await.unwrap();
    assert_eq!(again.id, "handed out");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_gives_the_instance_that_it_made() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    provider.finds.then([Ok(Some(instance("earlier", "x")))]);
    let made = created(&provider, keyed()).await.unwrap();
    assert_eq!(made.id, "earlier");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_with_another_image_is_refused_and_its_instance_left_alone() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    let earlier = Instance {
        image: Some("docker.io/library/other:latest".to_owned()),
        ..instance("earlier", "x")
    };
    provider.finds.then([Ok(Some(earlier))]);
    let error = created(&provider, keyed()).await.unwrap_err();
    assert_eq!(code(&error), "INVALID_ARGUMENT");
    assert_eq!(error.details().instance_id.as_deref(), Some("earlier"));
    assert_eq!(provider.count("destroy own"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_is_removed_unless_an_earlier_call_with_the_key_made_it() {
    for (ours, removals) in [(true, 1), (false, 0)] {
        let provider = Scripted::new();
        if !ours {
            provider.creates.then([Err(taken())]);
            provider.finds.then([Ok(Some(instance("earlier", "x")))]);
        }
        provider.probes.then([Ok(Readiness::Failed("crashed".into()))]);
        let request = CreateRequest {
            ready_timeout: Some(Duration::from_secs(10)),
            ..keyed()
        };
        let error = created(&provider, request).await.unwrap_err();
        assert_eq!(code(&error), "PROVISION_FAILED");
        assert!(error.details().instance_id.is_some());
        assert_eq!(provider.count("destroy own"), removals);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ready_in_time_is_removed() {
    let provider = Scripted::new();
    provider.probes.then((0..100).map(|_| Ok(Readiness::Starting)));
    let request = CreateRequest {
        ready_timeout: Some(Duration::from_secs(10)),
        ..request()
    };
    let began = Instant::now();
    let error = created(&provider, request).await.unwrap_err();
    assert_eq!(
        (code(&error), error.details().instance_id.as_deref()),
        ("TIMEOUT", Some("made"))
    );
    assert_eq!(began.elapsed().as_secs(), 10);
    assert_eq!(provider.count("destroy own"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_answer_is_lost_is_looked_at_again() {
    let provider = Scripted::new();
    provider
        .completions
        .then([Ok(Completion::Pending), Err(lost()), Err(lost())]);
    let made = created(&provider, request()).await.unwrap();
    assert_eq!(made.id, "made");
    assert_eq!(provider.count("complete"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_refused_undoes_the_create() {
    let provider = Scripted::new();
    provider.completions.then([Err(Error::argument("no such region"))]);
    provider.deletions.then([Err(lost()), Ok(DeleteResult::Deleted)]);
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "INVALID_ARGUMENT");
    assert!(error.to_string().ends_with("no such region"), "{error}");
    assert_eq!(provider.count("destroy own"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_is_named() {
    let provider = Scripted::new();
    provider.completions.then([Err(Error::argument("no such region"))]);
    provider
        .deletions
        .then([Err(Error::new(ErrorCode::PermissionDenied, "members may not delete"))]);
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(error.details().instance_id.as_deref(), Some("made"));
    assert!(error.to_string().contains("could not be removed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_create_is_removed_however_it_ends() {
    for lost_answer in [false, true] {
        let fixture = Fixture::new();
        let mut provider = Scripted::new();
        provider.cancel_at_create = Some(fixture.cancellation.clone());
        if lost_answer {
            provider.creates.then([Err(lost())]);
            provider.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
        }
        let error = fixture.create(&provider, request()).await.unwrap_err();
        assert_eq!(code(&error), "ABORTED");
        assert_eq!(provider.count("destroy own"), 1);
        assert_eq!(provider.count("create"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_create_that_made_nothing_sends_nothing_more() {
    let fixture = Fixture::new();
    let mut provider = Scripted::new();
    provider.cancel_at_create = Some(fixture.cancellation.clone());
    provider.creates.then([Err(lost())]);
    let error = fixture.create(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "ABORTED");
    assert_eq!((provider.count("create"), provider.count("destroy own")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn two_creates_with_one_key_in_one_process_follow_each_other() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    let one = || Ok(Some(instance("one", "x")));
    // Nothing before the first create; found after its lost answer; found before the second.
    provider.finds.then([Ok(None), one(), one()]);
    let second = fixture.next_call();
    let (first, second) = tokio::join!(fixture.create(&provider, keyed()), second.create(&provider, keyed()));
    assert_eq!(
        (first.unwrap().id, second.unwrap().id),
        ("one".to_owned(), "one".to_owned())
    );
    assert_eq!(provider.count("create"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_instance_is_too_young_to_be_seen_adopts_it_after_the_clash() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    provider
        .finds
        .then([Ok(None), Ok(None), Ok(Some(instance("earlier", "x")))]);
    provider.probes.then([Ok(Readiness::Failed("crashed".into()))]);
    let request = CreateRequest {
        ready_timeout: Some(Duration::from_secs(10)),
        ..keyed()
    };
    let error = created(&provider, request).await.unwrap_err();
    assert_eq!((code(&error), provider.count("destroy own")), ("PROVISION_FAILED", 0));
}

#[tokio::test(start_paused = true)]
async fn what_another_create_with_the_key_made_is_not_handed_out_while_a_lost_one_may_still_arrive() {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    let theirs = || Ok(Some(instance("theirs", "x")));
    provider.finds.then([Ok(None), theirs(), theirs()]);
    provider.tokens.then([Ok(Some(false))]);
    provider.probes.then([Ok(Readiness::Failed("crashed".into()))]);
    let request = CreateRequest {
        ready_timeout: Some(Duration::from_secs(10)),
        ..keyed()
    };
    let began = Instant::now();
    let error = created(&provider, request).await.unwrap_err();
    assert!(began.elapsed() >= ABSENCE);
    assert_eq!((code(&error), provider.count("destroy own")), ("PROVISION_FAILED", 0));
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_call_with_the_key_made_survives_a_later_one_that_loses_its_answer() {
    let provider = Scripted::new();
    provider.finds.then([Ok(Some(instance("earlier", "x")))]);
    provider.creates.then([Err(lost())]);
    provider.probes.then([Ok(Readiness::Failed("crashed".into()))]);
    let request = CreateRequest {
        ready_timeout: Some(Duration::from_secs(10)),
        ..keyed()
    };
    created(&provider, request).await.unwrap_err();
    assert_eq!((provider.count("create"), provider.count("destroy own")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_random_name_that_is_taken_was_sent_twice_and_is_ours() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    provider.finds.then([Ok(Some(instance("first", "x")))]);
    assert_eq!(created(&provider, request()).await.unwrap().id, "first");
}

#[tokio::test(start_paused = true)]
async fn a_name_of_ours_that_is_taken_and_never_seen_leaves_the_outcome_unknown() {
    let provider = Scripted::new();
    provider.creates.then([Err(taken())]);
    let error = created(&provider, request()).await.unwrap_err();
    assert_eq!(code(&error), "OUTCOME_UNKNOWN");
    assert!(error.details().resource_name.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_caller_was_told_aborted_in_the_same_moment_is_removed() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    assert!(fixture.handover.try_settle(), "the bridge comes first");
    let error = fixture.create(&provider, request()).await.unwrap_err();
    assert_eq!((code(&error), provider.count("destroy own")), ("ABORTED", 1));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_removed_is_not_to_be_created_again_without_a_key() {
    for (request, retryable) in [(request(), false), (keyed(), true)] {
        let provider = Scripted::new();
        provider.probes.then((0..100).map(|_| Ok(Readiness::Starting)));
        provider
            .deletions
            .then([Err(Error::new(ErrorCode::PermissionDenied, "no"))]);
        let request = CreateRequest {
            ready_timeout: Some(Duration::from_secs(10)),
            ..request
        };
        let error = created(&provider, request).await.unwrap_err();
        assert_eq!((code(&error), error.is_retryable()), ("TIMEOUT", retryable));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_found_under_the_callers_name_is_adopted_only_with_the_mark_of_this_create() {
    for (marks, expected) in [
        (vec![Ok(None), Ok(Some(true))], "late"),
        (vec![Ok(Some(false))], "ALREADY_EXISTS"),
        ((0..100).map(|_| Ok(None)).collect(), "ALREADY_EXISTS"),
        (
            vec![Err(Error::new(ErrorCode::PermissionDenied, "no"))],
            "OUTCOME_UNKNOWN",
        ),
    ] {
        let provider = Scripted::new();
        provider.creates.then([Err(lost())]);
        provider.finds.then([Ok(None), Ok(Some(instance("late", "mine")))]);
        provider.tokens.then(marks);
        let outcome = match created(&provider, named()).await {
            Ok(instance) => instance.id,
            Err(error) => {
                assert_eq!(error.details().instance_id.as_deref(), Some("late"));
                code(&error).to_owned()
            }
        };
        assert_eq!(outcome, expected);
        assert_eq!(provider.count("destroy own"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_still_fail_is_watched_for_as_long_as_the_provider_says() {
    let watching = |id| {
        Ok(Completion::Stabilizing {
            instance: instance(id, "x"),
            minimum: Duration::from_secs(2),
        })
    };
    let provider = Scripted::new();
    provider.completions.then((0..20).map(|_| watching("watched")));
    let began = Instant::now();
    assert_eq!(created(&provider, request()).await.unwrap().id, "watched");
    assert!(began.elapsed() >= Duration::from_secs(2) && began.elapsed() < Duration::from_secs(4));

    // A slow response tells of the moment at which it was asked for.
    let slow = Scripted::new();
    slow.completions.then((0..20).map(|_| watching("watched")));
    slow.step_delays.then([Duration::ZERO, Duration::from_secs(5)]);
    created(&slow, request()).await.unwrap();
    assert_eq!(slow.count("complete"), 3);

    let failing = Scripted::new();
    let failed = Error::new(ErrorCode::ProvisionFailed, "exit code 1").with_outcome(Outcome::Done);
    failing.completions.then([watching("watched"), Err(failed)]);
    let error = created(&failing, request()).await.unwrap_err();
    assert_eq!(code(&error), "PROVISION_FAILED");
    assert_eq!(failing.count("destroy own"), 1);
}
