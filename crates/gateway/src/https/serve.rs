//! One connection of HTTPS, from its handshake to its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{future, io};

use bytes::{Buf, BytesMut};
use fleetwright_host::slots::Slot;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::Https;
use super::request::Client;
use crate::entrance::Entrance;
use crate::standing::Standing;
use crate::stream::OverTls;
use crate::{Door, Gateway};

/// Longest wait for a request's head, also between two requests of a connection. (ours)
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a request's head, and of what is read ahead of its body, at most. (ours)
const BUFFER_BYTES: usize = 64 * 1024;
/// Longest wait for the request under way when the server stops. (ours)
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// How a connection came in.
pub(in crate::https) type Shutdown = watch::Receiver<bool>;

/// A connection that speaks HTTP.
pub(crate) struct Arrived {
    pub(crate) https: Arc<Https>,
    pub(crate) entrance: Entrance,
    pub(crate) peer: SocketAddr,
    pub(crate) stream: OverTls,
    /// What was read of it already.
    pub(crate) first: BytesMut,
    pub(crate) slot: Slot,
    pub(crate) shutdown: Shutdown,
}

/// Answers the requests of a connection. It ends when its certificate is no longer ACTIVE: no request
/// that is looked at afterwards is answered.
pub(crate) async fn serve(gateway: Arc<Gateway>, arrived: Arrived) {
    let Arrived { https, entrance, peer, stream, first, slot, shutdown } = arrived;
    let (_, tls) = stream.get_ref();
    let server_name = tls.server_name().map(str::to_owned);
    let mut chain = tls.peer_certificates().unwrap_or_default().iter().cloned();
    let (leaf, issuer) = (chain.next(), chain.next());
    let no_alpn = tls.alpn_protocol().is_none();
    // In the directory before the registry is asked: see `standing`.
    let attendance =
        leaf.as_ref().map(|leaf| gateway.directory.attend(fleetwright_ca::certificate_id(leaf)));
    let local = stream.get_ref().0.local_addr().ok();
    let open = stream.guard();
    let door = Door { peer, local, tls: true, server_name: server_name.clone(), open };
    let mailbox = attendance.as_ref().map(|attendance| Arc::clone(&attendance.mailbox));
    let upgrade = Mutex::default();
    let client = Client {
        gateway,
        https,
        entrance,
        peer,
        server_name,
        leaf,
        issuer,
        mailbox,
        door,
        upgrade,
    };
    let ended = {
        let answering = (&client, &slot);
        let service = service_fn(|request| async move {
            let (client, slot) = answering;
            // It is at work, and does not wait for its peer.
            slot.pause();
            let response = client.answer(request).await;
            slot.resume();
            Ok::<_, Infallible>(response)
        });
        let standing = attendance.as_ref().map(|attendance| Arc::clone(&attendance.standing));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(Resumed { first, stream, standing }), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let off = async {
            match &attendance {
                Some(attendance) => drop(attendance.standing.ended().await),
                None => future::pending().await,
            }
        };
        let mut stop = shutdown.clone();
        let stopping = async { drop(stop.wait_for(|stop| *stop).await) };
        tokio::select! {
            biased;
            () = off => return,
            ended = connection.as_mut() => ended,
            () = slot.evicted() => return,
            () = stopping => {
                connection.as_mut().graceful_shutdown();
                match tokio::time::timeout(LAST_ANSWER, connection).await {
                    Ok(ended) => ended,
                    Err(_) => return,
                }
            }
        }
    };
    match ended {
        Ok(()) => {
            let upgrade = client.upgrade.lock().take();
            drop(attendance);
            if let Some(upgrade) = upgrade {
                upgrade.run(Arc::new(slot), shutdown).await;
            }
        }
        Err(error) if error.is_parse() && no_alpn => tracing::warn!(
            event = "Connection.AuthNError", %peer,
            "refused: the client offers no ALPN where that means HTTP, as on AWS, and does not \
             speak it: an MQTT client must offer x-amzn-mqtt-ca on port 443, or connect to port \
             8883"
        ),
        Err(error) => tracing::debug!(%peer, %error, "an HTTPS connection ended"),
    }
}

/// A stream of which something was read already, and to which nothing more is written once the
/// certificate's standing has ended.
struct Resumed {
    first: BytesMut,
    stream: OverTls,
    standing: Option<Arc<Standing>>,
}

impl AsyncRead for Resumed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let taken = self.first.len().min(buffer.remaining());
        buffer.put_slice(self.first.get(..taken).unwrap_or_default());
        self.first.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Resumed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, standing, .. } = &mut *self;
        let write = || Pin::new(stream).poll_write(context, bytes);
        match standing {
            Some(standing) => standing
                .act(write)
                .unwrap_or_else(|_| Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()))),
            None => write(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
