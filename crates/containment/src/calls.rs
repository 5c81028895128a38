//! Which system calls a function may not make: a seccomp filter in front of the kernel.
//!
//! A list of what is refused, not of what is allowed: runtimes differ, and those that we do not
//! know shall work. It has what makes memory that no limit of the kernel and no watch of the
//! server sees, what makes further namespaces and mounts, what looks into other processes, and
//! what administers the machine. Each call is refused with an error, so that programs fall back on
//! something else; only a call of another architecture (i386 on x86-64) ends the process. System
//! calls that are newer than this list do not exist, nor do those of x86's x32 ABI, whose numbers
//! are higher.

use std::collections::BTreeMap;
use std::io;

use libc::{ENOSYS, EPERM};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter, sock_filter,
};

/// The first number that does not exist: `mseal` (462, Linux 6.10) is the last that does.
const NEWER: u32 = 463;

/// A program falls back on another way when these do not exist.
const NOT_THERE: &[libc::c_long] = &[
    // Memory that is in no file of the view and need not be mapped by anybody.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_shmdt,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_io_setup,
    // Pins a page, and the huge page around it, in a pipe.
    libc::SYS_vmsplice,
    // Rings pass filters by.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    // Its flags are in memory, where no filter reads them; libraries then use clone.
    libc::SYS_clone3,
];

