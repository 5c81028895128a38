//! The machine: a running server, disk, limits, addresses.

use std::fs::{self, File, TryLockError};
use std::net::TcpListener;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::{Asked, Finding, Subject};

/// Free bytes below which writes will soon be refused. (ours)
const LITTLE: u64 = 64 * 1024 * 1024;
/// Free bytes below which it should be looked at. (ours)
const SOME: u64 = 1024 * 1024 * 1024;
/// Descriptors that a server needs beside its connections. (ours)
const OWN_FILES: u64 = 256;

/// The process id of the server that has the directory, if one runs.
pub(super) fn holder(path: &Path) -> Option<String> {
    let lock = path.join("lock");
    let file = File::open(&lock).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            Some(fs::read_to_string(&lock).unwrap_or_default().trim().to_owned())
        }
        _ => None,
    }
}

pub(super) fn server(holder: &Option<String>) -> Finding {
    Finding::ok(
        "server",
        match holder {
            Some(process) => format!("process {process} is running on it"),
            None => "none is running on it".to_owned(),
        },
    )
}

pub(super) fn disk(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(stat) = rustix::fs::statvfs(&subject.path) else { return };
    findings.push(of_space(stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_favail));
}

fn of_space(free: u64, files: u64) -> Finding {
    let mib = free / (1024 * 1024);
    let remedy = "make room: move backups and logs elsewhere, shorten [audit] days";
    if free < LITTLE {
        return Finding::error("disk", format!("{mib} MiB are free"), remedy);
    }
    // Some file systems count no files at all.
    if files > 0 && files < 1000 {
        return Finding::error("disk", format!("{files} more files fit on it"), remedy);
    }
    match free < SOME {
        true => Finding::warning("disk", format!("{mib} MiB are free"), remedy),
        false => Finding::ok("disk", format!("{mib} MiB are free")),
    }
}

pub(super) fn limits(asked: &Asked, findings: &mut Vec<Finding>) {
    findings.push(of_files(getrlimit(Resource::Nofile).maximum, asked.max_connections));
}

fn of_files(allowed: Option<u64>, connections: usize) -> Finding {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OWN_FILES);
    match allowed {
        Some(allowed) if allowed < OWN_FILES => Finding::error(
            "limits",
            format!("{allowed} open files are allowed here"),
            "raise it: LimitNOFILE= of the service, or ulimit -Hn",
        ),
        Some(allowed) if allowed < wanted => Finding::warning(
            "limits",
            format!(
                "{allowed} open files are allowed here, and [mqtt] max-connections is {connections}"
            ),
            format!(
                "raise LimitNOFILE= of the service to {wanted}, or lower max-connections to {}",
                allowed - OWN_FILES
            ),
        ),
        _ => Finding::ok("limits", format!("open files suffice for {connections} connections")),
    }
}

/// Whether the addresses can be had; a running server has them itself.
pub(super) fn addresses(asked: &Asked, subject: &Subject, findings: &mut Vec<Finding>) {
    if subject.holder.is_some() {
        return;
    }
    let mut free = Vec::new();
    for (option, address) in &asked.addresses {
        match TcpListener::bind(address) {
            Ok(_) => free.push(address.to_string()),
            Err(error) => findings.push(Finding::error(
                "addresses",
                format!("{option} {address}: {error}"),
                format!("end the program that has it (ss -ltnp), or choose another --{option}"),
            )),
        }
    }
    if !free.is_empty() {
        findings.push(Finding::ok("addresses", format!("{} can be had", free.join(", "))));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn little_room_is_told() {
        let severity = |free, files| of_space(free, files).severity;
        assert_eq!(severity(LITTLE - 1, 1_000_000), Severity::Error);
        assert_eq!(severity(SOME - 1, 1_000_000), Severity::Warning);
        assert_eq!(severity(SOME, 999), Severity::Error);
        assert_eq!(severity(SOME, 0), Severity::Ok);
    }

    #[test]
    fn descriptors_are_compared_with_connections() {
        let severity = |allowed| of_files(allowed, 10_000).severity;
        assert_eq!(severity(Some(100)), Severity::Error);
        assert_eq!(severity(Some(10_000)), Severity::Warning);
        assert_eq!(severity(Some(10_256)), Severity::Ok);
        assert_eq!(severity(None), Severity::Ok);
    }
}
