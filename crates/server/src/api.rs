//! The control plane's door: HTTP/1.1 on loopback, or over TLS.
//!
//! A connection that waits for the head or the body of a request has a slot and may lose it to a
//! newcomer; one whose request is being answered has none and is let finish. So whoever begins
//! requests and does not end them keeps nobody out, and the question for health is always heard.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::response::Response;
use bytes::Bytes;
use fleetwright_control as control;
use fleetwright_control::{self, ControlPlane, Peer};
use fleetwright_gateway::{Door, Upgrade, WebSockets, is_upgrade};
use fleetwright_host::graceful_close::{self, GracefulStream, Socket};
use fleetwright_host::slots::{Bounds, Slot, Slots};
use fleetwright_host::tls::HandshakeError;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::console;

/// Longest TLS handshake, and longest wait for a request's head. (ours)
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for answers under way when the server stops; a request that has not arrived in full
/// is not waited for. (ours)
const DRAIN_PATIENCE: Duration = Duration::from_secs(15);
/// When the server stops: longest wait for a peer to take an answer that is ready. (ours)
const LAST_ANSWER: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Pause after an accept that failed, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What is behind the door.
pub(crate) struct Doors {
    pub(crate) control: Arc<ControlPlane>,
    /// MQTT over WebSocket.
    pub(crate) web_sockets: Arc<WebSockets>,
}

/// One connection of the door.
struct Conversation {
    router: TowerToHyperService<axum::Router>,
    web_sockets: Arc<WebSockets>,
    door: Door,
    /// What the connection becomes when HTTP lets it go.
    upgrade: Mutex<Option<Upgrade>>,
}

/// Serves until `shutdown` turns true, then lets requests under way end.
pub(crate) async fn listen(
    doors: Doors,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    waiting: Bounds,
    mut shutdown: watch::Receiver<bool>,
) {
    let Doors { control, web_sockets } = doors;
    let router = control::router(control).merge(console::router());
    let acceptor = tls.map(TlsAcceptor::from);
    let slots = Slots::new(waiting.within_open_files());
    let (open, ended) = graceful_close::guard();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let (tcp, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection of the API");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let slot = tokio::select! {
            slot = slots.take(from.ip()) => slot,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let _ = tcp.set_nodelay(true);
        let peer = Peer { address: from.ip(), tls: acceptor.is_some() };
        let router = router.clone().layer(Extension(peer));
        let (acceptor, open) = (acceptor.clone(), open.clone());
        let door = Door {
            peer: from,
            local: tcp.local_addr().ok(),
            tls: acceptor.is_some(),
            server_name: None,
            open: open.clone(),
        };
        let conversation = Conversation {
            router: TowerToHyperService::new(router),
            web_sockets: Arc::clone(&web_sockets),
            door,
            upgrade: Mutex::default(),
        };
        let mut shutdown = shutdown.clone();
        tokio::spawn(async move {
            let Some(acceptor) = acceptor else {
                let stream = GracefulStream::new(tcp, open);
                return converse(stream, conversation, slot, shutdown).await;
            };
            let handshake = async {
                tcp.readable().await?;
                slot.received();
                acceptor.accept(tcp).await
            };
            let accepted = tokio::select! {
                biased;
                accepted = tokio::time::timeout(HEAD_PATIENCE, handshake) => accepted,
                () = slot.evicted() => return,
                _ = shutdown.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok(Ok(stream)) => {
                    slot.received();
                    let stream = GracefulStream::new(stream, open);
                    converse(stream, conversation, slot, shutdown).await;
                }
                Ok(Err(error)) => {
                    let why = HandshakeError {
                        error: &error,
                        offer: None,
                        presented: None,
                        accepted: "http/1.1",
                        api: None,
                    };
                    tracing::info!(peer = %from, "TLS handshake with the API failed: {why}");
                }
                Err(_) => {}
            }
        });
    }
    drop((listener, open));
    if tokio::time::timeout(DRAIN_PATIENCE, ended.wait()).await.is_err() {
        tracing::warn!("some requests of the API did not end in time");
    }
}

async fn converse<S: Socket>(
    stream: GracefulStream<S>,
    conversation: Conversation,
    slot: Slot,
    shutdown: watch::Receiver<bool>,
) {
    let slot = Arc::new(slot);
    if !converse_in_http(stream, &conversation, &slot, shutdown.clone()).await {
        return;
    }
    let upgrade = conversation.upgrade.lock().take();
    if let Some(upgrade) = upgrade {
        drop(conversation);
        upgrade.run_in_place(slot, shutdown).await;
    }
}

/// Whether the peer ended it in order, or it is to be upgraded.
async fn converse_in_http<S: Socket>(
    stream: GracefulStream<S>,
    conversation: &Conversation,
    slot: &Arc<Slot>,
    mut shutdown: watch::Receiver<bool>,
) -> bool {
    let service = service_fn(|request| answer(conversation, slot, request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // The guard that `wait_for` gives is not to be held while requests under way end.
    let stopping = async { drop(shutdown.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = slot.evicted() => return false,
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = no_request_under_way(slot) => return false,
            }
        }
    };
    if let Err(error) = &ended {
        tracing::debug!(%error, "a control plane connection ended");
    }
    ended.is_ok()
}

/// Comes once nothing is under way that the peer does not hold up itself.
async fn no_request_under_way(slot: &Slot) {
    while slot.waiting_for().is_none_or(|awaited| awaited < LAST_ANSWER) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn answer(
    conversation: &Conversation,
    slot: &Arc<Slot>,
    request: http::Request<Incoming>,
) -> Result<Response, Infallible> {
    if is_upgrade(request.uri().path()) {
        let door = conversation.door.clone();
        let (response, upgrade) = conversation.web_sockets.answer(request, door).await;
        *conversation.upgrade.lock() = upgrade;
        return Ok(response.map(axum::body::Body::new));
    }
    let request = request.map(|body| Arriving::new(body, Arc::clone(slot)));
    let response = conversation.router.call(request).await;
    slot.resume();
    response
}

/// A body; once it is there the connection is at work.
struct Arriving {
    body: Incoming,
    slot: Arc<Slot>,
}

impl Arriving {
    fn new(body: Incoming, slot: Arc<Slot>) -> Self {
        if body.is_end_stream() {
            slot.pause();
        } else {
            slot.received();
        }
        Self { body, slot }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.slot.pause();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
