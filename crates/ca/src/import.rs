//! An issuing CA under a root of the administrator's own takes over, whole or not at all.
//!
//! Everything is written to `next/` and `previous/` first. Then `next/accepted` decides: an import
//! that is cut off after it is finished by the next start, one before it never was.

use std::path::Path;

use fleetwright_core::time::{Timestamp, last_moment_of};
use zeroize::Zeroizing;

use crate::authority_chain::{AuthorityChain, GIVEN};
use crate::chain::{is_signed_by, read_one, subject};
use crate::directory::{self, ISSUING_KEY, ISSUING_PEM, ROOT_KEY, ROOT_PEM};
use crate::error::AuthorityError;
use crate::issuer::Issuer;
use crate::previous::{PREVIOUS, Previous, UNTIL};
use crate::signer::Signer;
use crate::{files, pem, server_identity};

/// What waits for its certificate, or is about to take over.
pub(crate) const NEXT: &str = "next";
/// The key of a request.
pub(crate) const NEXT_KEY: &str = ISSUING_KEY;
const ACCEPTED: &str = "accepted";
/// Issuing CAs that signed here before.
pub(crate) const EARLIER: &str = "earlier.pem";

/// What is to take over.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// PEM: the issuing CA, every CA above it and the root, in any order.
    pub certificates: &'a str,
    /// The issuing CA's private key, PEM; else that of [`crate::request_issuing`], or the one in use.
    pub key: Option<&'a str>,
    /// The last day, `YYYY-MM-DD` in UTC, on which a root that is replaced is trusted; without it, it
    /// is until [`retire`].
    pub until: Option<&'a str>,
}

/// What took over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The subject of the issuing CA, for people.
    pub issuing: String,
    /// That of its root.
    pub root: String,
    /// The first end of the chain.
    pub ends: Timestamp,
    /// The subject of the root that is replaced and trusted for a while, if it is another.
    pub previous_root: Option<String>,
}

/// Checks an issuing CA and what stands above it, and has it sign from now on. Where the root is
/// another than before, the one before goes on to be trusted and to sign the server's certificate.
///
/// # Errors
/// The key is missing or another's; a signature, a constraint or a time does not hold; a roll-over of
/// the root is not over yet. Nothing was changed then.
pub fn import(dir: &Path, given: Import<'_>, now: Timestamp) -> Result<Imported, AuthorityError> {
    let refuse = AuthorityError::NotImportable;
    finish(dir)?;
    // 1. The chain of a key that is ours.
    let certificates = pem::certificates(given.certificates, GIVEN).map_err(refuse)?;
    if certificates.is_empty() {
        return Err(refuse("no certificate was given (-----BEGIN CERTIFICATE-----)".into()));
    }
    let current = Current::read(dir)?;
    let (key, chain) = chain_of_a_key(dir, given.key, &certificates, current.as_ref())?;
    chain.in_time(now).map_err(refuse)?;
    Issuer::of_certificate(key.signer, chain.issuing()).map_err(refuse)?;
    // 2. What it replaces.
    refuse_foreign_server(dir, current.as_ref())?;
    let is_other_root = current.as_ref().is_some_and(|current| current.root != chain.root);
    if let Some(current) = &current {
        if current.root == chain.root && current.below_root == chain.below_root {
            return Err(refuse("this issuing CA is in force already".into()));
        }
        let under_way = Previous::read(dir, now)?;
        if let (Some(previous), true) = (under_way, is_other_root) {
            return Err(refuse(format!(
                "a roll-over is under way, and {} is still trusted: end it first, with `fleetwright \
                 ca retire`",
                previous.root_subject()
            )));
        }
    }
    if given.until.is_some_and(|day| last_moment_of(day).is_none_or(|end| end <= now)) {
        let day = given.until.unwrap_or_default();
        return Err(refuse(format!("'{day:.20}' is not a day to come, such as 2027-01-31")));
    }
    // 3. Beside what is in force; then it takes over.
    if let Some(current) = current.filter(|_| is_other_root) {
        current.keep_as_previous(dir, given.until)?;
    }
    let next = dir.join(NEXT);
    files::make_dir(dir)?;
    files::make_dir(&next)?;
    let issuing: String = chain.below_root.iter().map(|der| pem::pem(der)).collect();
    files::write(&next, ISSUING_KEY, key.pem.as_bytes())?;
    files::write(&next, ISSUING_PEM, issuing.as_bytes())?;
    files::write(&next, ROOT_PEM, pem::pem(&chain.root).as_bytes())?;
    files::write(&next, ACCEPTED, b"")?;
    let previous_root = is_other_root.then(|| Previous::read(dir, now)).transpose()?.flatten();
    finish(dir)?;
    let shown = |der: &[u8]| read_one(der).map(|it| subject(&it)).unwrap_or_default();
    Ok(Imported {
        issuing: shown(chain.issuing()),
        root: shown(&chain.root),
        ends: chain.ends,
        previous_root: previous_root.map(|it| it.root_subject()),
    })
}

