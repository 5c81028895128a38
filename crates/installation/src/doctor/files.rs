//! The files: what is missing, of another installation, open to others, left over.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fleetwright_store::Inspection;

use super::{Finding, Severity, Subject};
use crate::parts;

const RESTORE: &str = "put it back from a backup of this installation (docs/backup.md)";
/// Files that are named, at most. (ours)
const NAMED: usize = 5;

/// Presence and kinship of the parts.
pub(super) fn parts(subject: &Subject, findings: &mut Vec<Finding>) {
    let inspection = subject.examined.as_ref().map(|examined| Inspection {
        schema: examined.schema,
        installation: examined.installation.clone(),
        scope: None,
        sealed: examined.sealed.clone(),
        is_unused: false,
    });
    let is_unreadable = findings
        .iter()
        .any(|finding| finding.check == "registry" && finding.severity == Severity::Error);
    if is_unreadable {
        return;
    }
    findings.push(match parts::describe(&subject.dir, inspection.as_ref()) {
        Ok(state) => Finding::ok("parts", state),
        Err(reason) => Finding::error("parts", reason, RESTORE),
    });
}

/// Whom the files belong to, and who else may read them.
pub(super) fn permissions(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(own) = fs::metadata(&subject.path).map(|metadata| metadata.uid()) else { return };
    let (mut open, mut foreign) = (Vec::new(), Vec::new());
    each(&subject.path, &mut |path, metadata| {
        let name = shown(&subject.path, path);
        if metadata.uid() != own {
            foreign.push(name.clone());
        }
        // Below a directory that nobody else may enter, modes of files do not matter; a file may
        // be copied with its mode, though, so those with secrets are looked at by themselves.
        if metadata.mode() & 0o077 != 0 && is_secret(&name) {
            open.push(name);
        }
    });
    let path = subject.path.display();
    let mode = fs::metadata(&subject.path).map_or(0, |metadata| metadata.mode() & 0o777);
    if mode & 0o077 != 0 {
        findings.push(Finding::error(
            "permissions",
            format!("others may enter {path} (mode {mode:o})"),
            format!("chmod 700 {path}"),
        ));
    }
    if !open.is_empty() {
        findings.push(Finding::error(
            "permissions",
            format!("others may read {}", some(&open)),
            format!("cd {path} && chmod go= {}", open.join(" ")),
        ));
    }
    if !foreign.is_empty() {
        findings.push(Finding::error(
            "permissions",
            format!("{} belong to another user than the directory", some(&foreign)),
            format!("chown -R the server's user: chown -R {own} {path}"),
        ));
    }
    if mode & 0o077 == 0 && open.is_empty() && foreign.is_empty() {
        findings.push(Finding::ok("permissions", "the server's user alone may read"));
    }
}

/// What holds secrets: everything but what devices are given, the mark of a part, unpacked code,
/// runtimes and roots of functions, which their workers read.
fn is_secret(name: &str) -> bool {
    name.ends_with(".key")
        || name == "admin.credentials"
        || name.ends_with("/server.pem")
        || name.ends_with(".sealed")
}

/// What crashes and cut commands leave.
pub(super) fn left_overs(subject: &Subject, findings: &mut Vec<Finding>) {
    let mut found = Vec::new();
    each(&subject.path, &mut |path, _| {
        let name = shown(&subject.path, path);
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let is_half = file.starts_with('.') && file.ends_with(".new");
        if is_half || file.ends_with(".restoring") || file.ends_with(".unreadable") {
            found.push(name);
        }
    });
    findings.push(match (&subject.holder, found.is_empty()) {
        (_, true) => Finding::ok("left-overs", "none"),
        (Some(_), false) => Finding::ok(
            "left-overs",
            format!("{}: perhaps of the running server at this moment", some(&found)),
        ),
        (None, false) => Finding::warning(
            "left-overs",
            some(&found),
            format!(
                "they are of no use, and may hold secrets: cd {} && rm {}",
                subject.path.display(),
                found.join(" ")
            ),
        ),
    });
}

/// Keys that lie ready.
pub(super) fn key_pool(subject: &Subject, findings: &mut Vec<Finding>) {
    let pool = subject.path.join("key-pool");
    let Ok(entries) = fs::read_dir(&pool) else {
        findings.push(Finding::ok("key pool", "none yet; the server makes it"));
        return;
    };
    let (mut sealed, mut strange) = (0, Vec::new());
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let size = entry.metadata().map_or(0, |metadata| metadata.len());
        match name.strip_suffix(".sealed") {
            Some(stem) if stem.len() == 32 && size > 1000 => sealed += 1,
            _ if name == "seal.key" && size == 32 || name == "installation" => {}
            // Told with what is left over.
            _ if name.starts_with('.') || name.ends_with(".unreadable") => {}
            _ => strange.push(name),
        }
    }
    findings.push(if strange.is_empty() {
        Finding::ok("key pool", format!("{sealed} keys lie ready"))
    } else {
        Finding::error(
            "key pool",
            format!("key-pool/ holds what is no sealed key: {}", some(&strange)),
            format!(
                "stop the server and remove the pool; nobody was given these keys: rm -r {}",
                pool.display()
            ),
        )
    });
}

/// Every file and directory below a directory, functions' own left out.
fn each(dir: &Path, see: &mut dyn FnMut(&Path, &fs::Metadata)) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let is_functions = dir.join("functions") == path;
        see(&path, &metadata);
        if metadata.is_dir() && !is_functions {
            each(&path, see);
        }
    }
}

fn shown(top: &Path, path: &Path) -> String {
    path.strip_prefix(top).unwrap_or(path).display().to_string()
}

fn some(names: &[String]) -> String {
    let told: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(NAMED) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
