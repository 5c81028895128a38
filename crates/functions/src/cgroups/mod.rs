//! Control groups of the kernel: where they are at hand, each worker has one of its own, and the
//! kernel itself bounds what its processes hold, whatever it is made of: pages, files of `/tmp`,
//! pipes, sockets, the kernel's own tables.
//!
//! Of version 2 a group is used that was given to this server: marked so (as systemd does with
//! `Delegate=yes`), owned by its user, or named in the configuration. Of version 1, which has no
//! such mark, one that the configuration names. Nobody else's tree is touched. Elsewhere memory is
//! bounded by what the server sees when it looks: see `worker`.

mod probe;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// What workers are bounded by.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];
/// The group that this server moves into: one that has groups with controllers has no processes.
const LEAF: &str = "server";
/// Beginning of the names of workers' groups.
const WORKER: &str = "worker-";
/// What the kernel may hold for a worker beside its memory and its `/tmp`, bytes: tables of pages,
/// open files, what lies in pipes and sockets. (ours)
const KERNEL_BYTES: u64 = 32 * 1024 * 1024;
/// The worker's processes around the program. (ours)
const AROUND: u64 = 2;

/// A group in which groups of workers might be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) path: PathBuf,
    /// It is one.
    pub(crate) exists: bool,
    /// It was given to this server.
    pub(crate) ours: bool,
    /// Controllers that its groups can have.
    pub(crate) controllers: Vec<String>,
    /// Processes in it, without this one.
    pub(crate) others: usize,
    /// This process is in it.
    pub(crate) inhabited: bool,
    /// Directories can be made in it.
    pub(crate) writable: bool,
}

/// What was detected of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detected {
    /// The configuration names a group of version 1: that of each hierarchy with a controller.
    Legacy { memory: Group, pids: Option<Group> },
    /// Groups of version 2, the likeliest first.
    Unified(Vec<Group>),
}

/// What bounds the memory of functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// Groups of version 2 in this one; `leave`: after this process has left it.
    Unified {
        /// The group that holds those of the workers.
        parent: PathBuf,
        /// Whether this process is in it, and goes into one beside them.
        leave: bool,
    },
    /// Groups of version 1 in these, that of memory first.
    Legacy {
        /// One for each hierarchy.
        parents: Vec<PathBuf>,
    },
    /// None: the server looks, and ends what has too much.
    Polled {
        /// Why there are no groups.
        why: String,
    },
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unified { parent, .. } => {
                write!(f, "the kernel, by control groups of version 2 in {}", parent.display())
            }
            Self::Legacy { parents } => {
                let all: Vec<_> = parents.iter().map(|it| it.display().to_string()).collect();
                write!(f, "the kernel, by control groups of version 1 in {}", all.join(" and "))
            }
            Self::Polled { why } => {
                write!(f, "the server, which looks every 25 ms (no control groups: {why})")
            }
        }
    }
}

/// Decides by what was detected.
pub(crate) fn decide(detected: &Detected) -> Bound {
    let unusable = match detected {
        Detected::Legacy { memory, pids } => match unusable(memory, &CONTROLLERS[..1]) {
            None => {
                let pids = pids.iter().filter(|pids| unusable(pids, &CONTROLLERS[1..]).is_none());
                let parents = std::iter::once(memory).chain(pids).map(|it| it.path.clone());
                return Bound::Legacy { parents: parents.collect() };
            }
            some => some,
        },
        Detected::Unified(groups) => {
            let mut first = None;
            for group in groups {
                let why = unusable(group, &CONTROLLERS).or_else(|| {
                    (group.others > 0).then(|| {
                        format!("{} has {} other processes", group.path.display(), group.others)
                    })
                });
                match why {
                    None => {
                        let (parent, leave) = (group.path.clone(), group.inhabited);
                        return Bound::Unified { parent, leave };
                    }
                    Some(why) => first = first.or(Some(why)),
                }
            }
            first
        }
    };
    Bound::Polled { why: unusable.unwrap_or_else(|| "version 2 is not mounted here".to_owned()) }
}

/// Why a group cannot hold those of workers; the first of several reasons.
fn unusable(group: &Group, wanted: &[&str]) -> Option<String> {
    let path = group.path.display();
    if !group.exists {
        return Some(format!("{path} is no control group"));
    }
    if !group.ours {
        return Some(format!("{path} was not given to this server"));
    }
    for controller in wanted {
        if !group.controllers.iter().any(|has| has == controller) {
            return Some(format!("{path} has no controller {controller}"));
        }
    }
    (!group.writable).then(|| format!("{path} cannot be written"))
}

/// The bound for the functions of a process, by looking only; `named` is from the configuration.
pub(crate) fn bound(process: u32, named: Option<&Path>) -> Bound {
    decide(&probe::look(process, named))
}

/// Makes groups of workers and takes them away.
#[derive(Debug)]
pub(crate) struct Cgroups {
    bound: Bound,
    /// Of workers that ended: a group can be removed once its last process is gone.
    left: Arc<Mutex<Vec<PathBuf>>>,
    made: AtomicU64,
}

impl Cgroups {
    /// Prepares the group that will hold those of workers, and takes away what an earlier server
    /// left in it.
    ///
    /// # Errors
    /// When the configuration names a group that cannot be had; else it is done without.
    pub(crate) fn take(named: Option<&Path>) -> Result<Self, String> {
        let mut bound = bound(std::process::id(), named);
        if let Err(error) = prepare(&bound) {
            bound = Bound::Polled { why: error.to_string() };
        }
        match (&bound, named) {
            (Bound::Polled { why }, Some(named)) => {
                return Err(format!("[functions] cgroup = \"{}\": {why}", named.display()));
            }
            _ => tracing::info!("functions' memory is bounded by {bound}"),
        }
        Ok(Self::of(bound))
    }