/// A server certificate that this authority did not issue is somebody's, and would be removed.
fn refuse_foreign_server(dir: &Path, current: Option<&Current>) -> Result<(), AuthorityError> {
    let Some(content) = files::read(&dir.join(server_identity::FILE))? else { return Ok(()) };
    let leaf = std::str::from_utf8(&content).ok().and_then(pem::certificate_der);
    let issuing = current.and_then(|current| current.below_root.first());
    let is_ours = leaf.zip(issuing).is_some_and(|(leaf, issuing)| {
        let (Ok(leaf), Ok(issuing)) = (read_one(&leaf), read_one(issuing)) else { return false };
        is_signed_by(&leaf, &issuing)
    });
    if is_ours {
        return Ok(());
    }
    Err(AuthorityError::NotImportable(format!(
        "{} was not issued by the issuing CA beside it, and would be lost: move it away first",
        dir.join(server_identity::FILE).display()
    )))
}

/// A private key and the text that it was read from.
struct Key {
    signer: Signer,
    pem: Zeroizing<String>,
}

impl Key {
    fn read(text: &str) -> Option<Self> {
        Some(Self { signer: Signer::from_pem(text)?, pem: Zeroizing::new(text.to_owned()) })
    }

    fn of_file(dir: &Path, name: &str) -> Result<Option<Self>, AuthorityError> {
        let Some(content) = files::read(&dir.join(name))? else { return Ok(None) };
        Ok(std::str::from_utf8(&content).ok().and_then(Self::read))
    }
}

/// The chain of the first key that has one; the error is that of the first key there is.
fn chain_of_a_key(
    dir: &Path,
    given: Option<&str>,
    certificates: &[Vec<u8>],
    current: Option<&Current>,
) -> Result<(Key, AuthorityChain), AuthorityError> {
    let refuse = AuthorityError::NotImportable;
    let mut keys = Vec::new();
    if let Some(text) = given {
        let key = Key::read(text).ok_or_else(|| {
            refuse(
                "the key is not a PEM private key of P-256, P-384 or RSA, or it is encrypted \
                 (openssl pkey decrypts it)"
                    .into(),
            )
        })?;
        keys.push(key);
    } else {
        keys.extend(Key::of_file(&dir.join(NEXT), NEXT_KEY)?);
        keys.extend(Key::of_file(dir, ISSUING_KEY)?);
    }
    // A root that is in force need not be given again.
    let mut known = certificates.to_vec();
    known.extend(current.map(|current| current.root.clone()));
    let mut first = None;
    for key in keys {
        let spki = key.signer.spki()?;
        // That the key has no certificate says less than what is wrong with one that it has.
        let has_one = certificates
            .iter()
            .any(|der| read_one(der).is_ok_and(|it| it.public_key().raw == spki.as_slice()));
        match AuthorityChain::assemble(&known, &spki) {
            Ok(chain) => return Ok((key, chain)),
            Err(reason) if has_one => return Err(refuse(reason)),
            Err(reason) => first = first.or(Some(reason)),
        }
    }
    Err(refuse(first.unwrap_or_else(|| {
        "there is no key for it: `fleetwright ca init --csr` makes one, or --key names it".into()
    })))
}

/// The authority in force, as its files have it.
struct Current {
    below_root: Vec<Vec<u8>>,
    root: Vec<u8>,
}

