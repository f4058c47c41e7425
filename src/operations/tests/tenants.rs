//! What one tenant does while another works with the same names and ids: none hides, delays or learns of another's.

use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Fixture, Scripted, code, instance, request, scopes};
use crate::error::{Error, ErrorCode, Result};
use crate::model::create_request::CreateRequest;
use crate::model::instance::Instance;
use crate::provider::DeleteResult;
use crate::secret::Secret;

const ADDRESS: &str = "https://example.com";

/// Other tenants of the same location: with another credential, and at another address.
const OTHERS: [(&str, &str); 2] = [(ADDRESS, "other key"), ("https://example.com/proxy", "key")];

fn provider((endpoint, credential): (&str, &str)) -> Scripted {
    let mut provider = Scripted::new();
    provider.scopes = scopes(endpoint, credential);
    provider
}

fn with_key() -> CreateRequest {
    CreateRequest {
        idempotency_key: Some("key".to_owned()),
        ..request()
    }
}

fn lost() -> Error {
    Error::ambiguous(ErrorCode::Network, "reset")
}

/// Creates with a key whose name is taken by an instance with this id, which a lookup shows.
async fn adopt(fixture: &Fixture, provider: &Scripted, id: &str) -> Result<Instance> {
    provider.finds.then([Ok(Some(instance(id, "x")))]);
    fixture.create(provider, with_key()).await
}

#[tokio::test(start_paused = true)]
async fn a_destroy_that_deleted_nothing_hides_nothing() {
    for result in [DeleteResult::Absent, DeleteResult::NotYetVisible] {
        let fixture = Fixture::new();
        let own = Scripted::new();
        own.deletions.then(std::iter::repeat_n(Ok(result), 50));
        fixture.destroy(&own, "made").await.unwrap();
        assert_eq!(adopt(&fixture, &own, "made").await.unwrap().id, "made", "{result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_destroy_by_one_tenant_hides_nothing_of_another() {
    for other in OTHERS {
        let fixture = Fixture::new();
        fixture.destroy(&provider(other), "made").await.unwrap();
        let found = adopt(&fixture, &Scripted::new(), "made").await;
        assert_eq!(found.unwrap().id, "made", "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_tenant_is_about_to_remove_is_not_hidden_from_another() {
    for other in OTHERS {
        let fixture = Fixture::new();
        fixture.instances(&provider(other)).mark_deleting("made");
        let found = adopt(&fixture, &Scripted::new(), "made").await;
        assert_eq!(found.unwrap().id, "made", "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_create_of_one_tenant_does_not_delay_the_destroy_of_another() {
    for other in OTHERS {
        let fixture = Fixture::new();
        let first = provider(other);
        first.creates.then([Err(lost()), Ok(instance("made", "x"))]);
        fixture.create(&first, request()).await.unwrap();
        let own = Scripted::new();
        let began = Instant::now();
        fixture.next_call().destroy(&own, "made").await.unwrap();
        assert_eq!((began.elapsed(), own.count("find")), (Duration::ZERO, 0), "{other:?}");
        // This tenant does not count as the instance's creator, either.
        assert_eq!(own.count("destroy unknown"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_of_one_tenant_does_not_wait_for_what_another_has_created() {
    for other in OTHERS {
        let fixture = Fixture::new();
        fixture.instances(&provider(other)).created("made", None);
        let began = Instant::now();
        assert!(fixture.get(&Scripted::new(), "made").await.unwrap().is_none());
        assert_eq!(began.elapsed(), Duration::ZERO, "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_hangs_holds_up_its_own_tenant_alone() {
    let hang = Duration::from_secs(50);
    for other in OTHERS {
        let fixture = Fixture::new();
        let slow = provider(other);
        slow.delays.then([hang, hang]);
        let next = fixture.next_call();
        let own = Scripted::new();
        let began = Instant::now();
        let quick = async {
            next.create(&own, with_key()).await.unwrap();
            began.elapsed()
        };
        let (slow, waited) = tokio::join!(fixture.create(&slow, with_key()), quick);
        slow.unwrap();
        assert_eq!(waited, Duration::ZERO, "{other:?}");
    }
    // Creates of one tenant do follow each other.
    let fixture = Fixture::new();
    let own = Scripted::new();
    own.delays.then([hang]);
    let next = fixture.next_call();
    let began = Instant::now();
    let second = async {
        next.create(&own, with_key()).await.unwrap();
        began.elapsed()
    };
    let (first, waited) = tokio::join!(fixture.create(&own, with_key()), second);
    first.unwrap();
    assert!(waited >= Duration::from_secs(20), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_renews_its_credential_is_known_to_the_calls_that_follow() {
    let fixture = Fixture::new();
    let first = provider((ADDRESS, "expired"));
    first.creates.then([Err(lost()), Ok(instance("made", "x"))]);
    first.scopes.renew(&Secret::new("key".to_owned()));
    fixture.create(&first, request()).await.unwrap();

    // The next call begins with the renewed credential. It knows the instance, and the request that was lost.
    let next = fixture.next_call();
    let second = Scripted::new();
    second.finds.then([Ok(Some(instance("late", "x")))]);
    next.destroy(&second, "made").await.unwrap();
    assert_eq!(second.count("destroy own"), 2);

    // The watch of the first call knows that its caller has destroyed what it held.
    first.finds.then([Ok(Some(instance("made", "x")))]);
    fixture.watch(&first).await;
    assert_eq!(first.count("destroy own"), 1);
}

#[tokio::test(start_paused = true)]
async fn clean_up_goes_on_after_a_renewal() {
    let fixture = Fixture::new();
    let own = provider((ADDRESS, "expired"));
    own.creates.then([Err(lost()), Ok(instance("made", "x"))]);
    own.completions
        .then([Err(Error::new(ErrorCode::PermissionDenied, "no"))]);
    own.scopes.renew(&Secret::new("key".to_owned()));
    own.finds.then([Ok(None), Ok(Some(instance("late", "x")))]);
    let error = fixture.create(&own, request()).await.unwrap_err();
    assert_eq!(code(&error), "PERMISSION_DENIED");
    assert_eq!(own.count("destroy own"), 2);
    // A call with the renewed credential does not adopt what was removed.
    let next = Scripted::new();
    next.creates.then([Ok(instance("next", "x"))]);
    let found = adopt(&fixture.next_call(), &next, "made").await;
    assert_eq!(found.unwrap().id, "next");
}
