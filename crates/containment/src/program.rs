//! What is to be run, and within what. Written by the server, read by the outer process.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program and its surroundings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// The executable, as the program sees it.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment: nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// Where it starts, as it sees it.
    pub directory: PathBuf,
    /// User and group that it runs as; needs a server that runs as root. `None`: the server's.
    pub user: Option<u32>,
    /// Files by which a process enters the control groups that are the program's.
    pub cgroups: Vec<PathBuf>,
    /// What it sees.
    pub view: View,
    /// What it may use.
    pub limits: Limits,
}

/// What a program sees of the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum View {
    /// Only its own processes, and a file system made for it.
    Own(Own),
    /// What the server's user sees.
    Shared,
}

/// A file system made for one program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// An empty directory of the machine, on which the root is mounted.
    pub root: PathBuf,
    /// What it holds, read-only; sources that do not exist are left out.
    pub binds: Vec<Bind>,
    /// Size of `/tmp`, bytes; it is memory and gone with the program.
    pub tmp_bytes: u64,
}

/// A directory or file of the machine, shown read-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// Where it is.
    pub from: PathBuf,
    /// Where the program sees it.
    pub to: PathBuf,
}

/// What each process of a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Writable memory of its own, bytes.
    pub memory_bytes: u64,
    /// Processor time, seconds.
    pub cpu_seconds: u64,
    /// Processes and threads of its user.
    pub processes: u64,
    /// Largest file that it may write, bytes.
    pub file_bytes: u64,
    /// Open files.
    pub open_files: u64,
}
