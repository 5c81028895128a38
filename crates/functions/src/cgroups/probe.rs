//! What this machine has of control groups: reads, and changes nothing.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, getxattr, statfs};

use super::{Detected, Group, LEAF};

/// File system types of the kernel's `magic.h`.
const VERSION_1: i64 = 0x0027_e0eb;
const VERSION_2: i64 = 0x6367_7270;
/// How systemd marks a group whose tree belongs to the service that runs in it; the first by root.
const MARKS: [&str; 2] = ["trusted.delegate", "user.delegate"];

/// Looks at the group that the configuration names, else at those that a process is in.
pub(super) fn look(process: u32, named: Option<&Path>) -> Detected {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let Some(named) = named else {
        let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
        let own = unified_path(&mounts, &groups);
        return Detected::Unified(own.map(|own| candidates(&own, process)).unwrap_or_default());
    };
    let version = statfs(named).map(|found| found.f_type);
    if version == Ok(VERSION_1) {
        let memory = legacy(named, "memory", "memory.limit_in_bytes");
        let pids = sibling(&mounts, named, "pids").map(|it| legacy(&it, "pids", "pids.max"));
        return Detected::Legacy { memory, pids: pids.filter(|pids| pids.path.exists()) };
    }
    let exists = version == Ok(VERSION_2);
    Detected::Unified(vec![Group { exists, ours: exists, ..unified(named, process) }])
}

/// A process's own group, and the one around it: who was given a tree is in it or in a leaf.
fn candidates(own: &Path, process: u32) -> Vec<Group> {
    let around = own.parent().filter(|around| around.join("cgroup.procs").exists());
    let mut all: Vec<&Path> = std::iter::once(own).chain(around).collect();
    if own.file_name().is_some_and(|name| name == LEAF) {
        all.reverse();
    }
    all.into_iter().map(|path| unified(path, process)).collect()
}

fn unified(path: &Path, process: u32) -> Group {
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap_or_default();
    let inside = read("cgroup.procs");
    let process = process.to_string();
    let inhabited = inside.lines().any(|id| id == process);
    Group {
        exists: true,
        ours: is_given(path),
        controllers: read("cgroup.controllers").split_whitespace().map(str::to_owned).collect(),
        others: inside.lines().count() - usize::from(inhabited),
        inhabited,
        writable: is_writable(path),
        path: path.to_owned(),
    }
}

fn legacy(path: &Path, controller: &str, file: &str) -> Group {
    let has = path.join(file).exists();
    Group {
        path: path.to_owned(),
        exists: true,
        ours: true,
        controllers: has.then(|| controller.to_owned()).into_iter().collect(),
        writable: is_writable(path),
        ..Group::default()
    }
}

fn is_given(path: &Path) -> bool {
    let marked = MARKS.iter().any(|mark| {
        let mut value = [0_u8; 8];
        getxattr(path, *mark, &mut value).is_ok_and(|length| value.get(..length) == Some(b"1"))
    });
    let user = rustix::process::geteuid();
    marked
        || (!user.is_root() && fs::metadata(path).is_ok_and(|found| found.uid() == user.as_raw()))
}

fn is_writable(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok()
}

/// Where a process's group of version 2 is in the file system.
fn unified_path(mounts: &str, groups: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let (root, point) = mounts.lines().find_map(|line| mount(line, "cgroup2", None))?;
    let below = Path::new(group).strip_prefix(root).ok()?;
    Some(if below.as_os_str().is_empty() { point.into() } else { Path::new(point).join(below) })
}

/// The group of the same path in the hierarchy of version 1 that has another controller.
fn sibling(mounts: &str, named: &Path, controller: &str) -> Option<PathBuf> {
    let mut points = mounts.lines().filter_map(|line| mount(line, "cgroup", None));
    let (_, own) = points.find(|(_, point)| named.starts_with(point))?;
    let below = named.strip_prefix(own).ok()?;
    let (_, other) = mounts.lines().find_map(|line| mount(line, "cgroup", Some(controller)))?;
    Some(Path::new(other).join(below))
}

/// Root and mount point of a line of `mountinfo` (proc(5)), if it is of a kind of file system and
/// has an option.
fn mount<'a>(line: &'a str, kind: &str, option: Option<&str>) -> Option<(&'a str, &'a str)> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let fits = right.next() == Some(kind)
        && option.is_none_or(|option| {
            right.nth(1).is_some_and(|all| all.split(',').any(|it| it == option))
        });
    let mut left = left.split(' ').skip(3);
    fits.then_some((left.next()?, left.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
32 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755
33 32 0:29 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
34 32 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:11 - cgroup cgroup rw,memory
35 32 0:31 / /sys/fs/cgroup/pids rw,nosuid shared:12 - cgroup cgroup rw,pids,rdma";

    #[test]
    fn groups_are_found_in_the_table_of_mounts() {
        let groups = "4:memory:/a\n1:name=systemd:/b\n0::/system.slice/fleet.service\n";
        let detected = unified_path(MOUNTS, groups).unwrap();
        assert_eq!(detected, Path::new("/sys/fs/cgroup/unified/system.slice/fleet.service"));
        let root = unified_path(MOUNTS, "0::/\n").unwrap();
        assert_eq!(root, Path::new("/sys/fs/cgroup/unified"));
        assert_eq!(unified_path(MOUNTS, "4:memory:/a\n"), None);
        assert_eq!(unified_path("", groups), None);
        let memory = Path::new("/sys/fs/cgroup/memory/fleet");
        let pids = sibling(MOUNTS, memory, "pids").unwrap();
        assert_eq!(pids, Path::new("/sys/fs/cgroup/pids/fleet"));
        assert_eq!(sibling(MOUNTS, memory, "cpu"), None);
    }

    #[test]
    fn what_is_no_control_group_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let detected = look(std::process::id(), Some(dir.path()));
        let Detected::Unified(groups) = &detected else { panic!("{detected:?}") };
        assert!(!groups[0].exists && !groups[0].ours);
    }
}
