//! Makes workers: finds the interpreter, unpacks the code, opens a session of the function's
//! role, and starts the process within its containment.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fleetwright_containment::{Bind, Limits, Own, Program, View};
use fleetwright_core::arn::Home;
use fleetwright_core::function::RuntimeKind;
use fleetwright_core::names::RoleName;
use fleetwright_core::policy::Context;
use fleetwright_store::{IdentityName, Store};

use super::code::Codes;
use super::environment::{Endpoint, ROOT_CA, Surroundings, variables};
use super::interpreter::{Interpreter, Interpreters};
use super::log::Logs;
use super::outcome::Fault;
use super::places::{Place, Places};
use super::pool::Seat;
use super::process::Process;
use super::revision::Revision;
use super::runtime_api::RuntimeApi;
use super::worker::{NoWorker, Worker};
use crate::clock;
use crate::config::{Containment, Functions as Settings};
use crate::control::{Caller, CallerKind, Session};
use crate::identities::{Identities, Identity};
use crate::sealing::Sealing;
use crate::session_token::{self, Temporary};

/// What every function sees of the machine: programs, libraries, names.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
];
/// Where a function finds its code. AWS: `LAMBDA_TASK_ROOT`.
const TASK: &str = "/var/task";
/// Where a function finds the runtime interface client. AWS: `LAMBDA_RUNTIME_DIR`.
const RUNTIME: &str = "/var/runtime";
/// Processor seconds of one process of a worker. (ours)
const CPU_SECONDS: u64 = 600;
/// Processes and threads of one worker. (ours; AWS: 1,024)
const PROCESSES: u64 = 256;
/// Open files of one worker. AWS: 1,024.
const OPEN_FILES: u64 = 1024;
/// Who assumes execution roles.
const SERVICE: &str = "lambda.amazonaws.com";
/// Life of a worker's credentials: twice that of a worker. (ours)
const SESSION: Duration = Duration::from_secs(2 * 60 * 60);

/// What workers are made with.
pub(super) struct Workshop {
    pub(super) store: Store,
    pub(super) home: Home,
    pub(super) logs: Arc<Logs>,
    pub(super) settings: Settings,
    pub(super) sealing: Arc<Sealing>,
    pub(super) identities: Arc<Identities>,
    pub(super) codes: Codes,
    pub(super) interpreters: Interpreters,
    pub(super) places: Arc<Places>,
    /// This server's executable.
    pub(super) own: PathBuf,
    /// The data directory, which no function may see.
    pub(super) data_dir: PathBuf,
    /// An empty directory, over which each worker's root is mounted in its own namespace.
    pub(super) root: PathBuf,
    /// Known once the control plane listens.
    pub(super) endpoint: OnceLock<Endpoint>,
    pub(super) started: AtomicU64,
    /// Ends the longest idle worker of any revision; false when there is none.
    pub(super) make_room: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Workshop {
    /// A place for one more worker, if need be in place of one that is idle.
    pub(super) fn place(&self) -> Option<Place> {
        self.places.take().or_else(|| (self.make_room)().then(|| self.places.take()).flatten())
    }

    /// Makes a worker.
    pub(super) async fn start(
        &self,
        revision: Arc<Revision>,
        seat: Seat,
    ) -> Result<Worker, NoWorker> {
        let interpreter =
            self.interpreters.find(revision.runtime).await.map_err(NoWorker::Machine)?;
        let code = self.code(&revision).await.map_err(NoWorker::Machine)?;
        if interpreter.executable.is_none() && !is_executable(&code.join("bootstrap")) {
            return Err(NoWorker::Function(Fault::NoEntryPoint.payload("init")));
        }
        let credentials = self.credentials(&revision).await.map_err(NoWorker::Machine)?;
        let machine = |error: std::io::Error| NoWorker::Machine(error.to_string());
        let api = RuntimeApi::listen().await.map_err(machine)?;
        let program = self
            .program(&revision, &interpreter, &code, &credentials, api.address, seat.user())
            .map_err(NoWorker::Machine)?;
        let process = Process::start(&self.own, &program).await.map_err(machine)?;
        api.trust(process.id);
        Worker::initialize(process, api, revision, Arc::clone(&self.logs), seat).await
    }

    async fn code(&self, revision: &Revision) -> Result<PathBuf, String> {
        let place = self.codes.place(&revision.code);
        if place.exists() {
            return Ok(place);
        }
        let zip = self.store.function_code(&revision.code).await;
        let zip = zip.map_err(|error| format!("cannot read the function's code: {error}"))?;
        let zip = zip.ok_or("the function's code is gone: it was changed or deleted")?;
        let (codes, hash) = (self.codes.clone(), revision.code);
        let unpacked = tokio::task::spawn_blocking(move || codes.unpack(&hash, &zip)).await;
        unpacked
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("cannot unpack the function's code: {error}"))
    }

