//! The machine: a running server, disk, limits, addresses.

use std::fs::{self, File, TryLockError};
use std::net::TcpListener;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::{Finding, Request, Severity, Subject};

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

/// Free bytes below which a server is not ready: the next writes fail. (ours)
const NONE: u64 = 8 * 1024 * 1024;

/// The disk of a running server; an error where its next writes fail. `None` when it cannot be
/// told.
pub fn disk_of_server(data_dir: &Path) -> Option<Finding> {
    let stat = rustix::fs::statvfs(data_dir).ok()?;
    Some(of_servers_space(stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_favail, stat.f_files))
}

fn of_servers_space(free: u64, files: u64, all_files: u64) -> Finding {
    let is_full = free < NONE || (all_files > 0 && files == 0);
    match of_space(free, files) {
        finding if is_full => Finding { severity: Severity::Error, ..finding },
        finding if finding.severity == Severity::Error => {
            Finding { severity: Severity::Warning, ..finding }
        }
        finding => finding,
    }
}

/// What the configuration wants, compared with what this process and machine allow.
pub fn compare_limits(max_connections: usize, memory_mib: usize) -> Vec<Finding> {
    vec![
        of_files(getrlimit(Resource::Nofile).maximum, max_connections),
        of_memory(allowed_memory(), memory_mib),
    ]
}

pub(super) fn limits(request: &Request, findings: &mut Vec<Finding>) {
    findings.extend(compare_limits(request.max_connections, request.memory_mib));
}

/// Bytes of memory that this process may use: those of its control group, or of the machine.
fn allowed_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib.saturating_mul(1024))
    });
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| {
        let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?.to_owned();
        let file = Path::new("/sys/fs/cgroup").join(path).join("memory.max");
        fs::read_to_string(file).ok()?.trim().parse().ok()
    });
    [machine, group].into_iter().flatten().min()
}

fn of_memory(allowed: Option<u64>, memory_mib: usize) -> Finding {
    let wanted = u64::try_from(memory_mib).unwrap_or(u64::MAX);
    match allowed.map(|bytes| bytes / (1024 * 1024)) {
        // A quarter is for everything that is not counted by the bound.
        Some(mib) if wanted > mib / 4 * 3 => Finding::warning(
            "memory",
            format!(
                "{mib} MiB of memory are allowed here, and [mqtt] memory-mib, which connections may \
                 fill, is {wanted}"
            ),
            format!("lower memory-mib to {}, or give the server more memory", mib / 4 * 3),
        ),
        _ => Finding::ok("memory", format!("it suffices for [mqtt] memory-mib {wanted}")),
    }
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
pub(super) fn addresses(request: &Request, subject: &Subject, findings: &mut Vec<Finding>) {
    if subject.holder.is_some() {
        return;
    }
    let mut free = Vec::new();
    for (option, address) in &request.addresses {
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
    fn a_server_is_ready_while_writes_find_room() {
        let severity = |free, files| of_servers_space(free, files, 1_000_000).severity;
        assert_eq!(severity(NONE - 1, 1_000_000), Severity::Error);
        assert_eq!(severity(SOME, 0), Severity::Error);
        assert_eq!(severity(NONE, 1_000_000), Severity::Warning);
        assert_eq!(severity(SOME, 999), Severity::Warning);
        assert_eq!(severity(SOME, 1_000_000), Severity::Ok);
        assert_eq!(of_servers_space(SOME, 0, 0).severity, Severity::Ok);
    }

    #[test]
    fn memory_is_compared_with_its_bound() {
        let severity = |mib: Option<u64>| of_memory(mib.map(|mib| mib << 20), 256).severity;
        assert_eq!(severity(Some(256)), Severity::Warning);
        assert_eq!(severity(Some(400)), Severity::Ok);
        assert_eq!(severity(None), Severity::Ok);
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
