//! What each kind of certificate carries. The device leaf is AWS's (specification, section 1.8).

use std::net::IpAddr;

use fleetwright_core::time::Timestamp;

use crate::der;

/// 2049-12-31T23:59:59Z, the last second that UTCTime can write. AWS: the end of every device
/// certificate's validity.
pub(crate) const LAST_SECOND: i64 = 2_524_607_999;
/// AWS: a device certificate starts this long before its making.
const DEVICE_BACKDATE_SECONDS: i64 = 120;
/// AWS: a trusted user's provisioning claim works for five minutes, the longest here.
const CLAIM_SECONDS: i64 = 300;
/// Our own certificates start a day earlier, for devices whose clocks are not set yet.
const OWN_BACKDATE_SECONDS: i64 = 86_400;
/// A server certificate lives 397 days: clients exist that refuse more. (ours)
const SERVER_SECONDS: i64 = 397 * 86_400;
/// AWS: the subject when the CSR has none, and of generated keys.
pub(crate) const DEVICE_COMMON_NAME: &str = "AWS IoT Certificate";

/// Bytes of a key identifier.
pub(crate) const KEY_ID_LEN: usize = 20;
pub(crate) type KeyId = [u8; KEY_ID_LEN];

/// The name of a server, as it stands in the subject alternative names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerName {
    Dns(String),
    Ip(IpAddr),
}

/// The kinds of certificates that we sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Self-signed; devices trust it.
    Root,
    /// Signs devices and servers; may not sign further CAs.
    Issuing,
    /// A TLS server.
    Server(Vec<ServerName>),
    /// A device.
    Device,
    /// A trusted user's provisioning claim, good for this many seconds.
    Claim(u16),
}

/// Seconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

/// One extension: OID content, critical, value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) oid: &'static [u8],
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

pub(crate) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 0x23];
pub(crate) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 0x0e];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
pub(crate) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const SERVER_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

impl Profile {
    /// The validity of a certificate made now; `None` when the clock is past 2049.
    pub(crate) fn validity(&self, now: Timestamp) -> Option<Validity> {
        let now = now.0.div_euclid(1000);
        let (back, end) = match self {
            Self::Device => (DEVICE_BACKDATE_SECONDS, LAST_SECOND),
            Self::Claim(seconds) => {
                let seconds = i64::from(*seconds).min(CLAIM_SECONDS);
                (DEVICE_BACKDATE_SECONDS, now.saturating_add(seconds).min(LAST_SECOND))
            }
            Self::Root | Self::Issuing => (OWN_BACKDATE_SECONDS, LAST_SECOND),
            Self::Server(_) => {
                (OWN_BACKDATE_SECONDS, now.saturating_add(SERVER_SECONDS).min(LAST_SECOND))
            }
        };
        (now < LAST_SECOND)
            .then_some(Validity { not_before: now.saturating_sub(back), not_after: end })
    }

    /// The extensions, in order. AWS: AuthorityKeyIdentifier, SubjectKeyIdentifier,
    /// BasicConstraints and KeyUsage on a device certificate, and no other.
    pub(crate) fn extensions(&self, authority: &KeyId, subject: &KeyId) -> Vec<Extension> {
        let mut all = vec![
            plain(AUTHORITY_KEY_ID, der::encoded(der::SEQUENCE, &der::encoded(0x80, authority))),
            plain(SUBJECT_KEY_ID, der::encoded(der::OCTET_STRING, subject)),
            critical(BASIC_CONSTRAINTS, self.basic_constraints()),
            critical(KEY_USAGE, self.key_usage()),
        ];
        if let Self::Server(names) = self {
            let usage = der::encoded(der::SEQUENCE, &der::encoded(der::OID, SERVER_AUTH));
            all.push(plain(EXTENDED_KEY_USAGE, usage));
            all.push(plain(SUBJECT_ALTERNATIVE_NAME, alternative_names(names)));
        }
        all
    }

    fn basic_constraints(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(8);
        der::nested(&mut out, der::SEQUENCE, |out| match self {
            Self::Root => der::element(out, der::BOOLEAN, &[0xff]),
            Self::Issuing => {
                der::element(out, der::BOOLEAN, &[0xff]);
                der::element(out, der::INTEGER, &[0]);
            }
            // FALSE is the default, which DER leaves out.
            Self::Server(_) | Self::Device | Self::Claim(_) => {}
        });
        out
    }

    fn key_usage(&self) -> Vec<u8> {
        match self {
            // keyCertSign and cRLSign: bits 5 and 6; one unused bit.
            Self::Root | Self::Issuing => der::encoded(der::BIT_STRING, &[0x01, 0x06]),
            // digitalSignature: bit 0; seven unused bits.
            Self::Server(_) | Self::Device | Self::Claim(_) => {
                der::encoded(der::BIT_STRING, &[0x07, 0x80])
            }
        }
    }
}

fn plain(oid: &'static [u8], value: Vec<u8>) -> Extension {
    Extension { oid, critical: false, value }
}

fn critical(oid: &'static [u8], value: Vec<u8>) -> Extension {
    Extension { oid, critical: true, value }
}

fn alternative_names(names: &[ServerName]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    der::nested(&mut out, der::SEQUENCE, |out| {
        for name in names {
            match name {
                ServerName::Dns(name) => der::element(out, 0x82, name.as_bytes()),
                ServerName::Ip(IpAddr::V4(address)) => der::element(out, 0x87, &address.octets()),
                ServerName::Ip(IpAddr::V6(address)) => der::element(out, 0x87, &address.octets()),
            }
        }
    });
    out
}