    /// A session of the execution role, if that still trusts Lambda.
    async fn credentials(&self, revision: &Revision) -> Result<Temporary, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let (role, arn) = (&revision.role, &revision.role_arn);
        let known = self.identities.get(&Identity::Role(role.clone())).await;
        let known = known.map_err(|error| text(&error.message))?;
        let now = clock::now();
        let context = Context { now: Some(now), ..Context::default() };
        if !known.is_role(arn) || !known.trusts(SERVICE, &context) {
            return Err(format!(
                "the execution role {arn} does not exist or does not trust {SERVICE}"
            ));
        }
        let found = self.store.identity(&IdentityName::Role(role.clone())).await;
        let found = found.map_err(|error| text(&error))?;
        let id = found.map(|role| role.unique_id).unwrap_or_default();
        let session = Session {
            issued: now,
            expires: now.plus_millis(i64::try_from(SESSION.as_millis()).unwrap_or(i64::MAX)),
            policies: Vec::new(),
            policy_arns: Vec::new(),
            tags: std::collections::BTreeMap::new(),
            source_identity: None,
            federated: None,
        };
        let caller = self.caller(revision, role.clone(), id);
        session_token::make(&self.sealing, caller, session).map_err(|error| text(&error.message))
    }

    fn caller(&self, revision: &Revision, role: RoleName, role_id: String) -> Caller {
        let (account, session) = (self.home.account.as_str(), revision.name.to_string());
        Caller {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            account: account.to_owned(),
            principal_arn: revision.role_arn.clone(),
            user_id: format!("{role_id}:{session}"),
            kind: CallerKind::AssumedRole { role, role_id, session },
            session: None,
        }
    }

    fn program(
        &self,
        revision: &Revision,
        interpreter: &Interpreter,
        code: &Path,
        credentials: &Temporary,
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
        let around = Surroundings {
            home: &self.home,
            api,
            endpoint: self.endpoint.get(),
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
        let same = SYSTEM.iter().map(Path::new).chain(prefix);
        let mut binds: Vec<Bind> =
            same.map(|path| Bind { from: path.into(), to: path.into() }).collect();
        if let Some(shown) = binds.iter().find(|bind| self.data_dir.starts_with(&bind.from)) {
            return Err(format!(
                "functions see {}, and the data directory {} is in it; move it elsewhere",
                shown.from.display(),
                self.data_dir.display()
            ));
        }
        for (from, to) in [(code, TASK), (client, RUNTIME), (root_ca, ROOT_CA)] {
            binds.push(Bind { from: from.into(), to: to.into() });
        }
        Ok(Own { root: self.root.clone(), binds, tmp_bytes: self.tmp_bytes() })
    }

    fn tmp_bytes(&self) -> u64 {
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

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
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
            let places = ["index.mjs", "bin/index.mjs", "bin/index.js"];
            let place = places.into_iter().find(|place| client.join(CLIENT).join(place).exists());
            let script = runtime.join(CLIENT).join(place.unwrap_or("index.mjs"));
            (node.clone(), vec![script.to_string_lossy().into_owned(), handler])
        }
        _ => (task.join("bootstrap"), Vec::new()),
    }
}
