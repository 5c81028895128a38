//! Lambda functions, run on this machine: the layer next to a function's own code.
//!
//! An invocation takes a worker of its revision's pool, gives it the event and follows it to the
//! end of its time. A failure is either a result in Lambda's terms or an [`InvokeError`]; the caller
//! decides what that means (for a hook: refusal).

mod cgroups;
mod code;
mod endpoints;
mod environment;
mod factory;
pub mod hooks;
mod interpreter;
mod invocation;
mod lines;
mod log;
mod outcome;
mod peer;
mod pool;
mod pools;
mod process;
mod revision;
mod runtime_api;
mod settings;
mod slots;
mod start;
#[cfg(test)]
pub(crate) mod tests;
mod transcript;
mod trial;
mod worker;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
pub use cgroups::Bound;
use cgroups::Cgroups;
use code::Codes;
pub use endpoints::Endpoints;
pub use environment::Endpoint;
use factory::WorkerFactory;
use fleetwright_access::identities::Identities;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::{
    FunctionName, FunctionRef, Qualifier, Runtime, ServiceCall, Source, service_may_invoke,
};
use fleetwright_host::data_dir::DataDir;
use fleetwright_host::sealing::Sealing;
use fleetwright_host::{StartError, clock, random};
use fleetwright_store::{FunctionRevision, Store};
use interpreter::Interpreters;
use invocation::Call;
pub use log::{LogLine, LogPage, LogQuery};
use log::{Logs, Stream};
pub use outcome::{Invocation, InvokeError, Outcome};
use pool::{Most, Pool};
use pools::Pools;
use revision::{Key, Revision};
pub use revision::{open_environment, seal_environment};
pub use settings::{Containment, Settings};
use slots::WorkerSlots;
use tokio::time::Instant;
pub use trial::Trial;

/// How often idle workers are looked at. (ours)
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// The functions of this server.
pub struct Functions {
    factory: Arc<WorkerFactory>,
    pools: Arc<Pools>,
}

impl Functions {
    /// Nothing runs yet.
    ///
    /// # Errors
    /// When the data directory does not take what functions need.
    pub fn new(
        scope: AccountScope,
        dir: &DataDir,
        store: Store,
        sealing: Arc<Sealing>,
        identities: Arc<Identities>,
        settings: Settings,
    ) -> Result<Arc<Self>, StartError> {
        let at = |name: &str| dir.join("functions").join(name);
        let pools = Arc::new(Pools::default());
        let root = at("root");
        let named = |path: &std::path::Path| {
            let path = path.to_owned();
            move |error| {
                StartError::new(format_args!(
                    "cannot use {} for functions: {error}",
                    path.display()
                ))
            }
        };
        std::fs::create_dir_all(&root).map_err(named(&root))?;
        let of_all = Arc::downgrade(&pools);
        let factory = WorkerFactory {
            store,
            scope,
            logs: Arc::new(Logs::open(at("logs")).map_err(named(&at("logs")))?),
            sealing,
            identities,
            codes: Codes::open(at("code")).map_err(named(&at("code")))?,
            interpreters: Interpreters::new(
                settings.interpreters.clone(),
                settings.runtimes_dir.clone().unwrap_or_else(|| at("runtimes")),
            ),
            cgroups: Cgroups::take(settings.cgroup.as_deref()).map_err(StartError::new)?,
            slots: WorkerSlots::new(settings.max_workers, settings.first_user),
            settings,
            own: std::env::current_exe().map_err(StartError::new)?,
            data_dir: dir.join(""),
            root,
            endpoint: OnceLock::new(),
            started: AtomicU64::new(0),
            evict_idle: Box::new(move || {
                of_all.upgrade().is_some_and(|pools| pools.end_longest_idle())
            }),
        };
        Ok(Arc::new(Self { factory: Arc::new(factory), pools }))
    }

    /// Sets where functions find this server's own control plane, once it listens.
    pub fn announce(&self, endpoint: Endpoint) {
        // Set once, by `serve`.
        let _ = self.factory.endpoint.set(endpoint);
    }

