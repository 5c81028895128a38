//! Lambda functions, run on this machine: the last room before a function's own code.
//!
//! An invocation takes a worker of its revision's pool, gives it the event and follows it to the
//! end of its time. Whatever goes wrong is an outcome in Lambda's words or a reason why it did
//! not run; the caller decides what that means (for a hook: no).

mod code;
mod environment;
mod interpreter;
mod invocation;
mod lines;
mod log;
mod outcome;
mod peer;
mod places;
mod pool;
mod pools;
mod process;
mod revision;
mod runtime_api;
#[cfg(test)]
pub(crate) mod tests;
mod transcript;
mod worker;
mod workshop;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::arn::Home;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::{
    FunctionName, FunctionRef, Qualifier, ServiceCall, Source, service_may_invoke,
};
use fleetwright_store::{FunctionRevision, Store};
use tokio::time::Instant;

pub(crate) use environment::Endpoint;
pub(crate) use log::{Found, Line, Wanted};
pub(crate) use outcome::{Invocation, NotRun, Outcome};
pub(crate) use revision::{open_environment, seal_environment};

use crate::app::StartError;
use crate::clock;
use crate::config::Functions as Settings;
use crate::data_dir::DataDir;
use crate::identities::Identities;
use crate::random;
use crate::sealing::Sealing;
use code::Codes;
use interpreter::Interpreters;
use invocation::Call;
use log::{Logs, Stream};
use places::Places;
use pool::Pool;
use pools::Pools;
use revision::{Key, Revision};
use workshop::Workshop;

/// How often idle workers are looked at. (ours)
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// The functions of this server.
pub struct Functions {
    workshop: Arc<Workshop>,
    pools: Arc<Pools>,
}

impl Functions {
    /// Nothing runs yet.
    ///
    /// # Errors
    /// When the data directory does not take what functions need.
    pub(crate) fn new(
        home: Home,
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
        let workshop = Workshop {
            store,
            home,
            logs: Arc::new(Logs::open(at("logs")).map_err(named(&at("logs")))?),
            sealing,
            identities,
            codes: Codes::open(at("code")).map_err(named(&at("code")))?,
            interpreters: Interpreters::new(
                settings.interpreters.clone(),
                settings.runtimes_dir.clone().unwrap_or_else(|| at("runtimes")),
            ),
            places: Places::new(settings.max_workers, settings.first_user),
            settings,
            own: std::env::current_exe().map_err(StartError::new)?,
            data_dir: dir.join(""),
            root,
            endpoint: OnceLock::new(),
            started: AtomicU64::new(0),
            make_room: Box::new(move || {
                of_all.upgrade().is_some_and(|pools| pools.end_longest_idle())
            }),
        };
        Ok(Arc::new(Self { workshop: Arc::new(workshop), pools }))
    }

    /// Where functions find this server's own control plane; told once it listens.
    pub(crate) fn announce(&self, endpoint: Endpoint) {
        // Told once, by `serve`.
        let _ = self.workshop.endpoint.set(endpoint);
    }

