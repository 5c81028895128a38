//! The PROXY protocol, version 2: a load balancer says before TLS whose connection it passes on.
//! HAProxy, "The PROXY protocol", sections 2.2 and 5.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How a header begins.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes before the addresses.
const HEAD: usize = 16;
/// Bytes behind them, at most: addresses, and what a load balancer adds. (ours)
const BODY: usize = 1024;
/// Version 2, and that the connection is passed on.
const PROXY: u8 = 0x21;
/// Version 2, and that the load balancer connects by itself, for instance to see whether we are there.
const LOCAL: u8 = 0x20;
/// TCP over IPv4 and over IPv6.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;

/// Why there is no header; `Display` is for the log.
#[derive(Debug, PartialEq, Eq)]
pub enum ProxyHeaderError {
    /// The connection ended before its end.
    Gone,
    /// It is none of version 2.
    NotOne,
    /// It is longer than any that is needed.
    TooLong(usize),
    /// It tells no address of TCP.
    NoAddress,
}

impl fmt::Display for ProxyHeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("it ended within its header of the PROXY protocol"),
            Self::NotOne => f.write_str(
                "proxy-protocol-from of [mqtt] has its address, and it does not begin with a header of \
                 the PROXY protocol, version 2",
            ),
            Self::TooLong(bytes) => write!(
                f,
                "its header of the PROXY protocol has {bytes} bytes; the limit is {BODY}"
            ),
            Self::NoAddress => f.write_str("its header of the PROXY protocol names no address of TCP"),
        }
    }
}

/// Whether bytes begin a header, as far as they go.
pub fn begins(bytes: &[u8]) -> bool {
    let length = bytes.len().min(SIGNATURE.len());
    length > 0 && bytes.get(..length) == SIGNATURE.get(..length)
}

/// Reads a header, and not a byte more; gives the peer that it names, `None` where the load balancer
/// speaks for itself. How long it may take is the caller's.
///
/// # Errors
/// There is none, or it cannot be used.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await.map_err(|_| ProxyHeaderError::Gone)?;
    let (command, family, length) = split(&head)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(|_| ProxyHeaderError::Gone)?;
    match command {
        LOCAL => Ok(None),
        _ => address(family, &body).map(Some).ok_or(ProxyHeaderError::NoAddress),
    }
}

/// Command, family and the length of what follows.
fn split(head: &[u8; HEAD]) -> Result<(u8, u8, usize), ProxyHeaderError> {
    let [signature @ .., command, family, high, low] = head;
    if signature != SIGNATURE || ![PROXY, LOCAL].contains(command) {
        return Err(ProxyHeaderError::NotOne);
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > BODY {
        return Err(ProxyHeaderError::TooLong(length));
    }
    Ok((*command, *family, length))
}

/// The source of the addresses.
fn address(family: u8, body: &[u8]) -> Option<SocketAddr> {
    let port = |at: usize| {
        let bytes = body.get(at..at + 2)?;
        Some(u16::from_be_bytes(bytes.try_into().ok()?))
    };
    let (ip, port) = match family {
        TCP4 => {
            let source: [u8; 4] = body.get(..4)?.try_into().ok()?;
            (IpAddr::V4(Ipv4Addr::from(source)), port(8)?)
        }
        TCP6 => {
            let source: [u8; 16] = body.get(..16)?.try_into().ok()?;
            (IpAddr::V6(Ipv6Addr::from(source)), port(32)?)
        }
        _ => return None,
    };
    // Both addresses and both ports are there.
    let whole = if family == TCP4 { 12 } else { 36 };
    (body.len() >= whole).then(|| SocketAddr::new(ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    async fn judge(bytes: &[u8]) -> Result<Option<SocketAddr>, ProxyHeaderError> {
        let (mut stream, rest) = (bytes, b"TLS");
        let read = read(&mut stream).await;
        if read.is_ok() {
            assert!(stream == rest || stream.is_empty(), "what follows is untouched");
        }
        read
    }

    #[tokio::test]
    async fn a_header_names_the_peer() {
        let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 0x30, 0x39, 0x22, 0xb3];
        let passed = [header(PROXY, TCP4, &v4), b"TLS".to_vec()].concat();
        assert_eq!(judge(&passed).await, Ok(Some("192.0.2.1:12345".parse().unwrap())));
        let more = [&v4[..], &[3, 0, 4, 1, 2, 3, 4]].concat();
        let named = judge(&header(PROXY, TCP4, &more)).await;
        assert_eq!(named, Ok(Some("192.0.2.1:12345".parse().unwrap())));
        let mut v6 = [0; 36];
        v6[15] = 1;
        v6[33] = 7;
        let named = judge(&header(PROXY, TCP6, &v6)).await;
        assert_eq!(named, Ok(Some("[::1]:7".parse().unwrap())));
        assert_eq!(judge(&header(LOCAL, 0, &[])).await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let whole = header(PROXY, TCP4, &[0; 12]);
        for end in 0..whole.len() {
            assert_eq!(judge(&whole[..end]).await, Err(ProxyHeaderError::Gone), "{end}");
        }
        for (bytes, error) in [
            (header(0x11, TCP4, &[0; 12]), ProxyHeaderError::NotOne),
            (header(0x22, TCP4, &[0; 12]), ProxyHeaderError::NotOne),
            (b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n".to_vec(), ProxyHeaderError::NotOne),
            (header(PROXY, TCP4, &[0; 11]), ProxyHeaderError::NoAddress),
            (header(PROXY, TCP6, &[0; 12]), ProxyHeaderError::NoAddress),
            (header(PROXY, 0x12, &[0; 12]), ProxyHeaderError::NoAddress),
            (header(PROXY, 0x31, &[0; 216]), ProxyHeaderError::NoAddress),
            (header(PROXY, TCP4, &[0; 1025]), ProxyHeaderError::TooLong(1025)),
        ] {
            assert_eq!(judge(&bytes).await, Err(error));
        }
        assert!(begins(&whole) && begins(b"\r\n") && !begins(b"\x16\x03") && !begins(b""));
    }
}
