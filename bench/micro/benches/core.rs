//! `cargo bench` in `bench`: what the core does between a request and its answer, by criterion.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gateway_bench_load::answers::Answers;
use gateway_bench_micro::stage::{Answer, ENVIRONMENT, Method, Stage};

const JSON: &str = "application/json; charset=utf-8";

/// What the load server answers to a request.
fn answer(operation: &str, variables: &str) -> Answer {
    let request = format!(r#"{{"query":"","operationName":"{operation}","variables":{variables}}}"#);
    let body = Answers::default().to(request.as_bytes());
    body_of(200, JSON, body.unwrap_or_else(|| panic!("{operation} is not answered")))
}

fn body_of(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    Answer {
        status,
        content_type,
        body: body.into(),
    }
}

fn page() -> Answer {
    answer(
        "Environment",
        &format!(r#"{{"environmentId":"{ENVIRONMENT}","first":500}}"#),
    )
}

fn instance() -> Answer {
    answer(
        "ServiceInstance",
        &format!(r#"{{"environmentId":"{ENVIRONMENT}","serviceId":"{ENVIRONMENT}"}}"#),
    )
}

fn parsing(criterion: &mut Criterion) {
    let stage = Stage::new(true);
    let mut group = criterion.benchmark_group("parsing");

    stage.answers(&instance(), 0);
    group.bench_function("one instance, all layers", |bencher| {
        bencher.iter(|| stage.call(Method::GetById).unwrap());
    });

    let page = page();
    stage.answers(&page, 0);
    group.throughput(Throughput::Bytes(page.body.len() as u64));
    group.bench_function("a page of 500, from the body to the text for JavaScript", |bencher| {
        bencher.iter(|| stage.call(Method::List).unwrap());
    });
}

fn classification(criterion: &mut Criterion) {
    let error = |message, code| {
        let extensions = format!(r#"{{"code":"{code}"}}"#);
        format!(
            r#"{{"errors":[{{"message":"{message}","traceId":"5527782523421805956","extensions":{extensions}}}],"data":null}}"#
        )
    };
    let html = format!(
        "<!DOCTYPE html><html><body>{}</body></html>",
        "<p>Bad gateway</p>".repeat(200)
    );
    let edge = format!("<!DOCTYPE html><title>Access denied | used Cloudflare to restrict access</title>{html}");
    let stage = Stage::new(false);
    let mut group = criterion.benchmark_group("classification");
    for (name, answer) in [
        (
            "a refusal told by its message",
            body_of(200, JSON, error("Not Authorized", "INTERNAL_SERVER_ERROR")),
        ),
        (
            "a refusal told by its code",
            body_of(200, JSON, error("Nope", "FORBIDDEN")),
        ),
        (
            "a bad request",
            body_of(400, JSON, error("Problem processing request", "BAD_USER_INPUT")),
        ),
        ("a page of HTML", body_of(404, "text/html", html)),
        ("the page of the edge", body_of(403, "text/html", edge)),
        (
            "a body that is cut",
            body_of(200, JSON, &br#"{"data":{"serviceInstance":{"serviceId":"7f9a4b1e"#[..]),
        ),
    ] {
        stage.answers(&answer, 0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| stage.call(Method::GetById).unwrap_err())
        });
    }
}

fn retries(criterion: &mut Criterion) {
    let stage = Stage::new(false);
    let mut group = criterion.benchmark_group("retries");
    for failures in [0, 1, 3] {
        stage.answers(&instance(), failures);
        group.bench_function(format!("an answer after {failures} failures"), |bencher| {
            bencher.iter(|| stage.call(Method::GetById).unwrap());
        });
    }
    stage.answers(&instance(), 4);
    group.bench_function("given up after 4 attempts", |bencher| {
        bencher.iter(|| {
            stage.answers(&instance(), 4);
            stage.call(Method::GetById).unwrap_err()
        });
    });
}

criterion_group!(benches, parsing, classification, retries);
criterion_main!(benches);
