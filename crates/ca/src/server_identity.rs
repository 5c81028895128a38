//! The server's own TLS certificate: one file with key and leaf, issued anew when it must be.

use std::net::IpAddr;
use std::path::Path;

use fleetwright_core::text;
use fleetwright_core::time::Timestamp;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::*;
use zeroize::Zeroizing;

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
/// What a message about a file that is not ours ends with.
const FOREIGN: &str = "It is not overwritten: a certificate of your own is named by server-certificate \
     and server-key, outside of the data directory (docs/certificates.md). Move this file away, and \
     the next start issues a new one";
/// Names of a server certificate. (ours)
const NAMES: usize = 100;
/// The subject when the first name is too long for a common name.
const SUBJECT: &str = "Fleetwright server";

/// What a TLS listener presents.
#[derive(Debug)]
pub struct ServerIdentity {
    /// Leaf, then the issuing CA and the CAs above it. The root is not sent; devices have it.
    pub chain_der: Vec<CertificateDer<'static>>,
    /// The leaf's private key, PKCS#8. Give it to rustls at once; it is wiped on request only
    /// (`zeroize`).
    pub key_der: PrivateKeyDer<'static>,
    /// End of the leaf's validity. Ask again at least 60 days before: once a day will do.
    pub not_after: Timestamp,
}

/// Whether what lies where the server's certificate goes may be replaced.
pub(crate) fn check(dir: &Path, issuer: &Issuer) -> Result<(), AuthorityError> {
    match files::read(&dir.join(FILE))? {
        Some(content) => refuse_foreign(dir, issuer, &read(dir, &content)?.1),
        None => Ok(()),
    }
}

/// Reads `server.pem` and keeps it when it still fits; else issues anew.
pub(crate) fn get(
    dir: &Path,
    issuer: &Issuer,
    above: &[Vec<u8>],
    hostnames: &[String],
    keys: OwnKeys,
    now: Timestamp,
) -> Result<ServerIdentity, AuthorityError> {
    let names = names(hostnames)?;
    let stored = match files::read(&dir.join(FILE))? {
        Some(content) => Some(read(dir, &content)?),
        None => None,
    };
    if let Some((_, leaf)) = &stored {
        refuse_foreign(dir, issuer, leaf)?;
    }
    let usable = match stored {
        None => Err("there was none".to_owned()),
        Some((key, leaf)) => {
            fits(&leaf, issuer, &names, now).map(|not_after| (key, leaf, not_after))
        }
    };
    let (key, leaf, not_after) = match usable {
        Ok(kept) => kept,
        Err(reason) => {
            tracing::info!(
                names = shown(&names),
                reason,
                "a new server certificate: devices that pinned the one before refuse it"
            );
            make(dir, issuer, names, keys, now)?
        }
    };
    Ok(ServerIdentity {
        chain_der: [leaf].into_iter().chain(above.iter().cloned()).map(Into::into).collect(),
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
    now: Timestamp,
) -> Result<(Key, Vec<u8>, Timestamp), AuthorityError> {
    let (signer, text) = Signer::generate(keys)?;
    let subject = match names.first() {
        Some(ServerName::Dns(name)) if name.len() <= 64 => der::common_name(name),
        Some(ServerName::Ip(address)) => der::common_name(&address.to_string()),
        _ => der::common_name(SUBJECT),
    };
    let profile = Profile::Server(names);
    let not_after = Timestamp::of_seconds(issuer.validity(&profile, None, now)?.not_after);
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
        reason: format!("it is not a private key and its certificate. {FOREIGN}"),
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

/// A certificate that this authority did not sign was put there by somebody, and is not replaced.
fn refuse_foreign(dir: &Path, issuer: &Issuer, leaf: &[u8]) -> Result<(), AuthorityError> {
    match X509Certificate::from_der(leaf) {
        Ok((_, certificate)) if issuer.signed(&certificate) => Ok(()),
        _ => Err(AuthorityError::Damaged {
            path: dir.join(FILE),
            reason: format!("it was not issued by the issuing CA beside it. {FOREIGN}"),
        }),
    }
}

/// The end of a stored leaf, when it was signed by this issuer for these names and is to be kept.
/// The end of a leaf that can stay.
///
/// # Errors
/// Why it cannot, for the log.
fn fits(
    leaf: &[u8],
    issuer: &Issuer,
    wanted: &[ServerName],
    now: Timestamp,
) -> Result<Timestamp, String> {
    let unreadable = || "the one before cannot be read".to_owned();
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| unreadable())?;
    let validity = certificate.validity();
    let seconds = now.0.div_euclid(1000);
    let end = validity.not_after.timestamp();
    // One that ends with its CA would be no longer if it were issued anew.
    let long = end.saturating_sub(seconds) > RENEW_SECONDS || end >= issuer.ends();
    let fresh = validity.not_before.timestamp() <= seconds && end > seconds && long;
    let stored = certificate.subject_alternative_name().ok().flatten().ok_or_else(unreadable)?;
    let stored: Option<Vec<ServerName>> =
        stored.value.general_names.iter().map(server_name).collect();
    let stored = stored.ok_or_else(unreadable)?;
    if stored != wanted {
        return Err(format!("the one before was for {}", shown(&stored)));
    }
    if !issuer.signed(&certificate) {
        return Err("another issuing CA signed the one before".to_owned());
    }
    match fresh {
        true => Ok(Timestamp::of_seconds(end)),
        false => Err("the one before ends soon, or is not valid yet".to_owned()),
    }
}

fn shown(names: &[ServerName]) -> String {
    let names = names.iter().map(|name| match name {
        ServerName::Dns(name) => name.clone(),
        ServerName::Ip(address) => address.to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
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
                let shown = text::shown(hostname);
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
