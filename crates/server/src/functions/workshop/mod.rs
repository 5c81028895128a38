//! Makes workers: finds the interpreter, unpacks the code, opens a session of the function's
//! role, and starts the process within its containment.

mod program;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fleetwright_core::arn::Home;
use fleetwright_core::names::RoleName;
use fleetwright_core::policy::Context;
use fleetwright_store::{IdentityName, Store};

use super::code::Codes;
use super::environment::Endpoint;
use super::interpreter::Interpreters;
use super::log::Logs;
use super::outcome::Fault;
use super::places::{Place, Places};
use super::pool::Seat;
use super::process::Process;
use super::revision::Revision;
use super::runtime_api::RuntimeApi;
use super::worker::{NoWorker, Worker};
use crate::clock;
use crate::config::Functions as Settings;
use crate::control::{Caller, CallerKind, Session};
use crate::identities::{Identities, Identity};
use crate::sealing::Sealing;
use crate::session_token::{self, Temporary};

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
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
