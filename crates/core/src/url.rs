//! URLs of HTTP endpoints: `https://` anywhere, `http://` on loopback only.

use std::net::IpAddr;

/// The parts of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether the scheme is `https`.
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: &'a str,
    /// Port, 80 or 443 unless given.
    pub port: u16,
    /// Path and query, at least `/`.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence that names the text and its fault.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("https://") {
            return Self::split(rest, true);
        }
        let rest = text.strip_prefix("http://");
        let url = Self::split(rest.ok_or_else(|| format!("'{text}' is no https:// URL"))?, false)?;
        if !is_loopback(url.host) {
            return Err(format!(
                "'{text}' would send certificates in the clear: use https://, or a loopback address"
            ));
        }
        Ok(url)
    }

    fn split(rest: &'a str, tls: bool) -> Result<Self, String> {
        let fault = || format!("'{rest}' has no valid host and port");
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, tail) = v6.split_once(']').ok_or_else(fault)?;
                (host, tail.strip_prefix(':'))
            }
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(digits) => digits.parse().map_err(|_| fault())?,
            None if tls => 443,
            None => 80,
        };
        let plain = |b: u8| b.is_ascii_graphic();
        if host.is_empty() || host.contains('@') || !host.bytes().chain(path.bytes()).all(plain) {
            return Err(fault());
        }
        Ok(Self { tls, host, port, path })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
