//! Makes workers: finds the interpreter, unpacks the code, opens a session of the function's
//! role, and starts the process within its containment.

mod program;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fleetwright_access::caller::{Caller, CallerKind, Session};
use fleetwright_access::identities::{Identities, Identity};
use fleetwright_access::session_token::{self, TemporaryCredentials};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::function::FunctionName;
use fleetwright_core::names::RoleName;
use fleetwright_core::policy::Context;
use fleetwright_host::clock;
use fleetwright_host::sealing::Sealing;
use fleetwright_store::{IdentityName, Store};
pub(crate) use program::SYSTEM;

use super::cgroups::{Cgroup, Cgroups};
use super::code::Codes;
use super::environment::Endpoint;
use super::interpreter::Interpreters;
use super::log::Logs;
use super::outcome::{INIT, WorkerError};
use super::pool::Permit;
use super::process::Process;
use super::revision::Revision;
use super::runtime_api::RuntimeApi;
use super::slots::{Slot, WorkerSlots};
use super::start::{Stage, Start};
use super::worker::{AcquireError, Worker};
use crate::settings::Settings;

/// The service that assumes execution roles.
const SERVICE: &str = "lambda.amazonaws.com";
/// Lifetime of a worker's credentials: twice that of a worker. (ours)
const SESSION: Duration = Duration::from_secs(2 * 60 * 60);

/// What workers are made with.
pub(super) struct WorkerFactory {
    pub(super) store: Store,
    pub(super) scope: AccountScope,
    pub(super) logs: Arc<Logs>,
    pub(super) settings: Settings,
    pub(super) sealing: Arc<Sealing>,
    pub(super) identities: Arc<Identities>,
    pub(super) codes: Codes,
    pub(super) interpreters: Interpreters,
    pub(super) slots: Arc<WorkerSlots>,
    pub(super) cgroups: Cgroups,
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
    pub(super) evict_idle: Box<dyn Fn() -> bool + Send + Sync>,
}

impl WorkerFactory {
    /// A slot for one more worker, if necessary that of an idle worker.
    pub(super) fn slot(&self) -> Option<Slot> {
        self.slots.take().or_else(|| (self.evict_idle)().then(|| self.slots.take()).flatten())
    }

    /// Makes a worker.
    pub(super) async fn start(
        &self,
        revision: Arc<Revision>,
        permit: Permit,
        start: &Start,
    ) -> Result<Worker, AcquireError> {
        let interpreter =
            self.interpreters.find(revision.runtime).await.map_err(AcquireError::Machine)?;
        start.reach(Stage::Code);
        let code = self.code(&revision).await.map_err(AcquireError::Machine)?;
        if interpreter.executable.is_none() && !is_executable(&code.join("bootstrap")) {
            return Err(AcquireError::Function(WorkerError::NoEntryPoint.payload(INIT)));
        }
        start.reach(Stage::Process);
        let credentials = self.credentials(&revision).await.map_err(AcquireError::Machine)?;
        let machine = |error: std::io::Error| AcquireError::Machine(error.to_string());
        let api = RuntimeApi::listen().await.map_err(machine)?;
        let mut program = self
            .program(&revision, &interpreter, &code, &credentials, api.address, permit.user())
            .map_err(AcquireError::Machine)?;
        let bytes = u64::from(revision.memory_mib) * 1024 * 1024 + self.tmp_bytes();
        let cgroup = self.cgroups.make(bytes, program.limits.processes).map_err(|error| {
            AcquireError::Machine(format!("cannot make a control group for the function: {error}"))
        })?;
        program.cgroups = cgroup.iter().flat_map(Cgroup::doors).collect();
        let process = Process::start(&self.own, &program, cgroup).await.map_err(machine)?;
        api.trust(process.id);
        start.reach(Stage::Init);
        Worker::initialize(process, api, revision, Arc::clone(&self.logs), permit).await
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
    async fn credentials(&self, revision: &Revision) -> Result<TemporaryCredentials, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let (role, arn) = (&revision.role, &revision.role_arn);
        let known = self.identities.get(&Identity::Role(role.clone())).await;
        let known = known.map_err(|error| text(&error.message))?;
        let now = clock::now();
        let context = Context { now: Some(now), ..Context::default() };
        if !known.is_role(arn) {
            return Err(format!("the execution role {arn} does not exist"));
        }
        if let Some(why) = known.trust_refusal(SERVICE, &context) {
            return Err(format!("the execution role {arn} {why}"));
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
            device: None,
        };
        let caller = self.caller(revision, role.clone(), id);
        session_token::make(&self.sealing, caller, session).map_err(|error| text(&error.message))
    }

    /// The ARN of a function's session of its execution role.
    pub(super) fn session_of(&self, role: &str, function: &FunctionName) -> String {
        format!("arn:aws:sts::{}:assumed-role/{role}/{function}", self.scope.account.as_str())
    }

    fn caller(&self, revision: &Revision, role: RoleName, role_id: String) -> Caller {
        let (account, session) = (self.scope.account.as_str(), revision.name.to_string());
        Caller {
            arn: self.session_of(role.as_str(), &revision.name),
            account: account.to_owned(),
            principal_arn: revision.role_arn.clone(),
            user_id: format!("{role_id}:{session}"),
            kind: CallerKind::AssumedRole { role, role_id, session },
            session: None,
        }
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
