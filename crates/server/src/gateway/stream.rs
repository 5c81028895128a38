//! A TLS connection that holds no buffer while it idles.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Bytes read at once; on the stack of the poll, not in the connection. (ours)
const READ: usize = 8 * 1024;
/// Longest wait for a peer that does not read what it asked for. (ours)
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Output that is written before more is put to it, bytes. (ours)
pub(super) const WRITE_SOON: usize = 64 * 1024;

/// The stream is boxed so that a connection's task stays small.
pub(super) type Stream = Box<TlsStream<TcpStream>>;

/// Reads some bytes to the end of `input`; 0 at the end of the stream. Cancel-safe.
pub(super) async fn read(stream: &mut Stream, input: &mut BytesMut) -> io::Result<usize> {
    std::future::poll_fn(|context: &mut Context<'_>| {
        let mut stack = [0; READ];
        let mut buffer = ReadBuf::new(&mut stack);
        ready!(Pin::new(&mut **stream).poll_read(context, &mut buffer))?;
        input.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    })
    .await
}

/// Writes and flushes everything, or fails when the peer does not read for too long.
pub(super) async fn write(stream: &mut Stream, output: &[u8]) -> io::Result<()> {
    let written = async {
        stream.write_all(output).await?;
        stream.flush().await
    };
    match tokio::time::timeout(WRITE_PATIENCE, written).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
    }
}
