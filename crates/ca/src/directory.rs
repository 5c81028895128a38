//! The authority's directory: made on the first start, continued after an interrupted one, and
//! never guessed at when a file is missing or damaged.

use std::path::Path;

use fleetwright_core::time::Timestamp;

use crate::authority_chain::{AuthorityChain, CAS};
use crate::error::AuthorityError;
use crate::issuer::{Issuer, read_ca};
use crate::names::AuthorityNames;
use crate::previous::Previous;
use crate::profile::Profile;
use crate::signer::{OwnKeys, Signer};
use crate::{der, files, import, names, pem};

pub(crate) const ROOT_KEY: &str = "root.key";
pub(crate) const ROOT_PEM: &str = "root.pem";
pub(crate) const ISSUING_KEY: &str = "issuing.key";
pub(crate) const ISSUING_PEM: &str = "issuing.pem";
/// What every message about a damaged or missing file ends with.
const WAY_OUT: &str = "restore it from a backup; nothing was changed";

/// What the directory holds.
pub(crate) struct Opened {
    pub(crate) issuer: Issuer,
    pub(crate) chain: AuthorityChain,
    /// The authority before, if its root is still trusted.
    pub(crate) previous: Option<Previous>,
}

/// The four files as they were found.
struct Files {
    root_key: Option<Signer>,
    root: Option<Vec<u8>>,
    issuing_key: Option<Signer>,
    /// The issuing CA, then the CAs between it and the root.
    issuing: Option<Vec<Vec<u8>>>,
}

/// Opens; makes what an earlier start did not come to make. Files are made in the order root key,
/// root certificate, issuing key, issuing certificate, so what is there tells how far it came.
pub(crate) fn create_or_open(
    dir: &Path,
    names: &AuthorityNames,
    keys: OwnKeys,
    now: Timestamp,
) -> Result<Opened, AuthorityError> {
    files::make_dir(dir)?;
    import::finish(dir)?;
    let mut files = Files {
        root_key: read_key(dir, ROOT_KEY)?,
        root: read_certificate(dir, ROOT_PEM)?,
        issuing_key: read_key(dir, ISSUING_KEY)?,
        issuing: read_chain(dir, ISSUING_PEM)?,
    };
    refuse_lost_files(dir, &files)?;
    match (files.issuing_key.take(), files.issuing.take()) {
        (Some(key), Some(issuing)) => {
            let root = files.root.ok_or_else(|| missing(dir, ROOT_PEM))?;
            open(dir, key, issuing, root, now)
        }
        (issuing_key, _) => {
            check_names(names)?;
            let (root, root_der) = root(dir, (files.root_key, files.root), names, keys, now)?;
            let signer = key_or_new(dir, ISSUING_KEY, issuing_key, keys)?;
            let issuing_der = certify_issuing(&root, &signer, names, now)?;
            let issuer = Issuer::of_certificate(signer, &issuing_der)
                .map_err(|reason| damaged(dir, ISSUING_PEM, &reason))?;
            files::write(dir, ISSUING_PEM, pem::pem(&issuing_der).as_bytes())?;
            let chain = AuthorityChain::check(vec![issuing_der], root_der)
                .map_err(|reason| damaged(dir, ISSUING_PEM, &reason))?;
            Ok(Opened { issuer: issuer.ending(chain.ends), chain, previous: None })
        }
    }
}

/// An authority that is whole: its key is its certificate's, and its chain verifies and has not ended.
fn open(
    dir: &Path,
    key: Signer,
    issuing: Vec<Vec<u8>>,
    root: Vec<u8>,
    now: Timestamp,
) -> Result<Opened, AuthorityError> {
    let of_issuing = |reason: String| damaged(dir, ISSUING_PEM, &reason);
    let issuer = Issuer::of_certificate(key, issuing.first().unwrap_or(&root));
    let issuer = issuer.map_err(of_issuing)?;
    let chain = AuthorityChain::check(issuing, root).map_err(|reason| {
        of_issuing(format!(
            "it does not lead to root.pem beside it: {reason}. `fleetwright ca import` puts a chain \
             in place that was checked (docs/certificates.md). Or else"
        ))
    })?;
    if let Some(ended) = chain.ended(now) {
        return Err(AuthorityError::Damaged {
            path: dir.join(ISSUING_PEM),
            reason: format!(
                "{ended}, and nothing that it signs is trusted. Have another signed: `fleetwright ca \
                 init --csr`, then `fleetwright ca import` (docs/certificates.md); or set the clock, \
                 if it is wrong. Nothing was changed"
            ),
        });
    }
    let previous = Previous::read(dir, now)?;
    Ok(Opened { issuer: issuer.ending(chain.ends), chain, previous })
}

