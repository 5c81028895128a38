//! Streams that end in order. Whatever ends a connection drops its stream, and a stream that is
//! dropped tells its peer: over TLS with close_notify, then with the end of the TCP stream. What the
//! peer still sends is read for a moment, for a reset would take from it what was written last.

use std::convert::Infallible;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Longest time for the end of a connection: a peer that does not read, or does not stop to send,
/// is left then. (ours)
pub(crate) const CLOSE_PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that a peer may still send meanwhile. (ours)
const UNREAD: u64 = 64 * 1024;

/// A stream that can be closed by itself.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Socket for S {}

/// Counts streams until they are closed: whoever holds one, holds the [`Ended`] up.
#[derive(Debug, Clone)]
pub(crate) struct Open(#[expect(dead_code, reason = "held, not read")] mpsc::Sender<Infallible>);

/// Comes once every [`Open`] is gone.
#[derive(Debug)]
pub(crate) struct Ended(mpsc::Receiver<Infallible>);

/// The first [`Open`], to be cloned, and what waits for all.
pub(crate) fn open() -> (Open, Ended) {
    let (sender, receiver) = mpsc::channel(1);
    (Open(sender), Ended(receiver))
}

impl Ended {
    /// Waits until nothing is open.
    pub(crate) async fn wait(mut self) {
        while self.0.recv().await.is_some() {}
    }
}

/// A stream that is closed in order when it is dropped.
#[derive(Debug)]
pub(crate) struct Closing<S: Socket> {
    stream: Option<S>,
    open: Open,
    abandoned: bool,
}

impl<S: Socket> Closing<S> {
    /// Takes care of a stream.
    pub(crate) fn new(stream: S, open: Open) -> Self {
        Self { stream: Some(stream), open, abandoned: false }
    }

    /// Nothing more may be sent, not even what is written to the stream already: it is cut off when
    /// it is dropped.
    pub(crate) fn abandon(&mut self) {
        self.abandoned = true;
    }
}

impl<S: Socket> Drop for Closing<S> {
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

impl<S: Socket> Deref for Closing<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match &self.stream {
            Some(stream) => stream,
            None => unreachable!("only the drop takes the stream"),
        }
    }
}

impl<S: Socket> DerefMut for Closing<S> {
    fn deref_mut(&mut self) -> &mut S {
        match &mut self.stream {
            Some(stream) => stream,
            None => unreachable!("only the drop takes the stream"),
        }
    }
}

impl<S: Socket> AsyncRead for Closing<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut **self).poll_read(context, buffer)
    }
}

impl<S: Socket> AsyncWrite for Closing<S> {
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
