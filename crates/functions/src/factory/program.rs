//! What a worker's process is started with: executable, environment, view and limits.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use fleetwright_access::session_token::TemporaryCredentials;
use fleetwright_containment::{Bind, Limits, Own, Program, View};
use fleetwright_core::function::RuntimeKind;

use super::WorkerFactory;
use crate::environment::{ROOT_CA, WorkerContext, variables};
use crate::interpreter::Interpreter;
use crate::revision::Revision;
use crate::settings::Containment;

/// What every function sees of the machine: programs, libraries, names.
pub(crate) const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/ca-certificates",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
];
/// What it sees of an interpreter that is installed elsewhere, and no more: its prefix may be
/// a user's home directory.
const PARTS: &[&str] = &["bin", "lib", "lib64", "libexec"];
/// Where a function finds its code. AWS: `LAMBDA_TASK_ROOT`.
const TASK: &str = "/var/task";
/// Where a function finds the runtime interface client. AWS: `LAMBDA_RUNTIME_DIR`.
const RUNTIME: &str = "/var/runtime";
/// Where `import` looks last, which knows no `NODE_PATH`: AWS's runtimes let it find the SDK too.
const MODULES: &str = "/node_modules";
/// Processor seconds of one process of a worker. (ours)
const CPU_SECONDS: u64 = 600;
/// Processes and threads of one worker. (ours; AWS: 1,024)
const PROCESSES: u64 = 256;
/// Open files of one worker. AWS: 1,024.
const OPEN_FILES: u64 = 1024;

impl WorkerFactory {
    pub(super) fn program(
        &self,
        revision: &Revision,
        interpreter: &Interpreter,
        code: &Path,
        credentials: &TemporaryCredentials,
        api: SocketAddr,
        user: u32,
    ) -> Result<Program, String> {
        let contained = self.settings.containment == Containment::Full;
        let client = interpreter.client.as_deref().unwrap_or(code);
        let root_ca = self.data_dir.join("root-ca.pem");
        let seen = |own: &str, real: &Path| if contained { own.into() } else { real.to_owned() };
        let task: PathBuf = seen(TASK, code);
        let runtime: PathBuf = seen(RUNTIME, client);
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let around = WorkerContext {
            scope: &self.scope,
            api,
            endpoint: self.endpoint.get(),
            endpoints: &self.settings.endpoints,
            credentials,
            task: &task,
            runtime: &runtime,
            root_ca: &seen(ROOT_CA, &root_ca),
            worker: &format!("{:x}-{number:x}", std::process::id()),
        };
        let (executable, arguments) = command(revision, interpreter, &task, &runtime, client);
        let as_root = contained && rustix::process::geteuid().is_root();
        Ok(Program {
            executable,
            arguments,
            environment: variables(revision, &around),
            directory: task,
            user: as_root.then_some(user),
            cgroups: Vec::new(),
            view: match contained {
                true => View::Own(self.own_view(interpreter, code, client, &root_ca)?),
                false => View::Shared,
            },
            limits: self.limits(revision),
        })
    }

    fn own_view(
        &self,
        interpreter: &Interpreter,
        code: &Path,
        client: &Path,
        root_ca: &Path,
    ) -> Result<Own, String> {
        let prefix = interpreter.prefix.as_deref();
        let of_prefix = PARTS.iter().filter_map(|part| Some(prefix?.join(part)));
        let same = SYSTEM.iter().map(PathBuf::from).chain(of_prefix);
        let mut binds: Vec<Bind> = same.map(|path| Bind { from: path.clone(), to: path }).collect();
        let holds_data = |bind: &&Bind| {
            bind.from.canonicalize().is_ok_and(|from| self.data_dir.starts_with(from))
        };
        if let Some(shown) = binds.iter().find(holds_data) {
            return Err(format!(
                "functions see {}, and the data directory {} is in it; move it elsewhere",
                shown.from.display(),
                self.data_dir.display()
            ));
        }
        for (from, to) in [(code, TASK), (client, RUNTIME), (root_ca, ROOT_CA)] {
            binds.push(Bind { from: from.into(), to: to.into() });
        }
        let modules = client.join("node_modules");
        if modules.is_dir() {
            binds.push(Bind { from: modules, to: MODULES.into() });
        }
        Ok(Own { root: self.root.clone(), binds, tmp_bytes: self.tmp_bytes() })
    }

    pub(super) fn tmp_bytes(&self) -> u64 {
        self.settings.tmp_mib * 1024 * 1024
    }

    fn limits(&self, revision: &Revision) -> Limits {
        // What threads set aside and do not write to counts here; what is written to is watched.
        let aside = match revision.runtime.kind() {
            RuntimeKind::Node => 2048,
            RuntimeKind::Python | RuntimeKind::Provided => 512,
        };
        Limits {
            memory_bytes: (u64::from(revision.memory_mib) + aside) * 1024 * 1024,
            cpu_seconds: CPU_SECONDS,
            processes: PROCESSES,
            file_bytes: self.tmp_bytes(),
            open_files: OPEN_FILES,
        }
    }
}

/// The executable and its arguments, as the function sees them.
fn command(
    revision: &Revision,
    interpreter: &Interpreter,
    task: &Path,
    runtime: &Path,
    client: &Path,
) -> (PathBuf, Vec<String>) {
    let handler = revision.handler.clone();
    match (revision.runtime.kind(), &interpreter.executable) {
        (RuntimeKind::Python, Some(python)) => {
            (python.clone(), vec!["-m".into(), "awslambdaric".into(), handler])
        }
        (RuntimeKind::Node, Some(node)) => {
            const CLIENT: &str = "node_modules/aws-lambda-ric";
            // Version 4, version 3, and what came before.
            let scripts = ["index.mjs", "bin/index.mjs", "bin/index.js"];
            let found = scripts.into_iter().find(|name| client.join(CLIENT).join(name).exists());
            let script = runtime.join(CLIENT).join(found.unwrap_or("index.mjs"));
            (node.clone(), vec![script.to_string_lossy().into_owned(), handler])
        }
        _ => (task.join("bootstrap"), Vec::new()),
    }
}
