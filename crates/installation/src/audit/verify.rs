//! `fleetwright audit verify` and `checkpoint`: on a data directory, whether a server runs on it or
//! not. The registry is only read.

use std::path::{Path, PathBuf};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::audit::{Finding, Report, SignedCheckpoint, Verifier};
use fleetwright_core::names::{AccountId, Region};
use fleetwright_host::clock;
use fleetwright_host::data_dir::DATABASE;
use fleetwright_store::AuditTrail;

use super::checkpoint::{CheckpointKey, CheckpointPublicKey};

/// What is verified, and against what.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<PathBuf>,
    /// A file with the public key that checkpoints must be signed with; the data directory's own
    /// without.
    pub public_key: Option<PathBuf>,
}

/// Verifies the audit trail of a data directory.
///
/// # Errors
/// When there is nothing to verify, or something that is needed cannot be read.
pub fn verify(verification: &Verification) -> Result<Report, String> {
    let trail = open(&verification.data_dir)?;
    let key = match &verification.public_key {
        Some(path) => CheckpointPublicKey::from_pem(&text(path)?)
            .ok_or_else(|| format!("{} holds no Ed25519 public key in PEM", path.display()))?,
        None => CheckpointKey::read(&verification.data_dir)?.public_key(),
    };
    // 1. The checkpoints: those of the registry, and those that were kept elsewhere.
    let stored = trail.checkpoints().map_err(unreadable)?;
    let stored = stored.into_iter().map(|(number, text)| (format!("checkpoint {number}"), text));
    let mut documents: Vec<(String, String)> = stored.collect();
    for path in &verification.checkpoints {
        documents.push((path.display().to_string(), text(path)?));
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (name, document) in documents {
        match key.open(&document) {
            Ok(checkpoint) => good.push((name, checkpoint)),
            Err(why) => bad.push(Finding::of_checkpoint(&name, &why)),
        }
    }
    // 2. The trail.
    let mut verifier = Verifier::new(&trail.chains().map_err(unreadable)?, good);
    bad.into_iter().for_each(|finding| verifier.find(finding));
    trail.each(|entry| verifier.take(entry)).map_err(unreadable)?;
    Ok(verifier.finish())
}

/// Signs the heads of all chains of a data directory.
///
/// # Errors
/// When there are none, or the directory cannot be read.
pub fn checkpoint(data_dir: &Path) -> Result<SignedCheckpoint, String> {
    let heads = open(data_dir)?.heads().map_err(unreadable)?;
    if heads.is_empty() {
        return Err("the audit trail has no records in a chain yet".to_owned());
    }
    Ok(CheckpointKey::read(data_dir)?.sign(heads, clock::now()))
}

/// The public key, PEM, that a data directory's checkpoints verify with.
///
/// # Errors
/// When the directory cannot be read.
pub fn public_key(data_dir: &Path) -> Result<String, String> {
    Ok(CheckpointKey::read(data_dir)?.public_key().pem())
}

fn open(data_dir: &Path) -> Result<AuditTrail, String> {
    // Names resources in refusals, of which reading has none.
    let region = Region::parse("us-east-1").map_err(|error| error.to_string())?;
    let account = AccountId::parse("000000000000").map_err(|error| error.to_string())?;
    let path = data_dir.join(DATABASE);
    let trail = AuditTrail::open(&path.to_string_lossy(), AccountScope { region, account });
    let trail = trail.map_err(|error| error.to_string())?;
    if !trail.has_chains().map_err(unreadable)? {
        return Err(format!(
            "'{}' is of a version whose audit trail has no chains: start this version's server on \
             it once",
            path.display()
        ));
    }
    Ok(trail)
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn unreadable(error: fleetwright_store::StoreError) -> String {
    format!("the audit trail cannot be read: {error}")
}
