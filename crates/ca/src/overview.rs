//! What signs and what is trusted, for whoever looks after an authority. Nothing is changed.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::time::Timestamp;
use x509_parser::prelude::*;

use crate::authority_chain::AuthorityChain;
use crate::chain::{named, read_one, subject};
use crate::directory::{self, ISSUING_KEY, ISSUING_PEM, ROOT_KEY, ROOT_PEM};
use crate::error::AuthorityError;
use crate::import::{EARLIER, NEXT, NEXT_KEY};
use crate::previous::{PREVIOUS, Previous};
use crate::{files, pem, server_identity};

/// Issuing CAs of earlier times that are shown. (ours)
const EARLIER_SHOWN: usize = 50;

/// A certificate, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its file, below the authority's directory.
    pub file: String,
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// SHA-256 of its DER, lower-case hex.
    pub fingerprint: String,
    /// Its begin.
    pub not_before: Timestamp,
    /// Its end.
    pub not_after: Timestamp,
}

/// A root that was replaced, and until when it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPrevious {
    /// The root.
    pub root: Shown,
    /// The issuing CA, which signs the server's certificate meanwhile.
    pub issuing: Shown,
    /// The moment from which on it is no longer trusted; `None`: until a command ends it.
    pub until: Option<Timestamp>,
    /// Whether it is trusted now.
    pub is_trusted: bool,
}

/// An authority's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The CA that signs for devices, then the CAs between it and the root.
    pub signing: Vec<Shown>,
    /// The root.
    pub root: Shown,
    /// Whether the root's private key lies here: it was made here, not by a company.
    pub has_root_key: bool,
    /// The server's own certificate, if it was issued.
    pub server: Option<Shown>,
    /// The root before.
    pub previous: Option<ShownPrevious>,
    /// Issuing CAs that signed here before; devices with their certificates go on to connect.
    pub earlier: Vec<Shown>,
    /// Whether a key waits for the certificate that was requested for it.
    pub is_waiting: bool,
    /// Why a server would not start with it.
    pub fault: Option<String>,
}

/// Reads an authority's directory; `None` when there is none yet.
///
/// # Errors
/// A file of it is missing or damaged.
pub fn overview(dir: &Path, now: Timestamp) -> Result<Option<Overview>, AuthorityError> {
    let is_waiting = files::read(&dir.join(NEXT).join(NEXT_KEY))?.is_some();
    let below_root = directory::read_chain(dir, ISSUING_PEM)?;
    let root = directory::read_certificate(dir, ROOT_PEM)?;
    let (Some(below_root), Some(root)) = (below_root, root) else { return Ok(None) };
    let signing = below_root.iter().map(|der| shown(ISSUING_PEM, der)).collect();
    let shown_root = shown(ROOT_PEM, &root);
    let fault = match AuthorityChain::check(below_root, root) {
        Ok(chain) => chain.ended(now),
        Err(reason) => Some(reason),
    };
    let previous = previous(dir, now)?;
    let trusted = previous.as_ref().is_some_and(|it| it.is_trusted);
    let place = if trusted { format!("{PREVIOUS}/") } else { String::new() };
    let server_file = format!("{place}{}", server_identity::FILE);
    Ok(Some(Overview {
        signing,
        root: shown_root,
        has_root_key: files::read(&dir.join(ROOT_KEY))?.is_some(),
        server: certificates(dir, &server_file)?.into_iter().next(),
        previous,
        earlier: certificates(dir, EARLIER)?,
        is_waiting,
        fault: match fault {
            Some(fault) => Some(fault),
            None if files::read(&dir.join(ISSUING_KEY))?.is_none() => {
                Some(format!("{ISSUING_KEY} is missing"))
            }
            None => None,
        },
    }))
}

/// The root before, trusted or not.
fn previous(dir: &Path, now: Timestamp) -> Result<Option<ShownPrevious>, AuthorityError> {
    let place = dir.join(PREVIOUS);
    let root = directory::read_certificate(&place, ROOT_PEM)?;
    let issuing = directory::read_certificate(&place, ISSUING_PEM)?;
    let (Some(root), Some(issuing)) = (root, issuing) else { return Ok(None) };
    let trusted = Previous::read(dir, now)?;
    Ok(Some(ShownPrevious {
        root: shown(&format!("{PREVIOUS}/{ROOT_PEM}"), &root),
        issuing: shown(&format!("{PREVIOUS}/{ISSUING_PEM}"), &issuing),
        until: crate::previous::until(&place)?,
        is_trusted: trusted.is_some(),
    }))
}

fn certificates(dir: &Path, name: &str) -> Result<Vec<Shown>, AuthorityError> {
    let Some(content) = files::read(&dir.join(name))? else { return Ok(Vec::new()) };
    let text = std::str::from_utf8(&content).unwrap_or_default();
    let found = pem::certificates(text, EARLIER_SHOWN).unwrap_or_default();
    Ok(found.iter().map(|der| shown(name, der)).collect())
}

fn shown(file: &str, der: &[u8]) -> Shown {
    let read = read_one(der).ok();
    let of = |get: fn(&X509Certificate<'_>) -> String| read.as_ref().map(get).unwrap_or_default();
    let at = |get: fn(&X509Certificate<'_>) -> i64| {
        Timestamp::of_seconds(read.as_ref().map(get).unwrap_or_default())
    };
    Shown {
        file: file.to_owned(),
        subject: of(|it| subject(it).trim_matches('\'').to_owned()),
        issuer: of(|it| named(it.issuer()).trim_matches('\'').to_owned()),
        fingerprint: digest(&SHA256, der).as_ref().iter().map(|b| format!("{b:02x}")).collect(),
        not_before: at(|it| it.validity().not_before.timestamp()),
        not_after: at(|it| it.validity().not_after.timestamp()),
    }
}
