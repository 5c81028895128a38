//! What a client offers in its ClientHello, for the log.

use std::fmt;

use rustls::server::ClientHello;
use rustls::{CipherSuite, NamedGroup, SignatureScheme};

use super::{ALPN_CUSTOM, ALPN_HTTP, ALPN_HTTPS, ALPN_MQTT};

/// Entries of one list that are logged, at most. (ours)
const LISTED: usize = 24;

/// What a client offered.
#[derive(Debug, Default)]
pub struct Offer {
    /// ALPN; `None` when the extension is absent.
    pub(crate) alpn: Option<Vec<String>>,
    suites: Vec<CipherSuite>,
    groups: Vec<NamedGroup>,
    signatures: Vec<SignatureScheme>,
}

impl Offer {
    /// Reads the offer.
    pub(crate) fn of(hello: &ClientHello<'_>) -> Self {
        let alpn = hello.alpn().map(|protocols| {
            let text = |name: &[u8]| name.escape_ascii().to_string();
            protocols.take(LISTED).map(text).collect()
        });
        Self {
            alpn,
            suites: hello.cipher_suites().iter().take(LISTED).copied().collect(),
            groups: hello.named_groups().unwrap_or_default().iter().take(LISTED).copied().collect(),
            signatures: hello.signature_schemes().iter().take(LISTED).copied().collect(),
        }
    }

    /// Whether the client offers a protocol that comes with a client certificate.
    pub(crate) fn names_a_certificate_protocol(&self) -> bool {
        let mut offered = self.alpn.iter().flatten();
        offered.any(|name| [ALPN_MQTT, ALPN_HTTPS].contains(&name.as_bytes()))
    }

    /// Whether the client comes without a certificate, for an authorizer.
    pub(crate) fn is_for_an_authorizer(&self) -> bool {
        self.alpn.iter().flatten().any(|name| name.as_bytes() == ALPN_CUSTOM)
            && !self.names_a_certificate_protocol()
    }

    /// Whether the client offers HTTP.
    pub(crate) fn names_http(&self) -> bool {
        self.alpn.iter().flatten().any(|name| name.as_bytes() == ALPN_HTTP)
    }

    /// The ALPN protocols, for people.
    pub(crate) fn protocols(&self) -> String {
        match &self.alpn {
            None => "none".into(),
            Some(protocols) => protocols.join(", "),
        }
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cipher suites ")?;
        list(f, &self.suites)?;
        write!(f, "; groups ")?;
        list(f, &self.groups)?;
        write!(f, "; signature algorithms ")?;
        list(f, &self.signatures)
    }
}

fn list(f: &mut fmt::Formatter<'_>, entries: &[impl fmt::Debug]) -> fmt::Result {
    if entries.is_empty() {
        return f.write_str("none");
    }
    for (place, entry) in entries.iter().enumerate() {
        write!(f, "{}{entry:?}", if place == 0 { "" } else { " " })?;
    }
    Ok(())
}