/// What a function has no business with.
const FORBIDDEN: &[libc::c_long] = &[
    // Further namespaces, mounts and roots.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // Keys of the kernel.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Programs for the kernel, and its counters.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    // The machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// What only this architecture has.
#[cfg(target_arch = "x86_64")]
const FORBIDDEN_HERE: &[libc::c_long] = &[
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
];
/// `kexec_file_load`, which not every C library has a name for.
#[cfg(target_arch = "aarch64")]
const FORBIDDEN_HERE: &[libc::c_long] = &[294];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FORBIDDEN_HERE: &[libc::c_long] = &[];

/// The flags of `clone` that make namespaces.
const NAMESPACES: &[libc::c_int] = &[
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

type Rules = BTreeMap<libc::c_long, Vec<SeccompRule>>;

/// Takes the filters on; there is no way back, and `no_new_privs` must be set.
pub(crate) fn refuse() -> io::Result<()> {
    let here = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    for program in filters(here)? {
        apply_filter(&program).map_err(io::Error::other)?;
    }
    Ok(())
}

/// The filters of an architecture, whose numbers of system calls this program was built with.
fn filters(of: TargetArch) -> io::Result<[BpfProgram; 3]> {
    Ok([missing(of)?, forbidden(of)?, unheard(of)?])
}

fn missing(of: TargetArch) -> io::Result<BpfProgram> {
    let mut program = newer_are_missing().to_vec();
    program.extend(compile(of, whole(NOT_THERE), ENOSYS)?);
    Ok(program)
}

fn forbidden(of: TargetArch) -> io::Result<BpfProgram> {
    let mut rules = whole(FORBIDDEN);
    rules.extend(whole(FORBIDDEN_HERE));
    rules.extend(by_arguments().map_err(io::Error::other)?);
    compile(of, rules, EPERM)
}

/// Calls that succeed and do nothing: programs ask for longer socket buffers and expect no more
/// than that the kernel may give less.
fn unheard(of: TargetArch) -> io::Result<BpfProgram> {
    let of_buffers = [libc::SO_SNDBUF, libc::SO_RCVBUF].map(|option| {
        let conditions = [(1, libc::SOL_SOCKET), (2, option)].map(|(index, value)| {
            let value = u64::from(value.unsigned_abs());
            SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
        });
        SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
    });
    let rules = of_buffers.into_iter().collect::<Result<_, _>>().map_err(io::Error::other)?;
    compile(of, Rules::from([(libc::SYS_setsockopt, rules)]), 0)
}

fn whole(calls: &[libc::c_long]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

/// Calls that are refused with some arguments only.
fn by_arguments() -> Result<Rules, seccompiler::BackendError> {
    use SeccompCmpOp::{Eq, Ge, Gt, Le, MaskedEq};
    let one = |index, op, value: libc::c_int| {
        let value = u64::from(value.unsigned_abs());
        SeccompCondition::new(index, SeccompCmpArgLen::Dword, op, value)
    };
    let namespaces = NAMESPACES.iter().map(|flag| {
        SeccompRule::new(vec![one(0, MaskedEq(u64::from(flag.unsigned_abs())), *flag)?])
    });
    // Shared memory without a file outlives its mapping in part: it is not counted where it is
    // not touched. MAP_TYPE is the lowest four bits.
    let shared = [libc::MAP_SHARED, libc::MAP_SHARED_VALIDATE].map(|kind| {
        let mask = u64::from((0x0f | libc::MAP_ANONYMOUS).unsigned_abs());
        SeccompRule::new(vec![one(3, MaskedEq(mask), kind | libc::MAP_ANONYMOUS)?])
    });
    // Local, IPv4, IPv6 and netlink; nothing else is for functions.
    let families = [
        vec![one(0, Gt, libc::AF_NETLINK)?],
        vec![one(0, Ge, libc::AF_INET + 1)?, one(0, Le, libc::AF_INET6 - 1)?],
        vec![one(0, Ge, libc::AF_INET6 + 1)?, one(0, Le, libc::AF_NETLINK - 1)?],
    ];
    // A pipe keeps its first size.
    let pipes = SeccompRule::new(vec![one(1, Eq, libc::F_SETPIPE_SZ)?])?;
    // The server reads what a process has open.
    let hidden = SeccompRule::new(vec![one(0, Eq, libc::PR_SET_DUMPABLE)?])?;
    Ok(Rules::from([
        (libc::SYS_clone, namespaces.collect::<Result<_, _>>()?),
        (libc::SYS_mmap, shared.into_iter().collect::<Result<_, _>>()?),
        (libc::SYS_socket, families.into_iter().map(SeccompRule::new).collect::<Result<_, _>>()?),
        (libc::SYS_fcntl, vec![pipes]),
        (libc::SYS_prctl, vec![hidden]),
    ]))
}

fn compile(of: TargetArch, rules: Rules, error: libc::c_int) -> io::Result<BpfProgram> {
    let refused = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refused, of)
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)
}

/// In front of a filter: load the call's number, and refuse those that this list does not know.
fn newer_are_missing() -> [sock_filter; 3] {
    let instruction = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    [
        instruction(0x20, 0, 0, 0), // BPF_LD | BPF_W | BPF_ABS: seccomp_data.nr
        instruction(0x35, 0, 1, NEWER), // BPF_JMP | BPF_JGE | BPF_K
        instruction(0x06, 0, 0, libc::SECCOMP_RET_ERRNO | ENOSYS.unsigned_abs()), // BPF_RET
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` of the kernel's `audit.h`.
    const ARCHITECTURES: [(TargetArch, u32); 2] =
        [(TargetArch::x86_64, 0xc000_003e), (TargetArch::aarch64, 0xc000_00b7)];

    #[test]
    fn the_filters_can_be_compiled_for_both_architectures_and_are_short() {
        for (architecture, number) in ARCHITECTURES {
            for program in filters(architecture).unwrap() {
                assert!((5..1000).contains(&program.len()), "{}", program.len());
                // What comes from another architecture meets the end, so its number is in there.
                assert!(program.iter().any(|it| it.k == number), "{architecture:?}");
                assert!(program.iter().any(|it| it.k == libc::SECCOMP_RET_KILL_PROCESS));
            }
        }
    }

    /// `asm/unistd_64.h` of x86 and `asm-generic/unistd.h`, which is arm64's.
    #[test]
    fn numbers_are_those_of_the_architecture_that_this_was_built_for() {
        let mount = match std::env::consts::ARCH {
            "x86_64" => [(libc::SYS_mount, 165), (libc::SYS_ptrace, 101), (libc::SYS_clone, 56)],
            "aarch64" => [(libc::SYS_mount, 40), (libc::SYS_ptrace, 117), (libc::SYS_clone, 220)],
            other => panic!("there is no filter for {other}"),
        };
        for (number, expected) in mount {
            assert_eq!(number, expected);
        }
        // One table for all since Linux 5.
        assert_eq!((libc::SYS_io_uring_setup, libc::SYS_clone3), (425, 435));
    }

    #[test]
    fn no_call_is_refused_in_two_ways() {
        let arguments = by_arguments().unwrap();
        for call in NOT_THERE {
            let other = FORBIDDEN.iter().chain(FORBIDDEN_HERE).chain(arguments.keys());
            assert!(!other.copied().any(|each| each == *call), "{call}");
            assert!(*call < libc::c_long::from(NEWER));
        }
    }
}
