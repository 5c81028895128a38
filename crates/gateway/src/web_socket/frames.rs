//! The bytes of MQTT in binary frames. Packets and frames have nothing to do with one another: a
//! packet may be in several frames, a frame may have several packets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// Bytes of a frame that is sent, at most. (ours)
const FRAME_SENT: usize = 64 * 1024;
/// Bytes that are read at once. (ours)
const READ_BUFFER: usize = 4 * 1024;
/// Bytes of the header of a frame, at most. (RFC 6455, section 5.2)
const HEADER: usize = 14;

type Frames = WebSocketStream<TokioIo<Upgraded>>;

/// A stream of bytes in frames.
pub(crate) struct WebSocket {
    /// Locked by nobody: only so that a connection may be shared between threads, whoever has it.
    frames: Mutex<Frames>,
    /// What is left of the message that is being read.
    rest: Bytes,
    /// Bytes that a message has at most.
    bound: usize,
    local: Option<SocketAddr>,
    unsent: bool,
    /// Whether the peer said that it closes.
    closed: bool,
}

impl WebSocket {
    /// Frames over a connection that was upgraded; a message has `bound` bytes at most, in one frame or
    /// in several.
    pub(super) async fn new(connection: Upgraded, local: Option<SocketAddr>, bound: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            // One frame is on its way; besides, answers to pings.
            .max_write_buffer_size(2 * (FRAME_SENT + HEADER))
            .max_message_size(Some(bound))
            .max_frame_size(Some(bound));
        let io = TokioIo::new(connection);
        let frames = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let frames = Mutex::new(frames);
        Self { frames, rest: Bytes::new(), bound, local, unsent: false, closed: false }
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Bytes of an unfinished message that may be held here: how many there are, nobody can ask.
    pub(crate) fn may_hold(&self) -> usize {
        self.bound
    }

    pub(crate) fn has_unsent(&self) -> bool {
        self.unsent
    }

    pub(crate) fn was_closed(&self) -> bool {
        self.closed
    }

    fn frames(&mut self) -> Pin<&mut Frames> {
        Pin::new(self.frames.get_mut())
    }

    /// Closes for a frame that is none of MQTT's; what is said is best effort.
    fn refuse(&mut self, code: CloseCode, reason: &'static str) -> io::Error {
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = self.frames().start_send(Message::Close(Some(frame)));
        io::Error::new(io::ErrorKind::InvalidData, reason)
    }
}

impl AsyncRead for WebSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(self.frames().poll_next(context)) {
                Some(Ok(Message::Binary(bytes))) => self.rest = bytes,
                // Pings are answered by the frames themselves.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    self.closed = true;
                    return Poll::Ready(Ok(()));
                }
                Some(Ok(Message::Text(_))) => {
                    let why = "MQTT is in binary frames, not in frames of text";
                    return Poll::Ready(Err(self.refuse(CloseCode::Unsupported, why)));
                }
                Some(Err(Error::Capacity(_))) => {
                    let why = "the message is larger than any packet of MQTT may be";
                    return Poll::Ready(Err(self.refuse(CloseCode::Size, why)));
                }
                Some(Err(Error::Utf8(_))) => {
                    let why = "MQTT is in binary frames, not in frames of text";
                    return Poll::Ready(Err(self.refuse(CloseCode::Unsupported, why)));
                }
                Some(Err(error @ Error::Protocol(_))) => {
                    let lost = lost(error);
                    self.refuse(CloseCode::Protocol, "the frame is not as RFC 6455 has it");
                    return Poll::Ready(Err(lost));
                }
                Some(Err(error)) => return Poll::Ready(Err(lost(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let taken = self.rest.len().min(buffer.remaining());
        buffer.put_slice(self.rest.get(..taken).unwrap_or_default());
        self.rest.advance(taken);
        if self.rest.is_empty() {
            // It may hold more than what was read of it.
            self.rest = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WebSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.frames().poll_ready(context)).map_err(lost)?;
        let frame = bytes.get(..FRAME_SENT).unwrap_or(bytes);
        let message = Message::Binary(Bytes::copy_from_slice(frame));
        self.unsent = true;
        self.frames().start_send(message).map_err(lost)?;
        Poll::Ready(Ok(frame.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.frames().poll_flush(context)).map_err(lost)?;
        self.unsent = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.frames().poll_close(context).map_err(lost)
    }
}

fn lost(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::UnexpectedEof.into(),
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
