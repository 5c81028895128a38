//! A server certificate of the administrator's own, with what it was issued under: read, and checked
//! for what would make every client refuse it.

use std::net::IpAddr;

use fleetwright_core::time::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::*;

use crate::chain::{self, read_one, subject};
use crate::facts::address;
use crate::{key_policy, pem};

/// Certificates of one file, at most. (ours)
const CERTIFICATES: usize = 10;

/// A server certificate and the intermediate CAs above it, in the order of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerChain {
    /// The server's certificate, then each one's issuer.
    pub chain_der: Vec<CertificateDer<'static>>,
    /// The DNS names that it is for, in lower case; `*` may be the first label.
    pub dns_names: Vec<String>,
    /// The addresses that it is for.
    pub addresses: Vec<IpAddr>,
    /// When the first of the certificates ends.
    pub not_after: Timestamp,
}

impl ServerChain {
    /// Reads the certificates of a PEM text. The error says what is wrong and what to do, fit to
    /// follow a file's name.
    ///
    /// # Errors
    /// No certificate, or too many; one that is not signed by the next; one that is not in its time;
    /// a key that no client takes; no name; a certificate that is not for servers.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, String> {
        let chain = pem::certificates(text, CERTIFICATES)?;
        let Some((leaf_der, above)) = chain.split_first() else {
            return Err("it holds no certificate (-----BEGIN CERTIFICATE-----)".into());
        };
        let leaf = read_one(leaf_der)?;
        key_policy::check(leaf.public_key())?;
        chain::in_order(&chain)?;
        let mut not_after = chain::in_time(&leaf, now)?;
        for ca in above {
            not_after = not_after.min(chain::in_time(&read_one(ca)?, now)?);
        }
        check_usage(&leaf)?;
        let (dns_names, addresses) = names(&leaf)?;
        let chain_der = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
        Ok(Self { chain_der, dns_names, addresses, not_after })
    }

    /// Whether it is for a DNS name: one of its names is this, or is `*.` and all but the name's
    /// first label (RFC 6125, section 6.4.3).
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        let parent = name.split_once('.').map(|(_, parent)| parent);
        self.dns_names.iter().any(|own| match own.strip_prefix("*.") {
            Some(of) => parent.is_some_and(|parent| parent.eq_ignore_ascii_case(of)),
            None => own.eq_ignore_ascii_case(name),
        })
    }
}

fn check_usage(leaf: &X509Certificate<'_>) -> Result<(), String> {
    let usage = leaf.extended_key_usage().map_err(|_| "its extendedKeyUsage cannot be read")?;
    match usage {
        Some(usage) if !usage.value.server_auth && !usage.value.any => Err(format!(
            "the certificate of {} is not for servers: its extendedKeyUsage has no serverAuth",
            subject(leaf)
        )),
        _ => Ok(()),
    }
}

fn names(leaf: &X509Certificate<'_>) -> Result<(Vec<String>, Vec<IpAddr>), String> {
    let found = leaf.subject_alternative_name().map_err(|_| "its names cannot be read")?;
    let (mut dns_names, mut addresses) = (Vec::new(), Vec::new());
    for name in found.iter().flat_map(|found| &found.value.general_names) {
        match name {
            GeneralName::DNSName(name) => dns_names.push(name.to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
            _ => {}
        }
    }
    if dns_names.is_empty() && addresses.is_empty() {
        return Err(format!(
            "the certificate of {} names no server: clients look for a DNS name or an address in \
             subjectAltName, and not at the subject",
            subject(leaf)
        ));
    }
    Ok((dns_names, addresses))
}
