//! Requests that this server makes: one a connection, HTTP/1.1, over TLS unless the URL says `http`.
//! No redirect is followed. Time and size of an answer are the caller's to bound.

use std::path::Path;
use std::sync::Arc;

use aws_credential_types::Credentials;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::hooks::Url;

/// What went wrong on the way.
pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The header `Host` of a URL: the port only where it is not the scheme's.
pub(crate) fn host(url: &Url<'_>) -> String {
    match (url.tls, url.port, url.host.contains(':')) {
        (true, 443, false) | (false, 80, false) => url.host.to_owned(),
        (_, port, false) => format!("{}:{port}", url.host),
        (_, port, true) => format!("[{}]:{port}", url.host),
    }
}

/// Sends a request to the host of a URL.
pub(crate) async fn send<B>(
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, Fault>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Fault>,
{
    send_over(TcpStream::connect((url.host, url.port)).await?, url, tls, request).await
}

/// Sends a request over a connection to the host of its URL.
pub(crate) async fn send_over<B>(
    tcp: TcpStream,
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, Fault>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Fault>,
{
    if !url.tls {
        return exchange(tcp, request).await;
    }
    let name = ServerName::try_from(url.host.to_owned())?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
    exchange(stream.map_err(|error| format!("TLS with {}: {error}", url.host))?, request).await
}

/// The first key of a file as AWS's clients have it.
pub(crate) fn access_key(file: &Path) -> Result<Credentials, Fault> {
    let text = std::fs::read_to_string(file)?;
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(id), Some(secret)) => {
            Ok(Credentials::new(id, secret, value("aws_session_token"), None, "fleetwright"))
        }
        _ => Err("it has no aws_access_key_id or no aws_secret_access_key".into()),
    }
}

/// The status of `GET`, and the body of a 200 answer: at most `bytes`.
pub(crate) async fn get(
    url: &Url<'_>,
    tls: &Arc<rustls::ClientConfig>,
    bytes: usize,
) -> Result<(http::StatusCode, Vec<u8>), Fault> {
    let request = http::Request::get(url.path)
        .header(http::header::HOST, host(url))
        .header(http::header::ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())?;
    let answer = send(url, tls, request).await?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        return Ok((status, Vec::new()));
    }
    let body = http_body_util::Limited::new(answer.into_body(), bytes).collect().await?;
    Ok((status, body.to_bytes().to_vec()))
}

async fn exchange<S, B>(
    stream: S,
    request: http::Request<B>,
) -> Result<http::Response<Incoming>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Fault>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer's body.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}