impl Current {
    fn read(dir: &Path) -> Result<Option<Self>, AuthorityError> {
        let below_root = directory::read_chain(dir, ISSUING_PEM)?;
        let root = directory::read_certificate(dir, ROOT_PEM)?;
        Ok(below_root.zip(root).map(|(below_root, root)| Self { below_root, root }))
    }

    /// Copies what is in force to where it is trusted on.
    fn keep_as_previous(&self, dir: &Path, until: Option<&str>) -> Result<(), AuthorityError> {
        let previous = dir.join(PREVIOUS);
        files::make_dir(&previous)?;
        for name in [UNTIL, server_identity::FILE] {
            files::remove_if_there(&previous.join(name))?;
        }
        for name in [ISSUING_KEY, ISSUING_PEM, server_identity::FILE, ROOT_KEY, ROOT_PEM] {
            if let Some(content) = files::read(&dir.join(name))? {
                files::write(&previous, name, &content)?;
            }
        }
        if let Some(day) = until {
            files::write(&previous, UNTIL, format!("{day}\n").as_bytes())?;
        }
        Ok(())
    }
}

/// Finishes an import that was accepted, where there is one.
pub(crate) fn finish(dir: &Path) -> Result<(), AuthorityError> {
    let next = dir.join(NEXT);
    if files::read(&next.join(ACCEPTED))?.is_none() {
        return Ok(());
    }
    remember(dir)?;
    let is_other_root =
        match (files::read(&next.join(ROOT_PEM))?, files::read(&dir.join(ROOT_PEM))?) {
            (Some(next), Some(own)) => next != own,
            _ => false,
        };
    if is_other_root {
        // It was copied to what is trusted on, and is not the new root's.
        files::remove_if_there(&dir.join(ROOT_KEY))?;
    }
    // Of the issuing CA that was; it is kept where that is trusted on.
    files::remove_if_there(&dir.join(server_identity::FILE))?;
    for name in [ISSUING_KEY, ISSUING_PEM, ROOT_PEM] {
        if let Some(content) = files::read(&next.join(name))? {
            files::write(dir, name, &content)?;
        }
    }
    for name in [ISSUING_KEY, ISSUING_PEM, ROOT_PEM, ACCEPTED] {
        files::remove_if_there(&next.join(name))?;
        files::sync(&next)?;
    }
    files::remove_dir(&next)?;
    files::sync(dir)?;
    Ok(())
}

/// Adds the issuing CA that is replaced to those of earlier times.
fn remember(dir: &Path) -> Result<(), AuthorityError> {
    let Some(below_root) = directory::read_chain(dir, ISSUING_PEM)? else { return Ok(()) };
    let Some(issuing) = below_root.first().map(|der| pem::pem(der)) else { return Ok(()) };
    let next = files::read(&dir.join(NEXT).join(ISSUING_PEM))?;
    let is_same = next.is_some_and(|next| next.starts_with(issuing.as_bytes()));
    let earlier = files::read(&dir.join(EARLIER))?.unwrap_or_default();
    let is_known = earlier.windows(issuing.len()).any(|part| part == issuing.as_bytes());
    if !is_same && !is_known {
        files::write(dir, EARLIER, &[earlier.as_slice(), issuing.as_bytes()].concat())?;
    }
    Ok(())
}

/// Ends a roll-over: the root before is no longer trusted, and its keys are deleted. Gives its
/// subject; `None` when there is none.
///
/// # Errors
/// When the file system refuses.
pub fn retire(dir: &Path) -> Result<Option<String>, AuthorityError> {
    finish(dir)?;
    let previous = dir.join(PREVIOUS);
    let Some(root) = directory::read_certificate(&previous, ROOT_PEM)? else { return Ok(None) };
    // The root last: while it is there, so is the roll-over.
    let names = [ISSUING_KEY, ROOT_KEY, server_identity::FILE, UNTIL, ISSUING_PEM, ROOT_PEM];
    for name in names {
        files::remove_if_there(&previous.join(name))?;
        files::sync(&previous)?;
    }
    files::remove_dir(&previous)?;
    files::sync(dir)?;
    Ok(Some(read_one(&root).map(|it| subject(&it)).unwrap_or_default()))
}
