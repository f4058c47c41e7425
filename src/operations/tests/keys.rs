//! Creates that repeat a key while reads lag, or while what an earlier one has made is deleted.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Fixture, LAG, Scripted, code, dated, instance, keyed, request};
use crate::context::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorCode, Result};
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::provider::{Completion, DeleteResult, Readiness};
use crate::simulation::mutations::{Mutation, mutate};

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Network, "reset")
}

fn named() -> CreateRequest {
    CreateRequest {
        name: Some("box".to_owned()),
        ..request()
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_until_reads_show_what_this_process_has_created_with_it() {
    // Where a name exists twice, a lookup may show another resource before.
    for shown_before in [None, Some("another")] {
        let fixture = Fixture::new();
        let provider = Scripted::new();
        let made = fixture.create(&provider, keyed()).await.unwrap();
        let before = || Ok(shown_before.map(|id| dated(id, "2026-01-01")));
        provider.finds.then([before(), before(), Ok(Some(made))]);
        let again = fixture.next_call().create(&provider, keyed()).await.unwrap();
        assert_eq!(
            (again.id.as_str(), provider.count("create")),
            ("made", 1),
            "{shown_before:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_no_longer_than_reads_lag_and_for_nothing_that_was_destroyed() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    fixture.create(&provider, keyed()).await.unwrap();
    let began = Instant::now();
    fixture.next_call().create(&provider, keyed()).await.unwrap();
    assert!(began.elapsed() >= LAG && began.elapsed() < LAG + Duration::from_secs(6));
    assert_eq!(provider.count("create"), 2);
    fixture.next_call().destroy(&provider, "made").await.unwrap();
    let began = Instant::now();
    fixture.next_call().create(&provider, keyed()).await.unwrap();
    assert_eq!((began.elapsed(), provider.count("create")), (Duration::ZERO, 3));
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_although_reads_do_not_show_yet_what_this_process_has_created_under_it() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    let made = fixture.create(&provider, named()).await.unwrap();
    provider.finds.then([Ok(None), Ok(Some(made))]);
    let error = fixture.next_call().create(&provider, named()).await.unwrap_err();
    assert_eq!((code(&error), provider.count("create")), ("ALREADY_EXISTS", 1));
    assert_eq!(error.details().instance_id.as_deref(), Some("made"));
}

#[tokio::test(start_paused = true)]
async fn a_key_finds_what_this_process_has_adopted_before_what_is_older() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    let adopted = || Ok(Some(dated("adopted", "2026-01-02")));
    provider.finds.then([adopted(), adopted()]);
    assert_eq!(fixture.create(&provider, keyed()).await.unwrap().id, "adopted");
    *provider.others.lock().unwrap() = vec![dated("older", "2026-01-01")];
    let again = fixture.next_call().create(&provider, keyed()).await.unwrap();
    assert_eq!(again.id, "adopted");
}

/// A provider at which the first of two requests of a create with a key may take effect late.
async fn created_twice(fixture: &Fixture) -> Scripted {
    let mut provider = Scripted::new();
    provider.semantics.create_is_idempotent = true;
    provider.creates.then([Err(lost()), Ok(instance("first", "x"))]);
    assert_eq!(fixture.create(&provider, keyed()).await.unwrap().id, "first");
    provider
}

/// Destroys the instance `first` and, a second later, repeats its key.
async fn repeated_during_destroy(fixture: &Fixture, provider: &Scripted) -> Instance {
    let (destroying, again) = (fixture.next_call(), fixture.next_call());
    let (destroyed, created) = tokio::join!(destroying.destroy(provider, "first"), async {
        SystemClock.sleep(Duration::from_secs(1)).await;
        again.create(provider, keyed()).await
    });
    destroyed.unwrap();
    created.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_destroy_leaves_what_a_repeated_key_has_adopted_meanwhile() {
    let fixture = Fixture::new();
    let provider = created_twice(&fixture).await;
    let late = || Ok(Some(instance("late", "x")));
    provider.finds.then([late(), late()]);
    // The repeated key adopts it while the destroy reads whose it is.
    provider.token_delays.then([Duration::from_secs(5)]);
    let created = repeated_during_destroy(&fixture, &provider).await;
    assert_eq!(created.id, "late");
    assert_eq!(provider.count("destroy own"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_key_does_not_adopt_what_a_destroy_is_about_to_delete() {
    let fixture = Fixture::new();
    let provider = created_twice(&fixture).await;
    let late = || Ok(Some(instance("late", "x")));
    provider.finds.then([late(), late()]);
    provider.creates.then([Ok(instance("new", "x"))]);
    // The deletion of the late one takes effect after the key was looked up.
    provider.deletion_delays.then([Duration::ZERO, Duration::from_secs(5)]);
    let created = repeated_during_destroy(&fixture, &provider).await;
    assert_eq!(created.id, "new");
    assert_eq!(provider.count("destroy own"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_does_not_adopt_again_what_was_gone_when_this_process_destroyed_it() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    let adopted = || Ok(Some(instance("adopted", "x")));
    // Another process has deleted it, and reads still show it.
    provider.finds.then([adopted(), adopted()]);
    provider.deletions.then([Ok(DeleteResult::Absent)]);
    fixture.create(&provider, keyed()).await.unwrap();
    fixture.next_call().destroy(&provider, "adopted").await.unwrap();
    let again = fixture.next_call().create(&provider, keyed()).await.unwrap();
    assert_eq!(again.id, "made");
}

/// A create with a key whose answer is lost finds another create's instance, and then what `holders` say.
async fn created_after_the_wait(holders: [Option<&str>; 2], tokens: [bool; 2]) -> Result<Instance> {
    let provider = Scripted::new();
    provider.creates.then([Err(lost())]);
    let shown = |id: Option<&str>| Ok(id.map(|id| instance(id, "x")));
    provider.finds.then([Ok(None), shown(Some("theirs"))]);
    provider.finds.then(holders.map(shown));
    provider.tokens.then([Ok(Some(false))]);
    provider.tokens.then(tokens.map(|is_own| Ok(Some(is_own))));
    Fixture::new().create(&provider, keyed()).await
}

#[tokio::test(start_paused = true)]
async fn what_another_create_has_made_is_looked_up_again_after_the_wait_for_a_lost_one() {
    // It was deleted meanwhile, and the lost request has made its own; or a third create has; or nobody.
    let own = created_after_the_wait([Some("own"), None], [true, true]).await.unwrap();
    assert_eq!(own.id, "own");
    let third = created_after_the_wait([Some("third"), Some("third")], [false, false]).await;
    assert_eq!(third.unwrap().id, "third");
    let error = created_after_the_wait([None, None], [true, true]).await.unwrap_err();
    assert_eq!((code(&error), error.is_retryable()), ("OUTCOME_UNKNOWN", true));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_key_keeps_what_has_the_id_of_an_instance_that_is_being_destroyed() {
    let fixture = Fixture::new();
    let mut provider = created_twice(&fixture).await;
    // As where an id is a name.
    provider.semantics.ids_are_never_reused = false;
    let (destroying, again) = (fixture.next_call(), fixture.next_call());
    provider.finds.then((0..4).map(|_| Ok(None)));
    let (destroyed, created) = tokio::join!(destroying.destroy(&provider, "first"), async {
        SystemClock.sleep(Duration::from_secs(1)).await;
        provider.others.lock().unwrap().push(instance("first", "x"));
        again.create(&provider, keyed()).await
    });
    destroyed.unwrap();
    assert_eq!(created.unwrap().id, "first");
    fixture.watch(&provider).await;
    assert_eq!(provider.count("destroy own"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_resource_whose_deletion_is_unconfirmed_is_not_deleted_by_its_name_alone() {
    const ID: &str = "computesdk-0123456789abcdefghij";
    let fixture = Fixture::new();
    let mut provider = Scripted::new();
    (
        provider.semantics.create_is_idempotent,
        provider.semantics.ids_are_never_reused,
    ) = (true, false);
    provider.creates.then([Err(lost()), Ok(instance(ID, ID))]);
    fixture.create(&provider, keyed()).await.unwrap();
    // Reads still show what is gone, and the deletion does not find it.
    provider.finds.then([Ok(Some(instance(ID, ID)))]);
    provider.deletions.then([Ok(DeleteResult::Deleted)]);
    provider
        .deletions
        .then((0..100).map(|_| Ok(DeleteResult::NotYetVisible)));
    let destroying = fixture.next_call();
    destroying.destroy(&provider, ID).await.unwrap();
    let deletions = provider.count("destroy own");
    assert_eq!(deletions, 2, "no lookup shows it any more");
    destroying.watch(&provider).await;
    assert_eq!(provider.count("destroy own"), deletions);
}

/// An obstacle to finishing an adopted instance.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Obstacle {
    PendingSteps,
    StartsForEver,
    StepFindsNothing,
}

/// Repeats a key whose instance the first `shown` lookups show. Its steps or its start come to nothing for `looks` looks.
async fn repeated_without_progress(obstacle: Obstacle, shown: usize, looks: usize) -> (Scripted, Result<Instance>) {
    let provider = Scripted::new();
    let mut request = keyed();
    match obstacle {
        Obstacle::PendingSteps => provider.completions.then((0..looks).map(|_| Ok(Completion::Pending))),
        Obstacle::StartsForEver => {
            request.ready_timeout = Some(Duration::from_secs(200));
            // As at Railway, where the read of an instance has another date than the lookup of its service.
            let read = dated("adopted", "2026-01-02");
            provider.completions.then([Ok(Completion::Done(read))]);
            provider.probes.then((0..looks).map(|_| Ok(Readiness::Starting)));
        }
        Obstacle::StepFindsNothing => {
            let missing = || Err(Error::new(ErrorCode::NotFound, "no such instance"));
            provider.completions.then([missing(), missing()]);
        }
    }
    provider
        .finds
        .then((0..shown).map(|_| Ok(Some(dated("adopted", "2026-01-01")))));
    let created = Fixture::new().create(&provider, request).await;
    (provider, created)
}

#[tokio::test(start_paused = true)]
async fn a_key_makes_a_new_instance_if_another_process_has_destroyed_what_reads_showed_still() {
    for obstacle in [Obstacle::PendingSteps, Obstacle::StartsForEver] {
        let began = Instant::now();
        let (provider, created) = repeated_without_progress(obstacle, 1, 25).await;
        assert_eq!(created.unwrap().id, "made", "{obstacle:?}");
        assert_eq!(provider.count("create"), 1, "{obstacle:?}");
        assert_eq!(provider.count("destroy unknown"), 0, "{obstacle:?}");
        assert!(began.elapsed() >= LAG, "{obstacle:?}");
    }
    let provider = Scripted::new();
    provider.finds.then([Ok(Some(instance("adopted", "x")))]);
    let missing = Error::new(ErrorCode::NotFound, "no such instance");
    provider.completions.then([Err(missing)]);
    let created = Fixture::new().create(&provider, keyed()).await;
    assert_eq!(created.unwrap().id, "made");
}

#[tokio::test(start_paused = true)]
async fn a_key_waits_on_for_what_a_lookup_shows_once_reads_have_ceased_to_lag() {
    for (obstacle, code_of_end, lookups) in [
        (Obstacle::PendingSteps, "TIMEOUT", 2),
        (Obstacle::StartsForEver, "TIMEOUT", 2),
        // It is there, so something else was not found.
        (Obstacle::StepFindsNothing, "NOT_FOUND", 2),
    ] {
        let (provider, created) = repeated_without_progress(obstacle, 9, 60).await;
        let error = created.unwrap_err();
        assert_eq!(code(&error), code_of_end, "{obstacle:?}");
        assert_eq!(error.details().instance_id.as_deref(), Some("adopted"), "{obstacle:?}");
        assert_eq!(
            (provider.count("find"), provider.count("create")),
            (lookups, 0),
            "{obstacle:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_waits_for_what_is_gone_runs_into_its_timeout() {
    let _defect = mutate(Some(Mutation::WaitsForGoneInstance));
    for obstacle in [Obstacle::PendingSteps, Obstacle::StartsForEver] {
        let (_, created) = repeated_without_progress(obstacle, 1, 60).await;
        assert_eq!(code(&created.unwrap_err()), "TIMEOUT", "{obstacle:?}");
    }
}
