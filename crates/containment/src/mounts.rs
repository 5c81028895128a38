//! The file system that a program sees: an empty one in memory with a few read-only views of the
//! machine's, devices that hold nothing, a `/tmp` of its own.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::pivot_root;
use rustix::system::sethostname;

use crate::step::named;
use crate::{Bind, Own};

/// Devices that every program expects and that give nothing away. No `zero`: mapped by several it
/// is memory that is counted nowhere.
const DEVICES: &[&str] = &["null", "full", "random", "urandom"];
/// Keys of the kernel that a user may look at because they are his, whose they are in truth.
const KEYS: &[&str] = &["/proc/keys", "/proc/key-users"];
/// Where the old root is for the moment.
const OLD: &str = ".old";
/// Size of the root itself: directories and a few small files.
const ROOT_SIZE: &str = "size=1m,mode=0755";
/// Files and directories in `/tmp`. (ours)
const TMP_FILES: u32 = 10_000;
const QUIET: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

/// Makes the view and moves into it; `user` is who will live there.
pub(crate) fn make_root(own: &Own, user: u32) -> io::Result<()> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(|error| named("make mounts private", error))?;
    let root = &own.root;
    mount("fleetwright", root, "tmpfs", QUIET, Some(&*text(ROOT_SIZE)?))
        .map_err(|error| named(&format!("mount {}", root.display()), error))?;
    for bind in &own.binds {
        show(root, bind).map_err(|error| named(&format!("show {}", bind.from.display()), error))?;
    }
    read_only_below(root).map_err(|error| named("make what is shown read-only", error))?;
    devices(root).map_err(|error| named("make /dev", error))?;
    let who = format!("function:x:{user}:{user}::/tmp:/bin/false\n");
    directory(&root.join("etc"))?;
    fs::write(root.join("etc/passwd"), who)?;
    for name in ["tmp", "proc", OLD] {
        directory(&root.join(name))?;
    }
    let size = text(&format!("size={},nr_inodes={TMP_FILES},mode=1777", own.tmp_bytes))?;
    mount("tmp", root.join("tmp"), "tmpfs", QUIET, Some(&*size))
        .map_err(|error| named("mount /tmp", error))?;
    move_into(root)?;
    sethostname(b"function")?;
    Ok(())
}

fn move_into(root: &Path) -> io::Result<()> {
    pivot_root(root, root.join(OLD)).map_err(|error| named("change the root", error))?;
    std::env::set_current_dir("/")?;
    // Of the new process-id namespace, so it shows the program's own processes only. Inside a
    // container that hides parts of /proc the kernel refuses; the program then has none.
    let proc = QUIET | MountFlags::NOEXEC;
    if mount("proc", "/proc", "proc", proc, None).is_err() {
        eprintln!("this machine allows no /proc for functions; some programs miss it");
    }
    for hidden in KEYS.iter().map(Path::new).filter(|path| path.exists()) {
        mount_bind_recursive("/dev/null", hidden)
            .map_err(|error| named(&format!("hide {}", hidden.display()), error))?;
    }
    unmount(format!("/{OLD}"), UnmountFlags::DETACH)?;
    fs::remove_dir(format!("/{OLD}"))?;
    let read_only = MountFlags::BIND | MountFlags::RDONLY | QUIET;
    mount_remount("/", read_only, "").map_err(|error| named("make the root read-only", error))
}

/// Shows a file or directory of the machine, read-only. A symbolic link is shown as one when it
/// stays within the machine's own directories, as `/bin` does on most systems.
fn show(root: &Path, bind: &Bind) -> io::Result<()> {
    let to = inside(root, &bind.to);
    if let Some(parent) = to.parent() {
        directory(parent)?;
    }
    if bind.from == bind.to
        && let Ok(target) = fs::read_link(&bind.from)
        && target.is_relative()
        && target.components().count() <= 2
    {
        return symlink(target, to);
    }
    let Ok(from) = bind.from.canonicalize() else { return Ok(()) };
    if from.is_dir() {
        directory(&to)?;
    } else {
        File::create(&to)?;
    }
    mount_bind_recursive(&from, &to)?;
    Ok(())
}

/// Makes every mount below a path read-only: what is shown may have file systems of the machine
/// below it.
fn read_only_below(root: &Path) -> io::Result<()> {
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    for place in table.lines().filter_map(|line| line.split(' ').nth(4)) {
        let place = PathBuf::from(unescaped(place));
        if place != root && place.starts_with(root) {
            let flags = MountFlags::BIND | MountFlags::RDONLY | QUIET | kept(&place)?;
            mount_remount(&place, flags, "")
                .map_err(|error| named(&place.display().to_string(), error))?;
        }
    }
    Ok(())
}

/// A path as the kernel's table of mounts has it: `\ooo` for what would break the table.
fn unescaped(text: &str) -> OsString {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = (*first == b'\\').then(|| more.get(..3)).flatten();
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = more.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    OsString::from_vec(bytes)
}

/// Flags of the machine's mount, which a user namespace must not take off.
fn kept(path: &Path) -> io::Result<MountFlags> {
    let found = statvfs(path)?.f_flag;
    let mut flags = MountFlags::empty();
    for (of_mount, flag) in [
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        flags.set(flag, found.contains(of_mount));
    }
    Ok(flags)
}

fn devices(root: &Path) -> io::Result<()> {
    let dev = root.join("dev");
    directory(&dev)?;
    for name in DEVICES {
        let to = dev.join(name);
        File::create(&to)?;
        mount_bind_recursive(Path::new("/dev").join(name), &to)?;
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), dev.join(name))?;
    }
    Ok(())
}

/// A path of the view, under the root that is not yet the root.
fn inside(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn text(value: &str) -> io::Result<std::ffi::CString> {
    std::ffi::CString::new(value).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_the_kernels_table() {
        for (text, path) in
            [("/usr", "/usr"), (r"/a\040b", "/a b"), (r"/a\134\011", "/a\\\t"), (r"/\4", r"/\4")]
        {
            assert_eq!(unescaped(text), path);
        }
    }
}