/// What no interrupted start leaves behind is a loss, and a loss is not repaired by a new key.
fn refuse_lost_files(dir: &Path, files: &Files) -> Result<(), AuthorityError> {
    let issuing = files.issuing_key.is_some() || files.issuing.is_some();
    if files.root.is_none() && issuing {
        return Err(missing(dir, ROOT_PEM));
    }
    if files.issuing.is_some() && files.issuing_key.is_none() {
        return Err(missing(dir, ISSUING_KEY));
    }
    if files.root.is_some() && files.root_key.is_none() && files.issuing.is_none() {
        return Err(missing(dir, ROOT_KEY));
    }
    Ok(())
}

fn root(
    dir: &Path,
    (key, certificate): (Option<Signer>, Option<Vec<u8>>),
    names: &AuthorityNames,
    keys: OwnKeys,
    now: Timestamp,
) -> Result<(Issuer, Vec<u8>), AuthorityError> {
    let key = key_or_new(dir, ROOT_KEY, key, keys)?;
    if let Some(der) = certificate {
        let issuer =
            Issuer::of_certificate(key, &der).map_err(|reason| damaged(dir, ROOT_PEM, &reason))?;
        return Ok((issuer, der));
    }
    let issuer = Issuer::new(key, &names.root)?;
    let (spki, public_key) = issuer.public_key()?;
    let subject = issuer.name().to_vec();
    let der = issuer.certify(Profile::Root, subject, spki, public_key, now)?;
    files::write(dir, ROOT_PEM, pem::pem(&der).as_bytes())?;
    Ok((issuer, der))
}

fn certify_issuing(
    root: &Issuer,
    signer: &Signer,
    names: &AuthorityNames,
    now: Timestamp,
) -> Result<Vec<u8>, AuthorityError> {
    let subject = der::common_name(&names.issuing);
    root.certify(Profile::Issuing, subject, signer.spki()?, signer.public_key(), now)
}

fn key_or_new(
    dir: &Path,
    name: &str,
    key: Option<Signer>,
    keys: OwnKeys,
) -> Result<Signer, AuthorityError> {
    if let Some(key) = key {
        return Ok(key);
    }
    let (key, text) = Signer::generate(keys)?;
    files::write(dir, name, text.as_bytes())?;
    Ok(key)
}

pub(crate) fn read_key(dir: &Path, name: &str) -> Result<Option<Signer>, AuthorityError> {
    let Some(content) = files::read(&dir.join(name))? else { return Ok(None) };
    std::str::from_utf8(&content)
        .ok()
        .and_then(Signer::from_pem)
        .map(Some)
        .ok_or_else(|| damaged(dir, name, "it is not a PEM private key (P-256, P-384 or RSA)"))
}

/// The CA certificate of a file; `None` when it does not exist.
pub(crate) fn read_certificate(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, AuthorityError> {
    Ok(read_chain(dir, name)?.and_then(|chain| chain.into_iter().next()))
}

/// The CA certificates of a file, at least one; `None` when it does not exist.
pub(crate) fn read_chain(dir: &Path, name: &str) -> Result<Option<Vec<Vec<u8>>>, AuthorityError> {
    let Some(content) = files::read(&dir.join(name))? else { return Ok(None) };
    let text = std::str::from_utf8(&content).unwrap_or_default();
    let chain = pem::certificates(text, CAS).map_err(|reason| damaged(dir, name, &reason))?;
    if chain.is_empty() {
        return Err(damaged(dir, name, "it is not a PEM certificate"));
    }
    for der in &chain {
        read_ca(der).map_err(|reason| damaged(dir, name, &reason))?;
    }
    Ok(Some(chain))
}

fn check_names(names: &AuthorityNames) -> Result<(), AuthorityError> {
    names::check("root", &names.root)?;
    names::check("issuing CA", &names.issuing)?;
    if names.root == names.issuing {
        return Err(AuthorityError::NotIssuable(
            "the root and the issuing CA must have different names".into(),
        ));
    }
    Ok(())
}

fn damaged(dir: &Path, name: &str, reason: &str) -> AuthorityError {
    AuthorityError::Damaged { path: dir.join(name), reason: format!("{reason}; {WAY_OUT}") }
}

fn missing(dir: &Path, name: &str) -> AuthorityError {
    AuthorityError::Damaged {
        path: dir.join(name),
        reason: format!("it is missing, but the directory is in use; {WAY_OUT}"),
    }
}
