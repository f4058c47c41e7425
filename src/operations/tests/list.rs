//! Listings.

use serde_json::{Value, json};

use super::scripted::{Fixture, Page, Scripted, code, instance};
use crate::error::{Error, ErrorCode, Result};
use crate::model::instance::Instance;
use crate::model::instance_rows::tests::instances_of;
use crate::model::owner::tests::owner;
use crate::provider::ListFilter;
use crate::secret::{Redactor, Secret};

fn page(ids: &[&str], next: Option<&str>) -> Page {
    Page {
        instances: ids.iter().map(|id| instance(id, id)).collect(),
        next: next.map(str::to_owned),
    }
}

/// Returns what a listing of these pages shows, as JavaScript sees it.
async fn list(pages: impl IntoIterator<Item = Page>, filter: &ListFilter, redactor: &Redactor) -> Result<Vec<Value>> {
    let provider = Scripted::new();
    provider.pages.then(pages.into_iter().map(Ok));
    let rows = Fixture::new().list(&provider, filter, redactor).await?;
    let instances = instances_of(&rows);
    Ok(instances
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect())
}

async fn ids(pages: impl IntoIterator<Item = Page>, filter: &ListFilter) -> Vec<String> {
    let listed = list(pages, filter, &Redactor::default()).await.unwrap();
    let ids = listed
        .iter()
        .map(|entry| entry["instanceId"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test(start_paused = true)]
async fn a_listing_takes_all_pages_and_each_instance_once() {
    let pages = [
        page(&["a", "b", "", "7f9a4b1e-1234-4abc-9def-0123456789ab"], Some("1")),
        page(
            &["b", "c", "ä\n\"", "7f9a4b1e-1234-4abc-9def-0123456789ab", "", "d", "d"],
            Some("2"),
        ),
        page(&["ä\n\""], None),
    ];
    let expected = ["a", "b", "", "7f9a4b1e-1234-4abc-9def-0123456789ab", "c", "ä\n\"", "d"];
    assert_eq!(ids(pages, &ListFilter::All).await, expected);
    let nothing: [Page; 0] = [];
    assert!(ids(nothing, &ListFilter::All).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_instances_are_all_different() {
    let numbers: Vec<String> = (0..20_000).map(|number| format!("{number:012x}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let pages = [page(&numbers, Some("1")), page(&numbers, None)];
    assert_eq!(ids(pages, &ListFilter::All).await, numbers);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_comes_again_ends_the_listing() {
    let pages = [
        page(&["a"], Some("1")),
        page(&["b"], Some("2")),
        page(&["c"], Some("1")),
    ];
    let error = list(pages, &ListFilter::All, &Redactor::default()).await.unwrap_err();
    assert_eq!(code(&error), "PROTOCOL");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_read_ends_the_listing() {
    let provider = Scripted::new();
    let failure = Error::new(ErrorCode::Protocol, "unreadable");
    provider.pages.then([Ok(page(&["a"], Some("1"))), Err(failure)]);
    let (fixture, redactor) = (Fixture::new(), Redactor::default());
    let error = fixture.list(&provider, &ListFilter::All, &redactor).await.unwrap_err();
    assert_eq!(code(&error), "PROTOCOL");
}

#[tokio::test(start_paused = true)]
async fn a_filter_is_checked_whatever_the_provider_selects() {
    let instances = || {
        [
            ("ours", true, Some("prod-eu")),
            ("another's", true, Some("staging")),
            ("nobody's", true, None),
            ("foreign", false, Some("prod-eu")),
        ]
        .map(|(id, managed, owner)| Instance {
            managed,
            owner: owner.map(str::to_owned),
            ..instance(id, id)
        })
    };
    for (filter, expected) in [
        (ListFilter::All, &["ours", "another's", "nobody's", "foreign"][..]),
        (ListFilter::Managed, &["ours", "another's", "nobody's"]),
        (ListFilter::Owned(owner("prod-eu")), &["ours"]),
    ] {
        let page = Page {
            instances: instances().into(),
            next: None,
        };
        assert_eq!(ids([page], &filter).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_are_masked_in_every_text() {
    let mut redactor = Redactor::default();
    redactor.add_credential(&Secret::new("hunter2-hunter2".to_owned()));
    let page = Page {
        instances: vec![Instance {
            own: vec![
                ("serviceId", json!("a hunter2-hunter2")),
                ("ports", json!({"80": ["hunter2-hunter2", 7, null]})),
            ],
            created_at: Some("hunter2-hunter2".to_owned()),
            url: Some("https://hunter2%2Dhunter2.example".to_owned()),
            ..instance("id-hunter2-hunter2", "hunter2-hunter2")
        }],
        next: None,
    };
    assert_eq!(
        list([page], &ListFilter::All, &redactor).await.unwrap(),
        [json!({
            "instance": {
                "serviceId": "a [redacted]", "ports": {"80": ["[redacted]", 7, null]}, "name": "[redacted]",
                "status": "pending", "createdAt": "[redacted]", "url": "https://[redacted].example", "managed": true,
            },
            "instanceId": "id-[redacted]",
        })]
    );
}
