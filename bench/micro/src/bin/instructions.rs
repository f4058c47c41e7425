//! Makes so many creates, or reads so many rows of a listing, for `npm run check:instructions`, which counts the instructions of
//! two runs and takes the difference: what a start costs is not in it.

use std::process::ExitCode;

use gateway_bench_micro::stage::{Answer, ENVIRONMENT, Method, Stage};

/// The rows of a page.
const PAGE: usize = 500;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(method), Some(Ok(count))) = (arguments.next(), arguments.next().map(|text| text.parse::<usize>())) else {
        eprintln!("usage: instructions create|row COUNT");
        return ExitCode::from(2);
    };
    let stage = Stage::new(true);
    let done = match method.as_str() {
        "create" => {
            stage.answers_creates();
            (0..count).try_for_each(|_| stage.call(Method::Create).map(drop))
        }
        _ => {
            stage.answers(&page(), 0);
            (0..count / PAGE).try_for_each(|_| stage.call(Method::List).map(drop))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// A page as Railway sends it.
fn page() -> Answer {
    let rows: Vec<String> = (0..PAGE)
        .map(|row| {
            let id = format!("7f9a4b1e-5d2c-4abc-9def-{row:012}");
            format!(
                r#"{{"node":{{"serviceId":"{id}","serviceName":"computesdk-{row:020}","environmentId":"{ENVIRONMENT}","createdAt":"2026-11-26T12:00:00.000Z","deletedAt":null,"source":{{"image":"node:20","repo":null}},"latestDeployment":{{"id":"{id}","status":"SUCCESS","url":null,"staticUrl":"box-{row}.up.railway.app","deploymentStopped":false}}}}}}"#
            )
        })
        .collect();
    let edges = rows.join(",");
    let body = format!(
        r#"{{"data":{{"environment":{{"projectId":"{ENVIRONMENT}","deletedAt":null,"serviceInstances":{{"edges":[{edges}],"pageInfo":{{"hasNextPage":false,"endCursor":null}}}}}}}}}}"#
    );
    Answer {
        status: 200,
        content_type: "application/json; charset=utf-8",
        body: body.into(),
    }
}
