//! The server's side of a handshake with a device: what is no TLS is recognised, and what the client
//! offered is known when it fails.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::ALPN_MQTT;
use super::failure::Failure;
use super::offer::Offer;
use crate::closing::{Closing, Open};

/// Bytes that tell what a peer speaks.
const FIRST: usize = 8;
/// A TLS record that holds a handshake message.
const TLS_HANDSHAKE: u8 = 22;
/// The first byte of an MQTT CONNECT.
const MQTT_CONNECT: u8 = 0x10;
/// The fatal alert `no_application_protocol` in a TLS record of its own (RFC 7301, section 3.2).
const NO_APPLICATION_PROTOCOL: [u8; 7] = [21, 3, 3, 0, 2, 2, 120];

/// What a listener of the gateway asks of its clients.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) config: Arc<ServerConfig>,
    /// Whether ALPN must be offered: on port 443 its absence means HTTP.
    /// AWS: guide, "Protocols, port mappings, and authentication".
    pub(crate) alpn_required: bool,
    /// Where the control plane listens, for those who look for it here.
    pub(crate) api: Arc<str>,
    /// Held by what is still to be closed.
    pub(crate) open: Open,
}

/// Why there is no TLS connection.
#[derive(Debug)]
pub(crate) enum NoHandshake {
    /// The peer connected and went, as port checks do.
    Gone,
    /// In words for the log.
    Refused(String),
}

/// Shakes hands. `heard` is called whenever the peer said something.
pub(crate) async fn accept(
    terms: &Terms,
    tcp: TcpStream,
    heard: impl Fn(),
) -> Result<TlsStream<TcpStream>, NoHandshake> {
    let refused = |error: &io::Error, offer: Option<&Offer>| {
        let gone = error.kind() == io::ErrorKind::UnexpectedEof && offer.is_none();
        match gone {
            true => NoHandshake::Gone,
            false => {
                let (accepted, api) = (ALPN_MQTT.escape_ascii().to_string(), Some(&*terms.api));
                let failure = Failure { error, offer, accepted: &accepted, api };
                NoHandshake::Refused(failure.to_string())
            }
        }
    };
    let mut first = [0; FIRST];
    let length = tcp.peek(&mut first).await.map_err(|error| refused(&error, None))?;
    heard();
    match first.get(..length).unwrap_or_default() {
        [] => return Err(NoHandshake::Gone),
        [TLS_HANDSHAKE, ..] => {}
        bytes if is_http(bytes) => {
            let mut tcp = Closing::new(tcp, terms.open.clone());
            let _ = tcp.write_all(http_answer(&terms.api).as_bytes()).await;
            return Err(NoHandshake::Refused(http_refused(&terms.api)));
        }
        [MQTT_CONNECT, ..] => {
            drop(Closing::new(tcp, terms.open.clone()));
            return Err(NoHandshake::Refused(
                "MQTT without TLS on a port of MQTT over TLS: the client must use TLS, with \
                 root-ca.pem of the data directory and its own certificate"
                    .into(),
            ));
        }
        _ => {}
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp)
        .await
        .map_err(|error| refused(&error, None))?;
    heard();
    let offer = Offer::of(&start.client_hello());
    if terms.alpn_required && offer.alpn.is_none() {
        let mut tcp = Closing::new(start.io, terms.open.clone());
        let _ = tcp.write_all(&NO_APPLICATION_PROTOCOL).await;
        return Err(NoHandshake::Refused(format!(
            "the client offers no ALPN on port 443, where that means HTTP, as on AWS: an MQTT client \
             must offer {}, or connect to port 8883; an HTTP client finds the API on {}",
            ALPN_MQTT.escape_ascii(),
            terms.api
        )));
    }
    let accepted = start.into_stream(Arc::clone(&terms.config)).await;
    accepted.map_err(|error| refused(&error, Some(&offer)))
}

/// Whether bytes begin an HTTP request: a method in capitals, and as far as it is seen a space.
pub(crate) fn is_http(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] = [
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"PUT ",
        b"DELETE ",
        b"OPTIONS ",
        b"PATCH ",
        b"CONNECT ",
        b"PRI * ",
    ];
    METHODS.iter().any(|method| {
        let length = method.len().min(bytes.len());
        length >= 3 && bytes.get(..length) == method.get(..length)
    })
}

/// What an HTTP client reads that came to the wrong port.
pub(crate) fn http_answer(api: &str) -> String {
    let message = format!("This port speaks MQTT over TLS. The API listens on {api}.\n");
    format!(
        "HTTP/1.1 421 Misdirected Request\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{message}",
        message.len()
    )
}

/// The same for the log.
pub(crate) fn http_refused(api: &str) -> String {
    format!("an HTTP request on a port of MQTT over TLS: the API listens on {api}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_told_from_mqtt_and_tls() {
        for request in ["GET / HTTP/1.1", "POST /t", "DELETE ", "PRI * HTTP/2.0", "HEAD", "GET"] {
            assert!(is_http(request.as_bytes()), "{request}");
        }
        for other in
            [b"\x16\x03\x01".as_slice(), b"\x10\x0d\0\x04MQTT", b"get /", b"GE", b"", b"GETS"]
        {
            assert!(!is_http(other), "{other:?}");
        }
    }
}
