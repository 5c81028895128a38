//! The control plane's door: HTTP/1.1 on loopback, or over TLS.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::control::{self, ControlPlane, Peer};

/// Connections at once; further ones wait unaccepted. (ours)
const CONNECTIONS: usize = 1024;
/// Longest TLS handshake, and longest wait for a request's head. (ours)
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for requests under way when the server stops. (ours)
const DRAIN_PATIENCE: Duration = Duration::from_secs(15);

/// Serves until `shutdown` turns true, then lets requests under way end.
pub(crate) async fn listen(
    control: Arc<ControlPlane>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    mut shutdown: watch::Receiver<bool>,
) {
    let router = control::router(control);
    let acceptor = tls.map(TlsAcceptor::from);
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let Ok((tcp, from)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = tcp.set_nodelay(true);
        let peer = Peer { address: from.ip(), tls: acceptor.is_some() };
        let router = router.clone().layer(Extension(peer));
        let (acceptor, shutdown) = (acceptor.clone(), shutdown.clone());
        connections.spawn(async move {
            match acceptor {
                None => converse(tcp, router, shutdown).await,
                Some(acceptor) => {
                    let handshake = tokio::time::timeout(HEAD_PATIENCE, acceptor.accept(tcp)).await;
                    if let Ok(Ok(stream)) = handshake {
                        converse(stream, router, shutdown).await;
                    }
                }
            }
            drop(permit);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN_PATIENCE, drained).await;
}

async fn converse<S>(stream: S, router: axum::Router, mut shutdown: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    // The guard that `wait_for` gives is not to be held while requests under way end.
    let stopping = async { drop(shutdown.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a control plane connection ended");
    }
}
