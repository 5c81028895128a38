//! Whether this machine contains a program as it would a function: one that does nothing is started.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use fleetwright_containment::{Bind, Limits, OUTER, Own, Program, View};

use crate::cgroups;
use crate::factory::SYSTEM;
use crate::settings::{Containment, Settings};

/// What every machine has, and what ends at once.
const NOTHING: &str = "/bin/true";
const MIB: u64 = 1024 * 1024;

/// The result of the trial.
#[derive(Debug)]
pub struct Trial {
    /// What bounds the memory of functions of a server.
    pub bound: cgroups::Bound,
    /// Why the program was not contained.
    pub failure: Option<String>,
}

impl Trial {
    /// Tries, with `own` as the program that contains; `server` is the process whose functions it
    /// is about.
    pub fn run(settings: &Settings, own: &Path, server: u32) -> Self {
        let bound = cgroups::bound(server, settings.cgroup.as_deref());
        // Hidden from the program alone, in a namespace of its own; gone again afterwards.
        let root = std::env::temp_dir().join(format!("fleetwright-trial-{}", std::process::id()));
        let tried = fs::create_dir(&root).and_then(|()| start(&program(settings, &root), own));
        let _ = fs::remove_dir(&root);
        Self { bound, failure: tried.err().map(|error| error.to_string()) }
    }
}

fn program(settings: &Settings, root: &Path) -> Program {
    let binds = SYSTEM.iter().map(|path| Bind { from: path.into(), to: path.into() });
    let own = Own { root: root.to_owned(), binds: binds.collect(), tmp_bytes: MIB };
    let contained = settings.containment == Containment::Full;
    Program {
        executable: NOTHING.into(),
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        directory: "/".into(),
        user: (contained && rustix::process::geteuid().is_root()).then_some(settings.first_user),
        cgroups: Vec::new(),
        view: if contained { View::Own(own) } else { View::Shared },
        limits: Limits {
            memory_bytes: 256 * MIB,
            cpu_seconds: 10,
            processes: 16,
            file_bytes: MIB,
            open_files: 64,
        },
    }
}

fn start(program: &Program, own: &Path) -> io::Result<()> {
    let mut outer = Command::new(own)
        .arg(OUTER)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = outer.stdin.take() {
        input.write_all(&serde_json::to_vec(program)?)?;
    }
    let ended = outer.wait_with_output()?;
    if ended.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&ended.stderr).trim().to_owned()))
}