    /// A page of what a function logged; `None` when it never did.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn read_log(
        &self,
        function: FunctionName,
        query: LogQuery,
    ) -> Result<Option<LogPage>, Refusal> {
        let logs = Arc::clone(&self.factory.logs);
        let reading = tokio::task::spawn_blocking(move || logs.read(&function, &query));
        reading.await.map_err(Refusal::internal)?.map_err(Refusal::internal)
    }

    /// Puts a line of the server's into a function's log.
    pub(crate) fn note(
        &self,
        function: &FunctionName,
        version: &str,
        request_id: Option<&str>,
        message: &str,
    ) {
        let line = LogLine::now(version, request_id, Stream::Platform, message);
        self.factory.logs.write(function, line);
    }

    /// Invokes a function and waits for its outcome. `budget` bounds everything, waiting for a
    /// worker included; without it only the function's own time counts.
    ///
    /// # Errors
    /// [`InvokeError`] when the function's code was not reached.
    pub async fn invoke(
        &self,
        name: &FunctionName,
        qualifier: Option<&Qualifier>,
        payload: Bytes,
        budget: Option<Duration>,
    ) -> Result<Invocation, InvokeError> {
        let end = budget.map(|budget| Instant::now() + budget);
        let named = FunctionRef { name: name.clone(), qualifier: qualifier.cloned() };
        let arn = named.arn(&self.factory.scope);
        let pool = self.pool(&named, &arn).await?;
        invocation::run(pool, Call { arn, payload, end }).await
    }

    /// Removes the log of a deleted function.
    pub fn forget(&self, name: &FunctionName) {
        self.factory.logs.remove(name);
    }

    /// Invokes a function for AWS IoT, on behalf of what names it (a template, for instance): its
    /// resource policy must allow that. `budget` bounds everything.
    ///
    /// # Errors
    /// A sentence for the log when its code was not reached: no such function, not allowed, or no
    /// worker in time. The function's own log has it too.
    pub(crate) async fn invoke_for_iot(
        &self,
        named: &FunctionRef,
        source: &str,
        payload: Bytes,
        budget: Duration,
    ) -> Result<Invocation, String> {
        let (name, qualifier) = (&named.name, named.qualifier.as_ref());
        let ran = match self.may_invoke(named, source).await {
            Ok(()) => self.invoke(name, qualifier, payload, Some(budget)).await,
            Err(reason) => Err(InvokeError::Unrunnable(reason)),
        };
        let failure = match ran {
            Ok(invocation) => return Ok(invocation),
            Err(InvokeError::NotFound(reason)) => return Err(reason),
            Err(failure) => failure.to_string(),
        };
        let store = &self.factory.store;
        if let Ok(Some(_)) = store.function_revision(name, None).await {
            let version = qualifier.map_or_else(|| "$LATEST".to_owned(), ToString::to_string);
            self.note(name, &version, None, &format!("NOT INVOKED for {source}: {failure}"));
        }
        Err(failure)
    }

    async fn may_invoke(&self, named: &FunctionRef, source: &str) -> Result<(), String> {
        let scope = &self.factory.scope;
        let policy = self.factory.store.function_policy(&named.name, named.qualifier.as_ref());
        let policy = policy.await.map_err(|error| error.to_string())?;
        let call = ServiceCall {
            service: "iot.amazonaws.com",
            function: named,
            source: Source { arn: source, account: scope.account.as_str() },
            now: clock::now(),
        };
        let document = policy.as_ref().map(|policy| policy.document.as_str());
        if document.is_none() {
            // Without the function there is no policy either; that is not what is missing.
            let found = self.factory.store.function_revision(&named.name, named.qualifier.as_ref());
            if found.await.map_err(|error| error.to_string())?.is_none() {
                return Err(format!(
                    "{} does not exist here: create it (aws lambda create-function), or name another",
                    named.arn(scope)
                ));
            }
        }
        service_may_invoke(scope, document, &call).map(|_| ()).map_err(|error| error.to_string())
    }

    /// The ARN of the session that a function has of its execution role; `None` of one that is not
    /// there.
    async fn principal(&self, arn: &str) -> Result<Option<String>, Refusal> {
        let Ok(named) = FunctionRef::parse(self.scope(), arn) else { return Ok(None) };
        let store = &self.factory.store;
        let found = store.function_revision(&named.name, named.qualifier.as_ref()).await?;
        Ok(found.map(|found| {
            let role = found.main.role_arn.rsplit('/').next().unwrap_or_default();
            self.factory.session_of(role, &found.main.name)
        }))
    }

    /// What this machine lacks for functions of a runtime, with the command that brings it; `None`
    /// when they can be started.
    pub async fn lacks(&self, runtime: Runtime) -> Option<String> {
        self.factory.interpreters.lacks(runtime).await
    }

    /// Region and account of the functions.
    pub(crate) fn scope(&self) -> &AccountScope {
        &self.factory.scope
    }

    async fn pool(&self, named: &FunctionRef, arn: &str) -> Result<Arc<Pool>, InvokeError> {
        let unrunnable = |error: Refusal| {
            tracing::error!(
                arn,
                message = error.message,
                cause = error.cause,
                "cannot run a function"
            );
            InvokeError::Unrunnable(error.message)
        };
        let store = &self.factory.store;
        let found = store.function_revision(&named.name, named.qualifier.as_ref()).await;
        let found = found.map_err(|error| unrunnable(error.into()))?;
        let found =
            found.ok_or_else(|| InvokeError::NotFound(format!("Function not found: {arn}")))?;
        let drawn = random::bytes().map(u32::from_ne_bytes).map_err(unrunnable)?;
        let stored = found.drawn(drawn);
        let key = Key::of(&stored);
        if let Some(pool) = self.pools.get(&key) {
            return Ok(pool);
        }
        let most = self.most_workers(&stored);
        let revision = Revision::open(&self.factory.sealing, stored).map_err(unrunnable)?;
        let pool = Pool::new(Arc::new(revision), Arc::clone(&self.factory), most);
        Ok(self.pools.keep(key, pool))
    }

    fn most_workers(&self, stored: &FunctionRevision) -> Most {
        let settings = &self.factory.settings;
        let reserved = stored.reserved.and_then(|reserved| usize::try_from(reserved).ok());
        match reserved {
            Some(workers) if workers < settings.max_workers_per_function => {
                Most { workers, bound: "its reserved concurrency" }
            }
            _ => Most {
                workers: settings.max_workers_per_function,
                bound: "[functions] max-workers-per-function",
            },
        }
    }

    /// A function changed: its workers finish what they are at, and no other is begun with it.
    pub fn changed(&self, name: &FunctionName) {
        self.pools.retire(name);
    }

    /// Gives slots that become free to waiting callers, and ends workers that have been idle for
    /// too long; runs until it is aborted.
    pub async fn tidy(self: Arc<Self>) {
        let idle = Duration::from_secs(self.factory.settings.idle_seconds);
        let mut tidied = Instant::now();
        loop {
            // Either way there may be something to give.
            let freed = self.factory.slots.freed.notified();
            let _ = tokio::time::timeout_at(tidied + TIDY_EVERY, freed).await;
            let all: Vec<Arc<Pool>> = self.pools.all();
            for pool in &all {
                pool.grow();
            }
            if tidied.elapsed() >= TIDY_EVERY {
                for pool in &all {
                    pool.end_over_memory();
                    while pool.end_idle(idle) {}
                }
                self.factory.cgroups.remove_left();
                drop(all);
                let left = self.pools.forget_unused(|code| self.factory.codes.take_away(code));
                tokio::task::spawn_blocking(move || {
                    left.iter().for_each(|code| code::remove(code))
                });
                tidied = Instant::now();
            }
        }
    }
}
