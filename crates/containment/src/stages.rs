//! The two processes around a program.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use rustix::process::{
    DumpableBehavior, Signal, WaitOptions, getegid, geteuid, set_dumpable_behavior,
    set_parent_process_death_signal, setsid, wait,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, Gid, Uid, UnshareFlags, clear_ambient_capability_set,
    configure_capability_in_ambient_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use crate::step::named;
use crate::{INIT, Program, View, calls, keyring, limit, machine, mounts};

/// Bytes of a [`Program`] as JSON. (ours)
const PROGRAM_BYTES: u64 = 1024 * 1024;
/// The user that a program sees itself as when the server is no root.
const INNER_USER: u32 = 993;

/// The outer process: leaves the server's namespaces, starts the init, and ends with it.
pub(crate) fn outer() -> io::Result<ExitCode> {
    // The server keeps its files to itself; a function's are as on AWS.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut program = read_program()?;
    setsid()?;
    keyring::leave().map_err(|error| named("take a session keyring of its own", error))?;
    for door in &program.cgroups {
        fs::write(door, "0").map_err(|error| named(&format!("enter {}", door.display()), error))?;
    }
    if program.view == View::Shared {
        return shared(&program);
    }
    leave(&mut program).map_err(|error| {
        named(
            "leave the server's namespaces (does this machine, or the container around it, allow \
             user namespaces?)",
            error,
        )
    })?;
    let text = serde_json::to_vec(&program)?;
    let mut init = Command::new("/proc/self/exe")
        .arg(INIT)
        .env_clear()
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| named("start the init", error))?;
    if let Some(mut input) = init.stdin.take() {
        input.write_all(&text)?;
    }
    Ok(code(init.wait()?))
}

/// The init of the new namespaces: makes the view, starts the program, reaps orphans.
pub(crate) fn init() -> io::Result<ExitCode> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let program = read_program()?;
    let View::Own(own) = &program.view else { return Err(io::ErrorKind::InvalidInput.into()) };
    volunteer_for_memory_shortage();
    mounts::make_root(own, program.user.unwrap_or(INNER_USER))?;
    limit::take_on(&program.limits).map_err(|error| named("take on the limits", error))?;
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    // Of this process: the program's own is another once it is executed. The filter forbids it.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    machine::keep_out().map_err(|error| named("keep out of abstract sockets (Landlock)", error))?;
    refuse_calls()?;
    let child = start(&program)?;
    give_up_rights(program.user)?;
    reap(&child)
}

/// A program that is contained by limits alone, in the place of this process.
fn shared(program: &Program) -> io::Result<ExitCode> {
    limit::take_on(&program.limits).map_err(|error| named("take on the limits", error))?;
    set_no_new_privs(true)?;
    refuse_calls()?;
    let mut command = command(program);
    Err(named("start the program", command.exec()))
}

fn refuse_calls() -> io::Result<()> {
    calls::refuse().map_err(|error| named("take on the filter of system calls (seccomp)", error))
}

fn read_program() -> io::Result<Program> {
    let mut text = Vec::new();
    io::stdin().lock().take(PROGRAM_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// New namespaces for what this process starts, by the ways that there are, the best first.
///
/// A root that may make them gives the program a user of its own. Where it may not (a container
/// without `CAP_SYS_ADMIN`), or has no such user (a user namespace of one id), and for a server that
/// is no root, a user namespace gives the right to make them, and no other; the program then is the
/// server's user.
fn leave(program: &mut Program) -> io::Result<()> {
    if program.user.is_some_and(is_mapped) && unshare(UnshareFlags::empty()).is_ok() {
        return Ok(());
    }
    program.user = None;
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{INNER_USER} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{INNER_USER} {group} 1"))?;
    let mount = CapabilitySet::SYS_ADMIN;
    set_capabilities(
        None,
        CapabilitySets { effective: mount, permitted: mount, inheritable: mount },
    )?;
    // The init is another executable of a user that is no root: only this lasts so far.
    configure_capability_in_ambient_set(mount, true)?;
    Ok(())
}

fn unshare(further: UnshareFlags) -> io::Result<()> {
    let flags =
        UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    // Deprecated because `UnshareFlags::FILES` can pull open files from under other threads: it
    // is not among the flags, and there are no other threads.
    #[expect(deprecated)]
    rustix::thread::unshare(flags | further).map_err(io::Error::from)
}

/// Whether this user namespace has a user and a group of this number.
fn is_mapped(id: u32) -> bool {
    ["/proc/self/uid_map", "/proc/self/gid_map"].iter().all(|table| {
        // Without a table nothing is known; then it is tried.
        fs::read_to_string(table).map_or(true, |text| has_id(&text, id))
    })
}

fn has_id(table: &str, id: u32) -> bool {
    table.lines().any(|line| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(first)), Some(Ok(_)), Some(Ok(count))) => {
                (first..first.saturating_add(count)).contains(&u64::from(id))
            }
            _ => false,
        }
    })
}

fn command(program: &Program) -> Command {
    let mut command = Command::new(&program.executable);
    command
        .args(&program.arguments)
        .env_clear()
        .envs(&program.environment)
        .current_dir(&program.directory)
        .stdin(Stdio::null());
    if let Some(user) = program.user {
        command.uid(user).gid(user);
    }
    command
}

fn start(program: &Program) -> io::Result<Child> {
    command(program)
        .spawn()
        .map_err(|error| named(&format!("start {}", program.executable.display()), error))
}

/// When memory runs out, the kernel ends a function rather than the server. Best effort: a kernel
/// without the file has no such choice.
fn volunteer_for_memory_shortage() {
    fs::write("/proc/self/oom_score_adj", "1000").ok();
}

/// The init keeps nothing that its program could want from it.
fn give_up_rights(user: Option<u32>) -> io::Result<()> {
    match user {
        Some(user) => {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
            set_thread_groups(&[])?;
            set_thread_res_gid(group, group, group)?;
            set_thread_res_uid(user, user, user)?;
        }
        None => {
            let none = CapabilitySet::empty();
            set_capabilities(
                None,
                CapabilitySets { effective: none, permitted: none, inheritable: none },
            )?;
        }
    }
    // A change of user clears it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// Waits for the program, and for every orphan before it.
fn reap(child: &Child) -> io::Result<ExitCode> {
    loop {
        let ended = match wait(WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => continue,
            ended => ended?,
        };
        if let Some((pid, status)) = ended
            && u32::try_from(pid.as_raw_nonzero().get()) == Ok(child.id())
        {
            return Ok(code(ExitStatus::from_raw(status.as_raw())));
        }
    }
}

/// As a shell tells it: the exit code, or 128 and the signal.
fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    u8::try_from(code.unwrap_or(1)).unwrap_or(u8::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_the_ids_of_its_table() {
        let whole = "         0          0 4294967295\n";
        let one = "0 1000 1\n";
        let two = "0 1000 1\n1 100000 65536\n";
        assert!(has_id(whole, 60_578) && has_id(two, 60_578));
        assert!(!has_id(one, 60_578) && !has_id(two, 65_537) && !has_id("", 0));
    }
}
