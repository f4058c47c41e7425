//! `bare-client --port N [--abreast N] [--threads N] [--seconds N] [--calls N]`: sends one and the same create over and
//! over, each connection as soon as it has its answer, and prints what came of it as one line of JSON.
//!
//! The upper limit for any client on this server: hyper without pool, retries, limits, names, JSON or JavaScript.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway_bench_load::Failure;
use http_body_util::{BodyExt, Full};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// What the addon sends for a create with one variable.
const BODY: &[u8] = br#"{"query":"mutation ServiceCreate($input: ServiceCreateInput!) { serviceCreate(input: $input) { id name createdAt } }","operationName":"ServiceCreate","variables":{"input":{"projectId":"00000000-0000-4000-8000-000000000100","environmentId":"00000000-0000-4000-8000-000000000100","name":"computesdk-0123456789abcdefghjk","source":{"image":"computesdk/compute:latest"},"variables":{"COMPUTESDK_ACCESS_TOKEN":"0123456789abcdef0123456789abcdef","COMPUTESDK_GATEWAY_URL":"https://gateway.example.com"}}}}"#;

/// Sent before anything is measured.
const WARM_UP: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
struct Load {
    address: SocketAddr,
    until: Instant,
    counted_from: Instant,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: f64| -> Result<f64, Failure> {
        match arguments.iter().position(|argument| argument == name) {
            None => Ok(default),
            Some(at) => Ok(arguments.get(at + 1).ok_or("a number is missing")?.parse()?),
        }
    };
    let port = number("--port", 0.0)? as u16;
    let abreast = number("--abreast", 16.0)? as usize;
    let threads = number("--threads", 1.0)? as usize;
    let seconds = number("--seconds", 2.0)?;
    let counted_from = Instant::now() + WARM_UP;
    let load = Load {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        counted_from,
        until: counted_from + Duration::from_secs_f64(seconds),
    };
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            let connections = abreast / threads + usize::from(worker < abreast % threads);
            std::thread::spawn(move || work(load, connections))
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.join().map_err(|_| "a thread panicked")??);
    }
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times
            .get(index.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0) as f64
            / 1_000.0
    };
    let result = serde_json::json!({
        "calls": times.len(),
        "perSecond": times.len() as f64 / seconds,
        "p50Microseconds": at(0.5),
        "p99Microseconds": at(0.99),
    });
    println!("{result}");
    Ok(())
}

/// All connections of a thread; gives the nanoseconds that each counted call took.
fn work(load: Load, connections: usize) -> Result<Vec<u32>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async move {
        let tasks: Vec<_> = (0..connections)
            .map(|_| tokio::task::spawn_local(drive(load)))
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        Ok(times)
    })
}

async fn drive(load: Load) -> Result<Vec<u32>, Failure> {
    let stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    let mut times = Vec::with_capacity(100_000);
    loop {
        let began = Instant::now();
        if began >= load.until {
            return Ok(times);
        }
        let mut request = Request::new(Full::new(Bytes::from_static(BODY)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = "/graphql/v2?source=computesdk_gateway".parse()?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer 0123456789abcdef"));
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(format!("the server answered {}", response.status()).into());
        }
        response.into_body().collect().await?;
        let ended = Instant::now();
        if began >= load.counted_from {
            times.push(u32::try_from((ended - began).as_nanos()).unwrap_or(u32::MAX));
        }
    }
}
