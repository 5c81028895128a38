//! The authority's directory: made on the first start, continued after an interrupted one, and
//! never guessed at when a file is missing or damaged.

use std::path::Path;

use fleetwright_core::certificate::Instant;
use x509_parser::prelude::*;

use crate::authority::AuthorityNames;
use crate::error::AuthorityError;
use crate::issuer::{Issuer, read_ca};
use crate::profile::Profile;
use crate::signer::{OwnKeys, Signer};
use crate::{der, files, pem};

pub(crate) const ROOT_KEY: &str = "root.key";
pub(crate) const ROOT_PEM: &str = "root.pem";
pub(crate) const ISSUING_KEY: &str = "issuing.key";
pub(crate) const ISSUING_PEM: &str = "issuing.pem";
/// What every message about a damaged or missing file ends with.
const WAY_OUT: &str = "restore it from a backup; nothing was changed";

/// What the directory holds.
pub(crate) struct Opened {
    pub(crate) issuer: Issuer,
    pub(crate) root_der: Vec<u8>,
    pub(crate) issuing_der: Vec<u8>,
}

/// The four files as they were found.
struct Found {
    root_key: Option<Signer>,
    root: Option<Vec<u8>>,
    issuing_key: Option<Signer>,
    issuing: Option<Vec<u8>>,
}

/// Opens; makes what an earlier start did not come to make. Files are made in the order root key,
/// root certificate, issuing key, issuing certificate, so what is there tells how far it came.
pub(crate) fn create_or_open(
    dir: &Path,
    names: &AuthorityNames,
    keys: OwnKeys,
    now: Instant,
) -> Result<Opened, AuthorityError> {
    files::make_dir(dir)?;
    let mut found = Found {
        root_key: read_key(dir, ROOT_KEY)?,
        root: read_certificate(dir, ROOT_PEM)?,
        issuing_key: read_key(dir, ISSUING_KEY)?,
        issuing: read_certificate(dir, ISSUING_PEM)?,
    };
    refuse_lost_files(dir, &found)?;
    match (found.issuing_key.take(), found.issuing.take()) {
        (Some(key), Some(issuing_der)) => {
            let root_der = found.root.ok_or_else(|| missing(dir, ROOT_PEM))?;
            let issuer = Issuer::of_certificate(key, &issuing_der)
                .map_err(|reason| damaged(dir, ISSUING_PEM, &reason))?;
            let root = read_ca(&root_der).map_err(|reason| damaged(dir, ROOT_PEM, &reason))?;
            let issuing =
                read_ca(&issuing_der).map_err(|reason| damaged(dir, ISSUING_PEM, &reason))?;
            if !names_as_issuer(&issuing, &root) {
                let reason = "it is not the CA that issuing.pem names as its issuer";
                return Err(damaged(dir, ROOT_PEM, reason));
            }
            Ok(Opened { issuer, root_der, issuing_der })
        }
        (issuing_key, _) => {
            check_names(names)?;
            let (root, root_der) = root(dir, (found.root_key, found.root), names, keys, now)?;
            let signer = key_or_new(dir, ISSUING_KEY, issuing_key, keys)?;
            let issuing_der = certify_issuing(&root, &signer, names, now)?;
            let issuer = Issuer::of_certificate(signer, &issuing_der)
                .map_err(|reason| damaged(dir, ISSUING_PEM, &reason))?;
            files::write(dir, ISSUING_PEM, pem::pem(&issuing_der).as_bytes())?;
            Ok(Opened { issuer, root_der, issuing_der })
        }
    }
}

/// What no interrupted start leaves behind is a loss, and a loss is not repaired by a new key.
fn refuse_lost_files(dir: &Path, found: &Found) -> Result<(), AuthorityError> {
    let issuing = found.issuing_key.is_some() || found.issuing.is_some();
    if found.root.is_none() && issuing {
        return Err(missing(dir, ROOT_PEM));
    }
    if found.issuing.is_some() && found.issuing_key.is_none() {
        return Err(missing(dir, ISSUING_KEY));
    }
    if found.root.is_some() && found.root_key.is_none() && found.issuing.is_none() {
        return Err(missing(dir, ROOT_KEY));
    }
    Ok(())
}

/// Whether a certificate names another as its issuer: by its name, and by its key where both tell.
fn names_as_issuer(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let named = certificate.extensions().iter().find_map(|it| match it.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    });
    let key = issuer.extensions().iter().find_map(|it| match it.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    });
    certificate.issuer().as_raw() == issuer.subject().as_raw()
        && named.zip(key).is_none_or(|(named, key)| named == key)
}

fn root(
    dir: &Path,
    (key, certificate): (Option<Signer>, Option<Vec<u8>>),
    names: &AuthorityNames,
    keys: OwnKeys,
    now: Instant,
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
    now: Instant,
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

pub(crate) fn read_certificate(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, AuthorityError> {
    let Some(content) = files::read(&dir.join(name))? else { return Ok(None) };
    let der = std::str::from_utf8(&content)
        .ok()
        .and_then(pem::certificate_der)
        .ok_or_else(|| damaged(dir, name, "it is not a PEM certificate"))?;
    read_ca(&der).map_err(|reason| damaged(dir, name, &reason))?;
    Ok(Some(der))
}

fn check_names(names: &AuthorityNames) -> Result<(), AuthorityError> {
    for (whose, name) in [("root", &names.root), ("issuing CA", &names.issuing)] {
        if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(AuthorityError::NotIssuable(format!(
                "the common name of the {whose} must be 1 to 64 printable characters"
            )));
        }
    }
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
