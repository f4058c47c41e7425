//! Tests that hold for every transport: each runs over hyper and over reqwest, and both have to come to the same.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderValue, Method};
use bytes::Bytes;
use url::Url;

use super::*;
use crate::http::hyper::HyperTransport;
use crate::http::reqwest::ReqwestTransport;

fn transports() -> [(&'static str, Box<dyn Transport>); 2] {
    [
        ("hyper", Box::new(HyperTransport::default())),
        ("reqwest", Box::new(ReqwestTransport::new(Arc::default()))),
    ]
}

/// A server on this machine, for answers that no decent HTTP server sends.
struct Server {
    port: u16,
    /// Head and body of each request.
    received: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Starts a server. `answer` writes to a connection for each request on it, and returns whether the connection is kept.
    fn start(answer: impl Fn(&mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let (received, connections, answer) = (server.received.clone(), server.connections.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, received, answer) = (stream.unwrap(), received.clone(), answer.clone());
                *connections.lock().unwrap() += 1;
                std::thread::spawn(move || {
                    while let Some(request) = read_request(&stream) {
                        received.lock().unwrap().push(request);
                        if !answer(&mut stream) {
                            break;
                        }
                    }
                });
            }
        });
        server
    }

    /// Starts a server that answers each request with these bytes, and closes the connection.
    fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |stream| {
            let _ = stream.write_all(&bytes);
            false
        })
    }

    fn url(&self, path: &str) -> Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().unwrap()
    }
}

/// Reads a request; `None` at the end of the connection.
fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text).ok()? == 0 {
            return None;
        }
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    text.push_str(&String::from_utf8(body).unwrap());
    Some(text)
}

fn get(url: Url) -> Request {
    Request::new(Method::GET, url)
}

/// What came of a request, in a form that can be compared.
type Outcome = Result<(u16, Vec<(String, Vec<u8>)>, Bytes), TransportError>;

async fn outcome(transport: &dyn Transport, request: Request) -> Outcome {
    let response = transport.send(request).await?;
    let headers = response.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    Ok((response.status, headers.collect(), response.body))
}

/// Sends the same request over each transport, and returns the results, which have to be the same.
async fn over_both(request: impl Fn() -> Request) -> Outcome {
    let mut outcomes = Vec::new();
    for (_, transport) in transports() {
        outcomes.push(outcome(&*transport, request()).await);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    outcomes.remove(0)
}

fn interrupted(outcome: &Outcome) -> &str {
    match outcome {
        Err(TransportError::Interrupted(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn body_of(outcome: Outcome) -> (u16, Vec<u8>) {
    let (status, _, body) = outcome.unwrap();
    (status, body.to_vec())
}

#[tokio::test]
async fn the_same_requests_are_sent() {
    let json = HeaderValue::from_static("application/json");
    let url = |server: &Server| server.url("/v1/a%20b/%252E?x=1&y=%3D");
    let requests: [fn(Url, HeaderValue) -> Request; 6] = [
        |url, _| get(url),
        |url, json| get(url).header(ACCEPT, json),
        |url, json| {
            Request::new(Method::POST, url)
                .header(ACCEPT, json)
                .json(b"{\"a\":1}".to_vec())
        },
        |url, _| Request::new(Method::POST, url).header(AUTHORIZATION, HeaderValue::from_static("Bearer x")),
        |url, _| Request::new(Method::DELETE, url),
        |url, json| Request::new(Method::PATCH, url).header(CONTENT_TYPE, json),
    ];
    for request in requests {
        let server = Server::answering("HTTP/1.1 204 No Content\r\n\r\n");
        let sent = over_both(|| request(url(&server), json.clone())).await;
        assert_eq!(sent.unwrap().0, 204);
        let received = server.received.lock().unwrap();
        let parts: Vec<_> = received.iter().map(|text| sort_headers(text)).collect();
        assert_eq!(parts[0], parts[1]);
        let (line, headers, _) = &parts[0];
        assert!(line.ends_with(" /v1/a%20b/%252E?x=1&y=%3D HTTP/1.1"), "{line}");
        assert_eq!(headers["host"], format!("127.0.0.1:{}", server.port));
        assert!(headers["user-agent"].starts_with("computesdk-gateway/"));
        assert!(headers.contains_key("accept"));
        assert!(!headers.contains_key("accept-encoding"), "no encoding is understood");
    }
}

/// Returns the first line, the headers and the body of a request.
fn sort_headers(request: &str) -> (&str, BTreeMap<&str, &str>, &str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    (
        line,
        headers.lines().filter_map(|header| header.split_once(": ")).collect(),
        body,
    )
}

#[tokio::test]
async fn answers_are_read_to_their_end() {
    let many = |count| "x-one: 1\r\n".repeat(count);
    for (answer, status, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc".to_owned(), 200, "abc"),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end".to_owned(), 200, "until the end"),
        ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na".to_owned(), 200, "a"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\ntrailer: 1\r\n\r\n".to_owned(),
            200,
            "abcde",
        ),
        // Informational answers precede the true one.
        (
            "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\na".to_owned(),
            201,
            "a",
        ),
        // Redirects are not followed.
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 2\r\n\r\nno".to_owned(),
            302,
            "no",
        ),
        ("HTTP/1.1 307 X\r\nlocation: ::\r\ncontent-length: 0\r\n\r\n".to_owned(), 307, ""),
        // Nothing is decoded.
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc".to_owned(),
            200,
            "abc",
        ),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n".to_owned(), 304, ""),
        ("HTTP/1.1 599 \r\ncontent-length: 0\r\n\r\n".to_owned(), 599, ""),
        (format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", many(99)), 200, ""),
    ] {
        let server = Server::answering(answer.as_bytes());
        let read = over_both(|| get(server.url("/"))).await;
        assert_eq!(body_of(read), (status, body.as_bytes().to_vec()), "{answer}");
    }
}

#[tokio::test]
async fn odd_headers_are_borne() {
    let server =
        Server::answering(*b"HTTP/1.1 200 OK\r\nX-ODD: 1\r\nx-odd: \xff\r\nSet-Cookie: a\r\ncontent-LENGTH: 0\r\n\r\n");
    let (_, headers, _) = over_both(|| get(server.url("/"))).await.unwrap();
    let odd: Vec<_> = headers
        .iter()
        .filter(|(name, _)| name == "x-odd")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(odd, [&b"1".to_vec(), &b"\xff".to_vec()]);
}

#[tokio::test]
async fn an_answer_that_is_none_or_ends_early_is_an_interruption() {
    for answer in [
        String::new(),
        "HTTP/1.1 200 OK\r\ncontent-".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.6\r\n".to_owned(),
        "HTTP/1.1 abc\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: 1\r\n".repeat(101)),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(1_000_000)),
    ] {
        let server = Server::answering(answer.as_bytes());
        let outcome = over_both(|| get(server.url("/"))).await;
        assert!(!interrupted(&outcome).is_empty());
        assert_eq!(server.received.lock().unwrap().len(), 2, "sent once by each");
    }
}

