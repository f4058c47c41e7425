//! Reading a response's body to its end, whichever transport received it.

use std::error::Error;

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;

use super::connect_error::describe;
use super::transport::{BODY_LIMIT, TransportError};

/// The most memory that is reserved for a body because of its announced length, which may be wrong.
const ROOM_LIMIT: usize = 1024 * 1024;

/// Reads a body, or with `kept_end` that many bytes of its end.
///
/// Errors: [`TransportError::TooLong`] without `kept_end`, before anything is read if the length is announced; a connection that
/// ends before the body does.
pub(super) async fn read<B>(mut body: B, kept_end: Option<usize>) -> Result<Bytes, TransportError>
where
    B: Body<Data = Bytes, Error: Error + 'static> + Unpin,
{
    if let Some(limit) = kept_end {
        return read_end(body, limit).await;
    }
    let announced = body.size_hint().exact().unwrap_or(0);
    if announced > BODY_LIMIT as u64 {
        return Err(TransportError::TooLong);
    }
    let first = next_chunk(&mut body).await?.unwrap_or_default();
    // Most bodies are one chunk, which is passed on without a copy.
    let Some(second) = next_chunk(&mut body).await? else {
        return Ok(first);
    };
    let mut whole = BytesMut::from(first);
    // Reserves all of it at once: growing by doubling copies a page of a listing several times.
    let announced = usize::try_from(announced).unwrap_or(0).min(ROOM_LIMIT);
    whole.reserve(announced.saturating_sub(whole.len()));
    whole.extend_from_slice(&second);
    while let Some(chunk) = next_chunk(&mut body).await? {
        if whole.len() + chunk.len() > BODY_LIMIT {
            return Err(TransportError::TooLong);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// Reads a body of any length, and returns its last `limit` bytes.
async fn read_end<B>(mut body: B, limit: usize) -> Result<Bytes, TransportError>
where
    B: Body<Data = Bytes, Error: Error + 'static> + Unpin,
{
    let mut end = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut body).await? {
        end.extend_from_slice(&chunk);
        if end.len() > 2 * limit {
            end.advance(end.len() - limit);
        }
    }
    end.advance(end.len().saturating_sub(limit));
    Ok(end.freeze())
}

/// Returns the next bytes; `None` at the end. Trailers are passed over.
async fn next_chunk<B>(body: &mut B) -> Result<Option<Bytes>, TransportError>
where
    B: Body<Data = Bytes, Error: Error + 'static> + Unpin,
{
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| TransportError::Interrupted(describe(Some(&error))))?;
        if let Ok(chunk) = frame.into_data() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}