    fn of(bound: Bound) -> Self {
        Self { bound, left: Arc::default(), made: AtomicU64::new(0) }
    }

    /// A group for a worker, with this much memory; `None` where there are no groups.
    ///
    /// # Errors
    /// When the kernel does not bound it.
    pub(crate) fn make(&self, bytes: u64, processes: u64) -> io::Result<Option<Cgroup>> {
        self.remove_left();
        let (parents, settings) = match &self.bound {
            Bound::Polled { .. } => return Ok(None),
            Bound::Unified { parent, .. } => (std::slice::from_ref(parent), UNIFIED),
            Bound::Legacy { parents } => (parents.as_slice(), LEGACY),
        };
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("{WORKER}{:x}-{number:x}", std::process::id());
        let mut made = Cgroup { groups: Vec::new(), left: Arc::clone(&self.left) };
        for parent in parents {
            let group = parent.join(&name);
            fs::create_dir(&group)?;
            made.groups.push(group);
        }
        for setting in settings {
            let value = match setting.value {
                Value::Memory => bytes.saturating_add(KERNEL_BYTES).to_string(),
                Value::Processes => processes.saturating_add(AROUND).to_string(),
                Value::Fixed(value) => value.to_owned(),
            };
            let file = made.groups.iter().map(|it| it.join(setting.file)).find(|it| it.exists());
            match file.map(|file| put(&file, &value)) {
                Some(Err(error)) if setting.must => return Err(error),
                None if setting.must => {
                    return Err(io::Error::other(format!("no file {}", setting.file)));
                }
                _ => {}
            }
        }
        Ok(Some(made))
    }

    /// Takes away the groups of workers that have ended altogether.
    pub(crate) fn remove_left(&self) {
        self.left.lock().retain(|group| {
            let removed = fs::remove_dir(group);
            removed.is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
        });
    }
}

/// A file of a group, and what is written to it.
struct Setting {
    file: &'static str,
    value: Value,
    /// A worker without it is not bounded; others depend on the kernel.
    must: bool,
}

enum Value {
    Memory,
    Processes,
    Fixed(&'static str),
}

const UNIFIED: &[Setting] = &[
    Setting { file: "memory.max", value: Value::Memory, must: true },
    Setting { file: "memory.swap.max", value: Value::Fixed("0"), must: false },
    // All of it ends together: half a worker is of no use.
    Setting { file: "memory.oom.group", value: Value::Fixed("1"), must: false },
    Setting { file: "pids.max", value: Value::Processes, must: true },
];
const LEGACY: &[Setting] = &[
    Setting { file: "memory.limit_in_bytes", value: Value::Memory, must: true },
    // With swap; not below the limit without.
    Setting { file: "memory.memsw.limit_in_bytes", value: Value::Memory, must: false },
    // Version 1 counts the buffers of TCP apart.
    Setting { file: "memory.kmem.tcp.limit_in_bytes", value: Value::Memory, must: false },
    Setting { file: "pids.max", value: Value::Processes, must: false },
];

/// The group of one worker; taken away some time after it was dropped.
#[derive(Debug)]
pub(crate) struct Cgroup {
    groups: Vec<PathBuf>,
    left: Arc<Mutex<Vec<PathBuf>>>,
}

impl Cgroup {
    /// The files that a process enters the group by.
    pub(crate) fn doors(&self) -> Vec<PathBuf> {
        self.groups.iter().map(|group| group.join("cgroup.procs")).collect()
    }

    /// Whether the kernel ended a process of it for want of memory.
    pub(crate) fn ran_out(&self) -> bool {
        let files = self.groups.iter().flat_map(|group| {
            ["memory.events", "memory.oom_control"].map(|name| fs::read_to_string(group.join(name)))
        });
        files.flatten().any(|text| {
            let mut counts = text.lines().filter_map(|line| line.strip_prefix("oom_kill "));
            counts.any(|count| count.trim() != "0")
        })
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for group in &self.groups {
            // Version 2 ends what is still in it; the worker's process was killed before.
            let _ = put(&group.join("cgroup.kill"), "1");
        }
        self.left.lock().append(&mut self.groups);
    }
}

fn prepare(bound: &Bound) -> io::Result<()> {
    match bound {
        Bound::Polled { .. } => {}
        Bound::Legacy { parents } => parents.iter().for_each(|parent| tidy(parent)),
        Bound::Unified { parent, leave } => {
            if *leave {
                let leaf = parent.join(LEAF);
                fs::create_dir(&leaf).or_else(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => Ok(()),
                    _ => Err(named(&leaf, &error)),
                })?;
                put(&leaf.join("cgroup.procs"), "0")?;
            }
            tidy(parent);
            let control = parent.join("cgroup.subtree_control");
            let wanted = CONTROLLERS.map(|controller| format!("+{controller}")).join(" ");
            put(&control, &wanted)?;
        }
    }
    Ok(())
}

/// Writes to a file that the kernel made.
fn put(file: &Path, value: &str) -> io::Result<()> {
    let opened = fs::File::options().write(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(value.as_bytes()));
    written.map_err(|error| named(file, &error))
}

/// Removes empty groups of workers.
fn tidy(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(WORKER) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
