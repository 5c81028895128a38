//! A hook as a URL: `POST` of the request, the verdict in a 200 answer.

use std::sync::Arc;

use bytes::Bytes;
use fleetwright_core::limits;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::HookFailure;
use super::target::Url;

/// Sends the request and gives the body of a 200 answer.
pub(super) async fn post(
    url: &Url<'_>,
    body: Vec<u8>,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<Vec<u8>, HookFailure> {
    let tcp = TcpStream::connect((url.host, url.port)).await.map_err(|error| {
        HookFailure::new(format_args!("cannot reach {}:{}: {error}", url.host, url.port))
    })?;
    if !url.tls {
        return exchange(tcp, url, body).await;
    }
    let name = ServerName::try_from(url.host.to_owned()).map_err(HookFailure::new)?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, tcp)
        .await
        .map_err(|error| HookFailure::new(format_args!("TLS with {}: {error}", url.host)))?;
    exchange(stream, url, body).await
}

async fn exchange<S>(stream: S, url: &Url<'_>, body: Vec<u8>) -> Result<Vec<u8>, HookFailure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(HookFailure::new)?;
    // Ends when `sender` is dropped, at the latest with this hook's deadline.
    tokio::spawn(connection);
    let bracketed;
    let host = if url.host.contains(':') {
        bracketed = format!("[{}]", url.host);
        &bracketed
    } else {
        url.host
    };
    let request = http::Request::post(url.path)
        .header(http::header::HOST, format!("{host}:{}", url.port))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(HookFailure::new)?;
    let answer = sender.send_request(request).await.map_err(HookFailure::new)?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        return Err(HookFailure::new(format_args!("it answered {status}, not 200")));
    }
    let body = Limited::new(answer.into_body(), limits::HOOK_ANSWER_BYTES).collect().await;
    body.map(|body| body.to_bytes().to_vec()).map_err(HookFailure::new)
}
