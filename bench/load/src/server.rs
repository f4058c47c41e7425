//! The server: threads of one event loop each, among which connections are dealt out in turn.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio_rustls::TlsAcceptor;

use crate::Failure;
use crate::answers::Answers;

/// Railway tells of its rate window in every answer (docs/providers/railway.md). This one is never empty.
const WINDOW: &str = "1000000000";

/// The window's end: later than any run of the benchmarks.
const WINDOW_SECONDS: u64 = 86_400;

/// What all connections share.
struct Shared {
    answers: Answers,
    resets: HeaderValue,
    acceptor: Option<TlsAcceptor>,
}

/// Starts to listen; with an acceptor, for TLS. Ends with the process.
///
/// # Errors
///
/// If no port can be had.
pub fn start(threads: usize, acceptor: Option<TlsAcceptor>) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let shared = Arc::new(Shared {
        answers: Answers::default(),
        resets: HeaderValue::from(since_1970.as_secs() + WINDOW_SECONDS),
        acceptor,
    });
    let loops: Vec<UnboundedSender<TcpStream>> = (0..threads.max(1))
        .map(|_| {
            let (sender, receiver) = unbounded_channel();
            let shared = Arc::clone(&shared);
            thread::spawn(move || run(receiver, shared));
            sender
        })
        .collect();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            if let Ok(stream) = stream {
                let _ = loops[number % loops.len()].send(stream);
            }
        }
    });
    Ok(address)
}

fn run(mut streams: UnboundedReceiver<TcpStream>, shared: Arc<Shared>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    LocalSet::new().block_on(&runtime, async move {
        while let Some(stream) = streams.recv().await {
            let shared = Arc::clone(&shared);
            // A connection that ends badly is its client's affair.
            tokio::task::spawn_local(async move {
                let _ = connection(stream, shared).await;
            });
        }
    });
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) -> Result<(), Failure> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    let stream = tokio::net::TcpStream::from_std(stream)?;
    let Some(acceptor) = &shared.acceptor else {
        return speak(stream, false, &shared).await;
    };
    let stream = acceptor.accept(stream).await?;
    let newer = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(stream, newer, &shared).await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    newer: bool,
    shared: &Arc<Shared>,
) -> Result<(), Failure> {
    let service = service_fn(|request| {
        let shared = Arc::clone(shared);
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    let stream = TokioIo::new(stream);
    if newer {
        let builder = hyper::server::conn::http2::Builder::new(LocalExecutor);
        builder.serve_connection(stream, service).await?;
    } else {
        let builder = hyper::server::conn::http1::Builder::new();
        builder.serve_connection(stream, service).await?;
    }
    Ok(())
}

/// Runs what HTTP/2 does beside a connection on the connection's thread.
#[derive(Clone)]
struct LocalExecutor;

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let status = |status| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    };
    if request.method() != Method::POST || request.uri().path() != "/graphql/v2" {
        return status(StatusCode::NOT_FOUND);
    }
    if !request.headers().contains_key(AUTHORIZATION) {
        return status(StatusCode::UNAUTHORIZED);
    }
    let Ok(body) = request.into_body().collect().await else {
        return status(StatusCode::BAD_REQUEST);
    };
    let Some(answer) = shared.answers.to(&body.to_bytes()) else {
        return status(StatusCode::BAD_REQUEST);
    };
    let mut response = Response::new(Full::new(answer));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-limit"),
        HeaderValue::from_static(WINDOW),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-remaining"),
        HeaderValue::from_static(WINDOW),
    );
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), shared.resets.clone());
    response
}
