//! The administrator's own server certificates and their keys.

use std::path::PathBuf;

use fleetwright_host::clock;
use fleetwright_host::tls::PairFiles;

/// Each certificate with the key at the same place, looked at as the server will.
///
/// # Errors
/// A certificate without its key, or a pair that no client could make use of.
pub(super) fn pairs(
    certificates: Option<&[PathBuf]>,
    keys: Option<&[PathBuf]>,
) -> Result<Vec<PairFiles>, String> {
    let (certificates, keys) = (certificates.unwrap_or_default(), keys.unwrap_or_default());
    if certificates.len() != keys.len() {
        return Err(format!(
            "it names {} and server-key {}: each certificate needs its key, at the same place of the \
             list",
            files(certificates.len()),
            files(keys.len())
        ));
    }
    let pairs = certificates.iter().cloned().zip(keys.iter().cloned());
    let pairs: Vec<_> = pairs.map(|(certificate, key)| PairFiles { certificate, key }).collect();
    let now = clock::now();
    pairs.iter().try_for_each(|pair| pair.check(now).map(drop))?;
    Ok(pairs)
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
