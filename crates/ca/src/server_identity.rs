//! The server's own TLS certificate: one file with key and leaf, issued anew when it must be.

use std::net::IpAddr;
use std::path::Path;

use fleetwright_core::certificate::Instant;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::*;
use zeroize::Zeroizing;

use crate::authority::instant;
use crate::error::AuthorityError;
use crate::facts::address;
use crate::issuer::Issuer;
use crate::profile::{Profile, ServerName};
use crate::signer::{OwnKeys, Signer};
use crate::{der, files, pem};

/// Key and leaf in one file, so that no crash can leave a key without its certificate.
pub(crate) const FILE: &str = "server.pem";
/// With fewer seconds left, a new certificate is issued. (ours)
const RENEW_SECONDS: i64 = 60 * 86_400;
/// Names of a server certificate. (ours)
const NAMES: usize = 100;
/// The subject when the first name is too long for a common name.
const SUBJECT: &str = "Fleetwright server";

/// What a TLS listener presents.
#[derive(Debug)]
pub struct ServerIdentity {
    /// Leaf, then the issuing CA. The root is not sent; devices have it.
    pub chain_der: Vec<CertificateDer<'static>>,
    /// The leaf's private key, PKCS#8. Give it to rustls at once; it is wiped on request only
    /// (`zeroize`).
    pub key_der: PrivateKeyDer<'static>,
    /// End of the leaf's validity. Ask again at least 60 days before: once a day will do.
    pub not_after: Instant,
}

/// Reads `server.pem` and keeps it when it still fits; else issues anew.
pub(crate) fn get(
    dir: &Path,
    issuer: &Issuer,
    issuing_der: &[u8],
    hostnames: &[String],
    keys: OwnKeys,
    now: Instant,
) -> Result<ServerIdentity, AuthorityError> {
    let names = names(hostnames)?;
    let stored = match files::read(&dir.join(FILE))? {
        Some(content) => Some(read(dir, &content)?),
        None => None,
    };
    let usable = stored.and_then(|(key, leaf)| {
        let not_after = fits(&leaf, issuer, &names, now)?;
        Some((key, leaf, not_after))
    });
    let (key, leaf, not_after) = match usable {
        Some(kept) => kept,
        None => make(dir, issuer, names, keys, now)?,
    };
    Ok(ServerIdentity {
        chain_der: vec![leaf.into(), issuing_der.to_vec().into()],
        key_der: PrivatePkcs8KeyDer::from(key.to_vec()).into(),
        not_after,
    })
}

type Key = Zeroizing<Vec<u8>>;

fn make(
    dir: &Path,
    issuer: &Issuer,
    names: Vec<ServerName>,
    keys: OwnKeys,
    now: Instant,
) -> Result<(Key, Vec<u8>, Instant), AuthorityError> {
    let (signer, text) = Signer::generate(keys)?;
    let subject = match names.first() {
        Some(ServerName::Dns(name)) if name.len() <= 64 => der::common_name(name),
        Some(ServerName::Ip(address)) => der::common_name(&address.to_string()),
        _ => der::common_name(SUBJECT),
    };
    let profile = Profile::Server(names);
    let not_after = profile.validity(now).map_or(now, |validity| instant(validity.not_after));
    let leaf = issuer.certify(profile, subject, signer.spki()?, signer.public_key(), now)?;
    let content = Zeroizing::new(format!("{}{}", text.as_str(), pem::pem(&leaf)));
    files::write(dir, FILE, content.as_bytes())?;
    let (key, _) =
        pem::read(&text, &["PRIVATE KEY"]).ok_or(AuthorityError::Crypto("encode a private key"))?;
    Ok((key, leaf, not_after))
}

/// Key and leaf of the file, which must belong together.
fn read(dir: &Path, content: &[u8]) -> Result<(Key, Vec<u8>), AuthorityError> {
    let damaged = || AuthorityError::Damaged {
        path: dir.join(FILE),
        reason: "it is not a private key and its certificate; delete it, and the next start \
                 issues a new one"
            .into(),
    };
    let text = std::str::from_utf8(content).map_err(|_| damaged())?;
    let (key, _) = pem::read(text, &["PRIVATE KEY"]).ok_or_else(damaged)?;
    let signer = Signer::from_pem(text).ok_or_else(damaged)?;
    let leaf = pem::certificate_der(text).ok_or_else(damaged)?;
    let (rest, certificate) = X509Certificate::from_der(&leaf).map_err(|_| damaged())?;
    if !rest.is_empty() || certificate.public_key().raw != signer.spki()? {
        return Err(damaged());
    }
    Ok((key, leaf))
}

/// The end of a stored leaf, when it was signed by this issuer for these names and is to be kept.
fn fits(leaf: &[u8], issuer: &Issuer, wanted: &[ServerName], now: Instant) -> Option<Instant> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let validity = certificate.validity();
    let seconds = now.0.div_euclid(1000);
    let fresh = validity.not_before.timestamp() <= seconds
        && validity.not_after.timestamp().saturating_sub(seconds) > RENEW_SECONDS;
    let stored = certificate.subject_alternative_name().ok()??.value;
    let stored: Option<Vec<ServerName>> = stored.general_names.iter().map(server_name).collect();
    (fresh && stored? == wanted && issuer.signed(&certificate))
        .then(|| instant(validity.not_after.timestamp()))
}

fn server_name(name: &GeneralName<'_>) -> Option<ServerName> {
    match name {
        GeneralName::DNSName(name) => Some(ServerName::Dns((*name).to_owned())),
        GeneralName::IPAddress(bytes) => address(bytes).map(ServerName::Ip),
        _ => None,
    }
}

/// Host names in lower case, IP addresses apart, each once, in the order given.
fn names(hostnames: &[String]) -> Result<Vec<ServerName>, AuthorityError> {
    let refuse = |reason: String| Err(AuthorityError::NotIssuable(reason));
    if hostnames.is_empty() || hostnames.len() > NAMES {
        return refuse(format!("a server certificate needs 1 to {NAMES} host names"));
    }
    let mut names = Vec::with_capacity(hostnames.len());
    for hostname in hostnames {
        let name = match hostname.parse::<IpAddr>() {
            Ok(address) => ServerName::Ip(address),
            Err(_) if is_dns_name(hostname) => ServerName::Dns(hostname.to_ascii_lowercase()),
            Err(_) => {
                let shown: String = hostname.chars().take(64).collect();
                return refuse(format!(
                    "'{shown}' is neither a host name (labels of 1 to 63 letters, digits and \
                     hyphens, ASCII, joined by dots) nor an IP address"
                ));
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A DNS name, perhaps with `*` as its first label.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let rest = name.strip_prefix("*.").unwrap_or(name);
    // All digits after the last dot would be an IPv4 address gone wrong.
    let numeric =
        rest.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    name.len() <= 253 && !numeric && rest.split('.').all(label)
}
