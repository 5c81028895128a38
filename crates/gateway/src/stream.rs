//! A connection's bytes, over TLS or in frames of WebSocket. It holds no buffer while it idles.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use fleetwright_host::graceful_close::GracefulStream;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::standing::{Standing, WriteError};
use super::web_socket::WebSocket;

/// Bytes read at once; on the stack of the poll, not in the connection. (ours)
const READ: usize = 8 * 1024;
/// Longest wait for a peer that takes nothing of what it asked for, milliseconds. (ours)
pub(super) const WRITE_PATIENCE: u64 = 20_000;
/// Longest wait for a peer to take the last words before its connection is closed. (ours)
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);

/// Output that is written before more is put to it, bytes. (ours)
pub(super) const WRITE_SOON: usize = 64 * 1024;

/// Over TLS. Boxed so that a connection's task stays small; dropped, it says close_notify.
pub(super) type OverTls = GracefulStream<Box<TlsStream<TcpStream>>>;

/// The bytes of a connection of MQTT.
pub(super) enum Stream {
    Tls(OverTls),
    /// Dropped, it sends a close frame.
    WebSocket(GracefulStream<Box<WebSocket>>),
}

impl Stream {
    /// The address that the peer connected to.
    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tls(stream) => stream.get_ref().0.local_addr().ok(),
            Self::WebSocket(stream) => stream.local(),
        }
    }

    /// Whether something that was written is not with the kernel yet.
    pub(super) fn has_unsent(&self) -> bool {
        match self {
            Self::Tls(stream) => stream.get_ref().1.wants_write(),
            Self::WebSocket(stream) => stream.has_unsent(),
        }
    }

    /// Whether the peer said that it closes, as WebSocket has it.
    pub(super) fn was_closed_in_order(&self) -> bool {
        match self {
            Self::Tls(_) => false,
            Self::WebSocket(stream) => stream.was_closed(),
        }
    }

    /// Bytes that it may hold of what was not read yet, beside the kernel's.
    pub(super) fn may_hold(&self) -> usize {
        match self {
            Self::Tls(_) => 0,
            Self::WebSocket(stream) => stream.may_hold(),
        }
    }

    /// Nothing more may be sent: it is cut off when it is dropped.
    pub(super) fn abandon(&mut self) {
        match self {
            Self::Tls(stream) => stream.abandon(),
            Self::WebSocket(stream) => stream.abandon(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::WebSocket(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::WebSocket(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::WebSocket(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::WebSocket(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// Reads some bytes to the end of `input`; 0 at the end of the stream. Cancel-safe.
pub(super) async fn read(stream: &mut Stream, input: &mut BytesMut) -> io::Result<usize> {
    std::future::poll_fn(|context| poll_read(stream, input, context)).await
}

fn poll_read(
    stream: &mut Stream,
    input: &mut BytesMut,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut stack = [MaybeUninit::uninit(); READ];
    let mut buffer = ReadBuf::uninit(&mut stack);
    ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
    input.extend_from_slice(buffer.filled());
    Poll::Ready(Ok(buffer.filled().len()))
}

/// What moved.
pub(super) enum Moved {
    /// So many bytes came; 0 at the end of the stream.
    In(usize),
    /// Something went out.
    Out,
}

/// Output on its way.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Written, and not flushed yet.
    unflushed: bool,
    /// Part of the output was written, so that what is left may begin within a packet.
    torn: bool,
}

impl Outgoing {
    /// Whether everything is with the kernel.
    pub(super) fn is_done(&self, output: &BytesMut) -> bool {
        output.is_empty() && !self.unflushed
    }

    /// Whether nothing may be written but what is left.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }
}

/// Writes what it can of `output`, taking it from the front, as long as the certificate is good, and
/// reads to the end of `input`, where there is one; comes back as soon as something moved.
/// Cancel-safe.
pub(super) async fn exchange(
    stream: &mut Stream,
    mut input: Option<&mut BytesMut>,
    output: &mut BytesMut,
    outgoing: &mut Outgoing,
    standing: &Standing,
) -> Result<Moved, WriteError> {
    std::future::poll_fn(|context| {
        if !outgoing.is_done(output) {
            let step = || poll_write(stream, output, outgoing, context);
            if standing.act(step).map_err(WriteError::Ended)?.map_err(WriteError::Lost)? {
                return Poll::Ready(Ok(Moved::Out));
            }
        }
        let Some(input) = &mut input else { return Poll::Pending };
        // Reading frames may write: the answer to a ping, and what is before it.
        let step = || poll_read(stream, input, context).map_ok(Moved::In);
        standing.act(step).map_err(WriteError::Ended)?.map_err(WriteError::Lost)
    })
    .await
}

/// Whether something moved; if not, and something is left, the task is woken when it can.
fn poll_write(
    stream: &mut Stream,
    output: &mut BytesMut,
    outgoing: &mut Outgoing,
    context: &mut Context<'_>,
) -> io::Result<bool> {
    let mut moved = false;
    while !output.is_empty() {
        match Pin::new(&mut *stream).poll_write(context, output)? {
            Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
            Poll::Ready(count) => {
                output.advance(count);
                (moved, outgoing.unflushed, outgoing.torn) = (true, true, !output.is_empty());
            }
            Poll::Pending => return Ok(moved),
        }
    }
    if outgoing.unflushed && Pin::new(&mut *stream).poll_flush(context)?.is_ready() {
        (moved, outgoing.unflushed) = (true, false);
    }
    Ok(moved)
}

/// Writes and flushes the last words before the connection is closed, or fails when the peer does
/// not read soon.
pub(super) async fn write(stream: &mut Stream, output: &[u8]) -> io::Result<()> {
    let written = async {
        stream.write_all(output).await?;
        stream.flush().await
    };
    match tokio::time::timeout(LAST_WORDS, written).await {
        Ok(result) => result,
        Err(_) => Err(stalled()),
    }
}

/// The peer took nothing for [`WRITE_PATIENCE`].
pub(super) fn stalled() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not read")
}
