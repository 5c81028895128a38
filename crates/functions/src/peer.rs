//! The processes of a worker: whether a connection is theirs, and the memory that they hold.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};

/// Processes looked at, more than a worker may have. (ours)
const PROCESSES: usize = 4096;

/// Pipes and sockets of a worker that do not count. (ours)
const FREE_CHANNELS: usize = 32;
/// What each further one counts at least: a pipe holds 64 KiB, a socket's buffer 208 KiB unless the
/// machine is told otherwise. (ours)
const CHANNEL_BYTES: u64 = 256 * 1024;
/// The length of a new socket's buffer on this machine; the filter forbids a larger one.
const BUFFER_BYTES: &str = "/proc/sys/net/core/wmem_default";

/// Whether a process, or one that descends from it, holds the connection `from` → `to`.
/// False when the kernel does not show it.
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

/// Memory that a family of processes has for itself, bytes: their own pages, also those swapped
/// out, the tables of their pages, and what may lie in their pipes and sockets. What is shared
/// with files does not count.
pub(super) fn memory(process: u32) -> u64 {
    let family = family(process);
    let pages: u64 = family.iter().filter_map(|process| memory_of(*process)).sum();
    pages + channel_memory(&family)
}

fn memory_of(process: u32) -> Option<u64> {
    const COUNTED: [&str; 4] = ["RssAnon:", "RssShmem:", "VmPTE:", "VmSwap:"];
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let own = status.lines().filter_map(|line| {
        let value = COUNTED.iter().find_map(|name| line.strip_prefix(name))?;
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    Some(own.sum::<u64>() * 1024)
}

/// What may lie in a family's pipes and sockets. A function has a few, and they are free; beyond
/// those, each counts with the most that it holds by default, and the sockets of TCP,
/// whose buffers grow, with what lies in them as well.
fn channel_memory(family: &HashSet<u32>) -> u64 {
    let mut channels = HashSet::new();
    for process in family {
        let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { continue };
        let targets = open.flatten().filter_map(|file| fs::read_link(file.path()).ok());
        let targets = targets.filter_map(|target| target.into_os_string().into_string().ok());
        channels.extend(targets.filter(|it| it.starts_with("socket:") || it.starts_with("pipe:")));
    }
    let Some(more) = channels.len().checked_sub(FREE_CHANNELS + 1) else { return 0 };
    let waiting: u64 = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .map(|table| table.lines().filter_map(|row| waiting(row, &channels)).sum::<u64>())
        .sum();
    let buffer = fs::read_to_string(BUFFER_BYTES).ok().and_then(|text| text.trim().parse().ok());
    (more as u64 + 1) * buffer.unwrap_or(0).max(CHANNEL_BYTES) + waiting
}

/// Bytes that wait in a socket of the kernel's table, if it is one of these.
fn waiting(row: &str, channels: &HashSet<String>) -> Option<u64> {
    let mut columns = row.split_whitespace();
    let (send, receive) = columns.nth(4)?.split_once(':')?;
    let inode = columns.nth(4)?;
    channels.contains(&format!("socket:[{inode}]")).then_some(())?;
    let bytes = |text| u64::from_str_radix(text, 16).ok();
    bytes(send)?.checked_add(bytes(receive)?)
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
    fn pipes_and_sockets_count_beyond_the_first_ones() {
        let own = HashSet::from([std::process::id()]);
        let open: Vec<_> =
            (0..FREE_CHANNELS).map(|_| std::os::unix::net::UnixStream::pair().unwrap()).collect();
        assert!(channel_memory(&own) >= (open.len() as u64) * CHANNEL_BYTES);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let before = channel_memory(&own);
        std::io::Write::write_all(&mut stream, &[7; 100_000]).unwrap();
        assert!(channel_memory(&own) >= before + 100_000 - CHANNEL_BYTES);
    }

    #[test]
    fn memory_of_a_process_is_what_it_wrote_to() {
        let before = memory(std::process::id());
        let block = std::hint::black_box(vec![1_u8; 64 * 1024 * 1024]);
        assert!(memory(std::process::id()) > before + 32 * 1024 * 1024);
        drop(block);
    }
}
