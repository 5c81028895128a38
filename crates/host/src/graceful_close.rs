//! Graceful close. A stream that is dropped is shut down: over TLS with close_notify, then with FIN.
//! What the peer still sends is read for a bounded time, because a reset could discard what was
//! written last before the peer has read it.

use std::convert::Infallible;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Longest time for a graceful close; then the connection is reset. (ours)
pub(crate) const CLOSE_PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that are read of a peer meanwhile. (ours)
const UNREAD: u64 = 64 * 1024;

/// A stream that can be shut down by a task of its own.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for S {}

/// Held by every stream until it is closed; [`AllClosed`] waits for the last.
#[derive(Debug, Clone)]
pub struct OpenGuard(#[expect(dead_code, reason = "held, not read")] mpsc::Sender<Infallible>);

/// Completes once every [`OpenGuard`] is dropped.
#[derive(Debug)]
pub struct AllClosed(mpsc::Receiver<Infallible>);

/// The first [`OpenGuard`], to be cloned for each stream, and what waits for all of them.
pub fn guard() -> (OpenGuard, AllClosed) {
    let (sender, receiver) = mpsc::channel(1);
    (OpenGuard(sender), AllClosed(receiver))
}

impl AllClosed {
    /// Waits until every guard is dropped.
    pub async fn wait(mut self) {
        while self.0.recv().await.is_some() {}
    }
}

/// A stream that is closed gracefully when it is dropped.
#[derive(Debug)]
pub struct GracefulStream<S: Socket> {
    stream: Option<S>,
    open: OpenGuard,
    abandoned: bool,
}

impl<S: Socket> GracefulStream<S> {
    /// Wraps a stream; `open` is held until it is closed.
    pub fn new(stream: S, open: OpenGuard) -> Self {
        Self { stream: Some(stream), open, abandoned: false }
    }

    /// What is held until it is closed.
    pub fn guard(&self) -> OpenGuard {
        self.open.clone()
    }

    /// Nothing more may be sent, not even what is written to the stream already: it is cut off when
    /// it is dropped.
    pub fn abandon(&mut self) {
        self.abandoned = true;
    }
}

impl<S: Socket> Drop for GracefulStream<S> {
    fn drop(&mut self) {
        if self.abandoned {
            return;
        }
        // Without a runtime the process ends, and the kernel closes what is open.
        if let (Some(stream), Ok(runtime)) = (self.stream.take(), Handle::try_current()) {
            let open = self.open.clone();
            runtime.spawn(async move {
                close(stream).await;
                drop(open);
            });
        }
    }
}

async fn close(mut stream: impl Socket) {
    let in_order = async {
        if stream.shutdown().await.is_ok() {
            let _ = tokio::io::copy(&mut (&mut stream).take(UNREAD), &mut tokio::io::sink()).await;
        }
    };
    let _ = tokio::time::timeout(CLOSE_PATIENCE, in_order).await;
}

impl<S: Socket> Deref for GracefulStream<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match &self.stream {
            Some(stream) => stream,
            None => unreachable!("only the drop takes the stream"),
        }
    }
}

impl<S: Socket> DerefMut for GracefulStream<S> {
    fn deref_mut(&mut self) -> &mut S {
        match &mut self.stream {
            Some(stream) => stream,
            None => unreachable!("only the drop takes the stream"),
        }
    }
}

impl<S: Socket> AsyncRead for GracefulStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut **self).poll_read(context, buffer)
    }
}

impl<S: Socket> AsyncWrite for GracefulStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut **self).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut **self).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        (**self).is_write_vectored()
    }
}
