//! Reads and removals under lag.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Fixture, LAG, Scripted, code, instance, request};
use crate::error::{Error, ErrorCode};
use crate::provider::DeleteResult;
use crate::simulation::mutations::{Mutation, mutate};

#[tokio::test(start_paused = true)]
async fn what_was_created_moments_ago_is_waited_for() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    fixture.create(&provider, request()).await.unwrap();
    provider
        .gets
        .then([Ok(None), Ok(None), Ok(Some(instance("made", "x")))]);
    assert!(fixture.get(&provider, "made").await.unwrap().is_some());
    // Seen once, its absence means that it is gone.
    assert!(fixture.get(&provider, "made").await.unwrap().is_none());
    assert_eq!(provider.count("get"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_began_within_the_lag_proves_nothing_however_late_its_response_comes() {
    for defect in [None, Some(Mutation::CountsReadsFromResponses)] {
        let fixture = Fixture::new();
        let provider = Scripted::new();
        fixture.create(&provider, request()).await.unwrap();
        provider.gets.then([Ok(None), Ok(Some(instance("made", "x")))]);
        provider.read_delays.then([LAG + Duration::from_secs(1)]);
        let _mutated = mutate(defect);
        let found = fixture.get(&provider, "made").await.unwrap();
        assert_eq!(found.is_some(), defect.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_lag() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    fixture.instances(&provider).created("made", None);
    let began = Instant::now();
    assert!(fixture.get(&provider, "made").await.unwrap().is_none());
    assert!(began.elapsed() >= LAG && began.elapsed() < LAG + Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_created_here_is_answered_at_once() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    let began = Instant::now();
    assert!(fixture.get(&provider, "other").await.unwrap().is_none());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_this_process_made_is_removed_without_asking_and_forgotten() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    fixture.instances(&provider).created("made", None);
    fixture.destroy(&provider, "made").await.unwrap();
    fixture.destroy(&provider, "made").await.unwrap();
    assert_eq!(
        (provider.count("destroy own"), provider.count("destroy unknown")),
        (1, 1)
    );
    assert!(fixture.get(&provider, "made").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_too_young_to_be_shown_is_asked_for_again() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    provider.deletions.then([
        Ok(DeleteResult::NotYetVisible),
        Ok(DeleteResult::NotYetVisible),
        Ok(DeleteResult::Deleted),
    ]);
    fixture.destroy(&provider, "young").await.unwrap();
    assert_eq!(provider.count("destroy unknown"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_fails_names_the_instance() {
    let fixture = Fixture::new();
    let provider = Scripted::new();
    provider
        .deletions
        .then([Err(Error::new(ErrorCode::PermissionDenied, "no"))]);
    let error = fixture.destroy(&provider, "stays").await.unwrap_err();
    assert_eq!(
        (code(&error), error.details().instance_id.as_deref()),
        ("PERMISSION_DENIED", Some("stays"))
    );
}
