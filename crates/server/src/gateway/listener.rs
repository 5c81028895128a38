//! Accepts connections: a permit, a TLS handshake with a client certificate, then a task.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::stream::Stream;
use super::{Gateway, connection};

/// Longest TLS handshake. (ours)
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(15);
/// Pause after an accept that failed, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest wait for connections to end when the server stops. (ours)
const DRAIN_PATIENCE: Duration = Duration::from_secs(15);

/// Accepts until `shutdown` turns true, then waits for the connections to end.
pub async fn listen(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    mut shutdown: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let permits = Arc::new(Semaphore::new(gateway.settings.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let task = handle(Arc::clone(&gateway), acceptor.clone(), tcp, peer, shutdown.clone());
        connections.spawn(async move {
            task.await;
            drop(permit);
        });
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_PATIENCE, drained).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

async fn handle(
    gateway: Arc<Gateway>,
    acceptor: TlsAcceptor,
    tcp: TcpStream,
    peer: SocketAddr,
    shutdown: watch::Receiver<bool>,
) {
    // Boxed: what only the handshake needs is given back when it ends.
    let Some(stream) = Box::pin(handshake(acceptor, tcp, peer)).await else { return };
    connection::serve(gateway, stream, peer, shutdown).await;
}

async fn handshake(acceptor: TlsAcceptor, tcp: TcpStream, peer: SocketAddr) -> Option<Stream> {
    let _ = tcp.set_nodelay(true);
    match tokio::time::timeout(HANDSHAKE_PATIENCE, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            log_handshake(peer, &error);
            None
        }
        Err(_) => {
            tracing::info!(%peer, "no TLS handshake in time");
            None
        }
    }
}

fn log_handshake(peer: SocketAddr, error: &io::Error) {
    // A peer that connects and goes, as port checks do, is no failure.
    if error.kind() != io::ErrorKind::UnexpectedEof {
        tracing::warn!(
            event = "Connection.AuthNError", %peer,
            "TLS handshake failed: {error}"
        );
    }
}
