//! A slow line: passes bytes on in both directions, each of them late.
//!
//! It adds a round trip to whatever waits for an answer, to the handshakes of TCP and TLS as well. The kernel accepts a
//! connection on this machine at once, so the round trip that connecting would take is added to the client's first
//! bytes: a client that speaks first, as those of TLS and HTTP do, cannot tell the difference.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep_until};

use crate::Failure;

/// The most that is read at once.
const CHUNK: usize = 64 * 1024;

/// Starts to listen and to pass on to `target`, with `round_trip` added. Ends with the process.
///
/// # Errors
///
/// If no port can be had.
pub fn start(target: SocketAddr, round_trip: Duration) -> Result<SocketAddr, Failure> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(line(stream, target, round_trip));
            }
        });
    });
    Ok(address)
}

async fn line(client: TcpStream, target: SocketAddr, round_trip: Duration) {
    let accepted = Instant::now();
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let late = round_trip / 2;
    tokio::join!(
        pass(from_client, to_server, late, accepted + round_trip),
        pass(from_server, to_client, late, accepted),
    );
}

/// Passes on what comes, `late`, and nothing as if it had come before `connected`. Ends when the stream does, after
/// everything was passed on, and then says so to the other side by closing.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, late: Duration, connected: Instant) {
    let (sender, mut receiver) = unbounded_channel::<(Instant, Bytes)>();
    let read = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now().max(connected) + late;
            if sender.send((due, Bytes::copy_from_slice(&buffer[..length]))).is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
