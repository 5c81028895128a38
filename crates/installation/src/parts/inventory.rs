//! What is in a data directory, part by part; nothing is changed.

use std::io;
use std::path::Path;

use fleetwright_host::data_dir::{DataDir, DataDirError};
use fleetwright_host::sealing;
use fleetwright_store::{Inspection, InstallationId};

use super::PartsError;
use super::state::{Authority, Inventory, Part, Registry};

/// The file of the id, in each part that is a directory.
pub(super) const MARK: &str = "installation";
/// There while the first start is under way; holds the id.
pub(super) const FIRST_START: &str = "first-start";
/// The parts that carry a mark.
pub(super) const MARKED: [&str; 4] = [CA, RSA, KEY_POOL, FUNCTIONS];
const CA: &str = "ca";
const RSA: &str = "ca/rsa";
const KEY_POOL: &str = "key-pool";
const FUNCTIONS: &str = "functions";
/// What the authority cannot be without.
const OF_THE_CA: [&str; 3] = ["root.pem", "issuing.key", "issuing.pem"];
const OF_THE_RSA_CA: [&str; 3] = ["rsa/root.pem", "rsa/issuing.key", "rsa/issuing.pem"];
/// What only an installation leaves behind, beside its parts.
const TRACES: [&str; 4] =
    ["admin.credentials", "root-ca.pem", "registration-tasks", "fleetwright.db.restoring"];
/// Functions' runtimes may be installed before the first start.
const RUNTIMES: &str = "runtimes";

/// Reads every part.
pub(super) fn take(
    dir: &DataDir,
    inspection: Option<&Inspection>,
) -> Result<Inventory, PartsError> {
    let registry = match inspection {
        None => Registry::Absent,
        Some(Inspection { installation: Some(known), .. }) => Registry::Of(known.id),
        Some(Inspection { is_unused, .. }) => Registry::Unmarked { is_unused: *is_unused },
    };
    let mut missing_of_ca = Vec::new();
    for name in OF_THE_CA {
        if dir.read(&format!("{CA}/{name}"))?.is_none() {
            missing_of_ca.push(name);
        }
    }
    // Made by the first start that knew it; from then on devices may trust it.
    if dir.read("root-ca-rsa.pem")?.is_some() {
        for name in OF_THE_RSA_CA {
            if dir.read(&format!("{CA}/{name}"))?.is_none() {
                missing_of_ca.push(name);
            }
        }
    }
    let root = dir.read(&format!("{CA}/root.pem"))?;
    let copy = dir.read("root-ca.pem")?;
    let ca = Authority {
        part: part(dir, CA, &[])?,
        missing: missing_of_ca,
        is_of_copy: match (root, copy) {
            (Some(root), Some(copy)) => {
                Some(copy.windows(root.len().max(1)).any(|part| part == root))
            }
            _ => None,
        },
    };
    Ok(Inventory {
        first_start: id(dir, FIRST_START)?,
        registry,
        ca,
        rsa: part(dir, RSA, &[])?,
        key_pool: part(dir, KEY_POOL, &[])?,
        functions: part(dir, FUNCTIONS, &[RUNTIMES])?,
        has_sealing_key: dir.read(sealing::FILE)?.is_some(),
        traces: TRACES.into_iter().filter(|name| dir.join(name).exists()).collect(),
    })
}

/// A directory with its mark; one that holds nothing but `ignored` counts as absent.
fn part(dir: &DataDir, name: &'static str, ignored: &[&str]) -> Result<Part, PartsError> {
    let path = dir.join(name);
    let entries = match entries(&path, ignored) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Part::Absent),
        Err(error) => return Err(DataDirError::io("read the directory", &path, error).into()),
    };
    match id(dir, &format!("{name}/{MARK}"))? {
        Some(id) => Ok(Part::Of(id)),
        None if entries == 0 => Ok(Part::Absent),
        None => Ok(Part::Unmarked),
    }
}

/// Entries of a directory beside those to be ignored; files half written count for none.
fn entries(path: &Path, ignored: &[&str]) -> io::Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        count += usize::from(!ignored.contains(&&*name) && !name.ends_with(".new"));
    }
    Ok(count)
}

/// The id that a file holds; `None` when it does not exist.
fn id(dir: &DataDir, name: &str) -> Result<Option<InstallationId>, PartsError> {
    let Some(content) = dir.read(name)? else { return Ok(None) };
    let read =
        std::str::from_utf8(&content).ok().and_then(|text| InstallationId::parse(text.trim()));
    read.map(Some).ok_or_else(|| {
        let error = io::Error::other(
            "it does not hold the id of an installation; restore it from a backup, nothing was \
             changed",
        );
        DataDirError::io("use", &dir.join(name), error).into()
    })
}