    /// A page of what a function logged; `None` when it never did.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn read_log(
        &self,
        function: FunctionName,
        wanted: Wanted,
    ) -> Result<Option<Found>, Refusal> {
        let logs = Arc::clone(&self.workshop.logs);
        let reading = tokio::task::spawn_blocking(move || logs.read(&function, &wanted));
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
        let line = Line::now(version, request_id, Stream::Platform, message);
        self.workshop.logs.write(function, line);
    }

    /// Invokes a function and waits for its outcome. `budget` bounds everything, waiting for a
    /// worker included; without it only the function's own time counts.
    ///
    /// # Errors
    /// [`NotRun`] when the function's code was not reached.
    pub(crate) async fn invoke(
        &self,
        name: &FunctionName,
        qualifier: Option<&Qualifier>,
        payload: Bytes,
        budget: Option<Duration>,
    ) -> Result<Invocation, NotRun> {
        let end = budget.map(|budget| Instant::now() + budget);
        let named = FunctionRef { name: name.clone(), qualifier: qualifier.cloned() };
        let arn = named.arn(&self.workshop.home);
        let pool = self.pool(&named, &arn).await?;
        invocation::run(pool, Call { arn, payload, end }).await
    }

    /// A function is deleted: what it logged goes with it.
    pub(crate) fn forget(&self, name: &FunctionName) {
        self.workshop.logs.remove(name);
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
            Err(reason) => Err(NotRun::Unrunnable(reason)),
        };
        let failure = match ran {
            Ok(invocation) => return Ok(invocation),
            Err(NotRun::NotFound(reason)) => return Err(reason),
            Err(failure) => failure.to_string(),
        };
        let store = &self.workshop.store;
        if let Ok(Some(_)) = store.function_revision(name, None).await {
            let version = qualifier.map_or_else(|| "$LATEST".to_owned(), ToString::to_string);
            self.note(name, &version, None, &format!("NOT INVOKED for {source}: {failure}"));
        }
        Err(failure)
    }

    async fn may_invoke(&self, named: &FunctionRef, source: &str) -> Result<(), String> {
        let home = &self.workshop.home;
        let policy = self.workshop.store.function_policy(&named.name, named.qualifier.as_ref());
        let policy = policy.await.map_err(|error| error.to_string())?;
        let call = ServiceCall {
            service: "iot.amazonaws.com",
            function: named,
            source: Source { arn: source, account: home.account.as_str() },
            now: clock::now(),
        };
        let document = policy.as_ref().map(|policy| policy.document.as_str());
        service_may_invoke(home, document, &call).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Region and account of the functions.
    pub(crate) fn home(&self) -> &Home {
        &self.workshop.home
    }

    async fn pool(&self, named: &FunctionRef, arn: &str) -> Result<Arc<Pool>, NotRun> {
        let unrunnable = |error: Refusal| {
            tracing::error!(
                arn,
                message = error.message,
                cause = error.cause,
                "cannot run a function"
            );
            NotRun::Unrunnable(error.message)
        };
        let store = &self.workshop.store;
        let found = store.function_revision(&named.name, named.qualifier.as_ref()).await;
        let found = found.map_err(|error| unrunnable(error.into()))?;
        let found = found.ok_or_else(|| NotRun::NotFound(format!("Function not found: {arn}")))?;
        let drawn = random::bytes().map(u32::from_ne_bytes).map_err(unrunnable)?;
        let stored = found.drawn(drawn);
        let key = Key::of(&stored);
        if let Some(pool) = self.pools.get(&key) {
            return Ok(pool);
        }
        let most = self.most_workers(&stored);
        let revision = Revision::open(&self.workshop.sealing, stored).map_err(unrunnable)?;
        let pool = Pool::new(Arc::new(revision), Arc::clone(&self.workshop), most);
        Ok(self.pools.keep(key, pool))
    }

    fn most_workers(&self, stored: &FunctionRevision) -> usize {
        let most = self.workshop.settings.max_workers_per_function;
        let reserved = stored.reserved.and_then(|reserved| usize::try_from(reserved).ok());
        reserved.map_or(most, |reserved| reserved.min(most))
    }

    /// A function changed: its workers finish what they are at, and no other is begun with it.
    pub(crate) fn changed(&self, name: &FunctionName) {
        self.pools.retire(name);
    }

    /// Gives places that become free to whoever waits, and ends workers that have been idle for
    /// too long; runs until it is aborted.
    pub(crate) async fn tidy(self: Arc<Self>) {
        let idle = Duration::from_secs(self.workshop.settings.idle_seconds);
        let mut tidied = Instant::now();
        loop {
            // Either way there may be something to give.
            let freed = self.workshop.places.freed.notified();
            let _ = tokio::time::timeout_at(tidied + TIDY_EVERY, freed).await;
            let all: Vec<Arc<Pool>> = self.pools.all();
            for pool in &all {
                pool.grow();
            }
            if tidied.elapsed() >= TIDY_EVERY {
                for pool in &all {
                    pool.end_greedy();
                    while pool.end_idle(idle) {}
                }
                drop(all);
                let left = self.pools.forget_unused(|code| self.workshop.codes.take_away(code));
                tokio::task::spawn_blocking(move || {
                    left.iter().for_each(|code| code::remove(code))
                });
                tidied = Instant::now();
            }
        }
    }
}
