//! Packets on a TLS stream. Both directions are buffered here, so that a wait for either may be
//! given up and taken up again without losing a byte.

use std::io;

use bytes::{Buf, BytesMut};
use rmqtt_codec::v3::{Codec, Connect, Packet};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{Decoder, Encoder};

use super::config::ConnectionConfig;
use super::error::{self, ConnectionError};
use crate::tls;

/// The largest packet: a payload, plus room for topic and header.
// AWS: quotas page "AWS IoT Core message broker": 128 KB a message.
const MAX_PACKET: u32 = 128 * 1024 + 1024;

/// The fixed size of CONNACK (MQTT 3.1.1, section 3.2).
const CONNACK_BYTES: usize = 4;
/// Its first byte.
const CONNACK: u8 = 0x20;

/// An open, accepted MQTT stream.
pub(super) struct Wire {
    stream: Box<TlsStream<TcpStream>>,
    codec: Codec,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Wire {
    /// TCP, TLS, CONNECT, CONNACK. The caller bounds the time.
    pub(super) async fn open(config: &ConnectionConfig) -> Result<Self, ConnectionError> {
        let tls = TlsConnector::from(tls::client_config(config)?);
        let host = config.endpoint.host();
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| error::of_server_name(config))?;

        let failed = |cause: io::Error| error::of_connecting(config, &cause);
        let tcp = TcpStream::connect((host, config.endpoint.port())).await.map_err(failed)?;
        tcp.set_nodelay(true).map_err(failed)?;
        let stream = Box::new(tls.connect(name, tcp).await.map_err(failed)?);
        let mut wire = Self {
            stream,
            codec: Codec::new(MAX_PACKET),
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
        };

        wire.put(connect_packet(config))?;
        wire.flush().await.map_err(failed)?;
        let code = wire.connack().await.map_err(failed)?;
        if code != 0 {
            return Err(error::of_connack(config, code));
        }
        Ok(wire)
    }

    /// The return code. Read by hand: AWS's developer guide knows a code that the codec does not.
    async fn connack(&mut self) -> io::Result<u8> {
        while self.incoming.len() < CONNACK_BYTES {
            self.read().await?;
        }
        let connack = self.incoming.split_to(CONNACK_BYTES);
        match connack.as_ref() {
            [CONNACK, 2, _, code] => Ok(*code),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "what answers there does not speak MQTT",
            )),
        }
    }

    /// Into the buffer; [`flush`](Self::flush) sends it.
    pub(super) fn put(&mut self, packet: Packet) -> Result<(), ConnectionError> {
        self.codec
            .encode(packet, &mut self.outgoing)
            .map_err(|cause| ConnectionError::Lost { cause: format!("cannot be sent: {cause}") })
    }

    /// Sends what is in the buffer. Cancel-safe.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        while self.outgoing.has_remaining() {
            if self.stream.write_buf(&mut self.outgoing).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        self.stream.flush().await
    }

    /// The next packet. Cancel-safe.
    pub(super) async fn next(&mut self) -> io::Result<Packet> {
        loop {
            let decoded = self.codec.decode(&mut self.incoming).map_err(|cause| {
                io::Error::new(io::ErrorKind::InvalidData, format!("malformed packet: {cause}"))
            })?;
            if let Some((packet, _size)) = decoded {
                return Ok(packet);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.incoming).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// TLS's own goodbye.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }
}

fn connect_packet(config: &ConnectionConfig) -> Packet {
    let keep_alive = u16::try_from(config.keep_alive.as_secs().max(1)).unwrap_or(u16::MAX);
    Connect { clean_session: true, keep_alive, ..Connect::default() }
        .client_id(config.client_id.as_str())
        .into()
}