#[tokio::test]
async fn a_request_on_a_kept_connection_that_is_closed_is_not_sent_again() {
    for (name, transport) in transports() {
        let answered = Mutex::new(false);
        let server = Server::start(move |stream| {
            let is_first = !std::mem::replace(&mut *answered.lock().unwrap(), true);
            if is_first {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
                    .unwrap();
            }
            is_first
        });
        let send = || {
            outcome(
                &*transport,
                Request::new(Method::POST, server.url("/")).json(b"{}".to_vec()),
            )
        };
        assert_eq!(send().await.unwrap().0, 200, "{name}");
        interrupted(&send().await);
        assert_eq!(server.received.lock().unwrap().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn connections_are_kept() {
    for (name, transport) in transports() {
        let server = Server::start(|stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
                .is_ok()
        });
        for _ in 0..10 {
            outcome(&*transport, get(server.url("/"))).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(server.received.lock().unwrap().len(), 10);
        assert!(*server.connections.lock().unwrap() < 5, "{name}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    // Nothing follows the head: a reader that goes on would wait.
    let announced = Server::start(|stream| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BODY_LIMIT + 1);
        stream.write_all(head.as_bytes()).is_ok()
    });
    assert_eq!(
        over_both(|| get(announced.url("/"))).await,
        Err(TransportError::TooLong)
    );

    let endless = Server::start(|stream| {
        let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x0010_0000));
        let head = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        head.is_ok() && (0..64).all(|_| stream.write_all(chunk.as_bytes()).is_ok())
    });
    assert_eq!(over_both(|| get(endless.url("/"))).await, Err(TransportError::TooLong));

    let almost = "a".repeat(BODY_LIMIT);
    let server = Server::answering(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {BODY_LIMIT}\r\n\r\n{almost}"
    ));
    assert_eq!(over_both(|| get(server.url("/"))).await.unwrap().2, almost);
}

#[tokio::test]
async fn only_the_end_of_a_body_is_kept_if_that_is_asked_for() {
    let numbers: Vec<String> = (0..200_000).map(|number: u32| number.to_string()).collect();
    let lines = numbers.join("\n");
    for length in [
        format!("content-length: {}", lines.len()),
        "connection: close".to_owned(),
    ] {
        let server = Server::answering(format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n{lines}"));
        for (limit, end) in [(7, "\n199999"), (0, ""), (usize::MAX / 4, lines.as_str())] {
            let kept = over_both(|| Request {
                kept_end: Some(limit),
                ..get(server.url("/"))
            });
            assert_eq!(kept.await.unwrap().2, end);
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_not_made_leaves_the_request_unsent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (url, words) in [
        (format!("http://127.0.0.1:{free}/"), "refused"),
        (format!("https://127.0.0.1:{free}/"), "refused"),
        ("http://host.invalid/".to_owned(), "lookup"),
        ("http://x.localhost.invalid/".to_owned(), "lookup"),
    ] {
        match over_both(|| get(url.parse().unwrap())).await {
            Err(TransportError::Connect(text)) => assert!(text.contains(words), "{url}: {text}"),
            other => panic!("{url}: {other:?}"),
        }
    }
    // A server that knows no TLS.
    let not_tls = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("https://{}/", not_tls.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        for stream in not_tls.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    match over_both(|| get(url.clone())).await {
        Err(TransportError::Connect(text)) => assert!(text.contains("corrupt"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_is_bounded_tls_included() {
    // The system accepts the connection, and no answer comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("https://{}/", silent.local_addr().unwrap()).parse().unwrap();
    for (name, transport) in transports() {
        let began = tokio::time::Instant::now();
        match outcome(&*transport, get(url.clone())).await {
            Err(TransportError::Connect(text)) => {
                assert!(
                    ["operation timed out", "deadline has elapsed"].contains(&text.as_str()),
                    "{name}: {text}"
                );
            }
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(began.elapsed().as_secs(), 10, "{name}");
    }
}

#[tokio::test]
async fn localhost_is_this_machine() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let url = format!("http://localhost:{}/", server.port);
    assert_eq!(over_both(|| get(url.parse().unwrap())).await.unwrap().0, 200);
    let received = server.received.lock().unwrap();
    assert!(received[0].contains(&format!("host: localhost:{}\r\n", server.port)));
}
