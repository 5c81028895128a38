//! Whose connection is this: of a worker's own processes, or of somebody else on this machine?

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};

/// Processes looked at, more than a worker may have. (ours)
const PROCESSES: usize = 4096;

/// Whether a process, or one that descends from it, holds the connection `from` → `to`.
/// False whenever that cannot be told.
pub(super) fn holds(process: u32, from: SocketAddr, to: SocketAddr) -> bool {
    socket(from, to).is_some_and(|inode| {
        let wanted = format!("socket:[{inode}]");
        family(process).into_iter().any(|process| has_open(process, &wanted))
    })
}

/// The inode of the socket whose own end is `from`.
fn socket(from: SocketAddr, to: SocketAddr) -> Option<u64> {
    let ends = format!("{} {}", hexadecimal(from)?, hexadecimal(to)?);
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let row = table.lines().find(|row| row.contains(&ends))?;
    row.split_whitespace().nth(9)?.parse().ok()
}

/// An address as the kernel's table has it.
fn hexadecimal(address: SocketAddr) -> Option<String> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    Some(format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port()))
}

/// A process and all that descend from it.
pub(super) fn family(process: u32) -> HashSet<u32> {
    let (mut found, mut to_visit) = (HashSet::new(), vec![process]);
    while let Some(process) = to_visit.pop() {
        if found.len() >= PROCESSES || !found.insert(process) {
            continue;
        }
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for thread in threads.flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            to_visit.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    found
}

fn has_open(process: u32, wanted: &str) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    open.flatten()
        .any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted))
}

/// Memory that a family of processes has for itself, bytes: what is shared with files does not
/// count.
pub(super) fn memory(process: u32) -> u64 {
    family(process).into_iter().filter_map(memory_of).sum()
}

fn memory_of(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let own = status.lines().filter_map(|line| {
        let value = line.strip_prefix("RssAnon:").or_else(|| line.strip_prefix("RssShmem:"))?;
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    Some(own.sum::<u64>() * 1024)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_belongs_to_the_process_that_holds_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let stream = TcpStream::connect(to).unwrap();
        let from = stream.local_addr().unwrap();
        assert!(holds(std::process::id(), from, to));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(family(std::process::id()).contains(&child.id()));
        assert!(!holds(child.id(), from, to), "the child does not have it");
        child.kill().unwrap();
        child.wait().unwrap();
        drop(stream);
        assert!(!holds(std::process::id(), from, to), "nobody has it any more");
    }

    #[test]
    fn memory_of_a_process_is_what_it_wrote_to() {
        let before = memory(std::process::id());
        let block = std::hint::black_box(vec![1_u8; 64 * 1024 * 1024]);
        assert!(memory(std::process::id()) > before + 32 * 1024 * 1024);
        drop(block);
    }
}
