//! From settings to listening sockets, and back.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fleetwright_store::Store;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::{App, StartError};
use crate::authorities::Authorities;
use crate::config::Settings;
use crate::data_dir::{self, DataDir, DataDirError};
use crate::functions::Endpoint;
use crate::listening::{self, MQTT_PORT};
use crate::tls::OwnCertificates;
use crate::{api, audit, clock, gateway, installation, tls};

/// How often left-overs of the provisioning API are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(10);
/// Left-overs removed in one transaction.
const PURGE_AT_ONCE: usize = 500;
/// How often dynamic thing groups are looked at that are not up to date.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// How often the wall clock is compared with the last look at the server's own certificate, and
/// how far apart two looks are. The clock may be set, and the machine may sleep.
const RENEW_EVERY: Duration = Duration::from_secs(60);
const RENEW_APART_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// How often it is looked whether the data directory is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the time is noted.
const SEE_TIME_EVERY: Duration = Duration::from_secs(10 * 60);
/// Rest between two pieces of the search for damage, each of a few milliseconds.
const CHECK_PAUSE: Duration = Duration::from_millis(10);
/// How long nothing was written when the registry is at rest. (ours)
const REST_AFTER: Duration = Duration::from_secs(2);

/// Runs a server until SIGTERM or Ctrl-C, then drains it.
///
/// # Errors
/// When it cannot start. Once it listens, nothing that a peer does ends it.
pub async fn serve(settings: Settings) -> Result<(), StartError> {
    raise_open_files();
    // 1. The data directory is ours alone. Nobody may take an earlier server's word for this
    //    one's; but a server that runs keeps its ready file.
    let opened = DataDir::open(&settings.data_dir);
    let _ready = match &opened {
        Err(DataDirError::InUse { .. }) => ReadyFile(None),
        _ => ReadyFile::none_yet(settings.ready_file.clone())?,
    };
    let mut dir = opened.map_err(StartError::new)?;
    let admitted = match installation::admit(&dir, &settings.home) {
        Ok(admitted) => admitted,
        Err(not_ours) => {
            dir.leave();
            return Err(StartError::new(not_ours));
        }
    };
    dir.take().map_err(StartError::new)?;
    let app = match App::build(&settings, &dir, &admitted).await {
        Ok(app) => app,
        Err(error) => {
            dir.leave();
            return Err(error);
        }
    };

    // 2. Both doors listen before anybody is told.
    let http = listening::bind("api-listen", settings.api_listen)?;
    let mqtt = listening::mqtt(&settings.mqtt_listen)?;
    let api_address = http.local_addr().map_err(StartError::new)?;
    let mqtt_addresses: Vec<_> = mqtt
        .iter()
        .map(TcpListener::local_addr)
        .collect::<Result<_, _>>()
        .map_err(StartError::new)?;
    let identities = app.authorities.server(&settings.hostnames).map_err(StartError::new)?;
    let certificate = OwnCertificates::new(identities).map_err(StartError::new)?;
    let gateway_tls = tls::gateway(Arc::clone(&certificate)).map_err(StartError::new)?;
    let api_tls = match settings.api_tls {
        true => Some(tls::control(Arc::clone(&certificate)).map_err(StartError::new)?),
        false => None,
    };

    app.functions.announce(endpoint_of_functions(&settings, api_address));

    // 3. Serve.
    let (stop, stopping) = watch::channel(false);
    let control = app.control(&settings, endpoint(&settings, &mqtt_addresses));
    let gateway = tokio::spawn(gateway::listen(
        Arc::clone(&app.gateway),
        mqtt,
        gateway_tls,
        api_address,
        stopping.clone(),
    ));
    let api = tokio::spawn(api::listen(
        control,
        http,
        api_tls,
        settings.control.waiting(),
        stopping.clone(),
    ));
    let mut chores = JoinSet::new();
    chores.spawn(purge(app.store.clone()));
    chores.spawn(purge_retained(app.store.clone()));
    chores.spawn(rest(app.store.clone()));
    chores.spawn(follow_membership(app.store.clone()));
    chores.spawn(audit::purge(app.store.clone(), settings.audit.clone()));
    let key = audit::CheckpointKey::read(&settings.data_dir).map_err(StartError::new)?;
    let checkpoints = Arc::new(audit::Checkpoints::new(app.store.clone(), key));
    let regular = Arc::clone(&checkpoints);
    chores.spawn(async move { regular.make_regularly().await });
    chores.spawn(purge_claims(app.store.clone()));
    chores.spawn(Arc::clone(&app.bulk).work());
    chores.spawn(renew(Arc::clone(&app.authorities), settings.hostnames.clone(), certificate));
    chores.spawn(Arc::clone(&app.functions).tidy());
    chores.spawn(see_time(app.store.clone()));
    check_pages(app.store.clone())?;
    let mut term = signal(SignalKind::terminate()).map_err(StartError::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::new)?;
    announce(&settings, &mqtt_addresses, api_address)?;

    // 4. Until told to stop; then everybody finishes what they are at.
    let lost = tokio::select! {
        _ = term.recv() => { tracing::info!("SIGTERM: stopping"); None }
        _ = interrupt.recv() => { tracing::info!("interrupted: stopping"); None }
        why = lost(&dir, &app.store) => Some(why),
    };
    stop.send_replace(true);
    chores.abort_all();
    let _ = tokio::join!(gateway, api);
    app.presences.drain().await;
    app.audit.flush().await;
    checkpoints.make().await;
    for (counter, hits) in app.gateway.counters().filter(|(_, hits)| *hits > 0) {
        tracing::info!(counter, hits, "a limit was reached since the start");
    }
    tracing::info!("stopped");
    lost.map_or(Ok(()), |why| Err(StartError::new(why)))
}

/// The ready file of this server: gone before it is ready and once it has ended, however it ends.
struct ReadyFile(Option<PathBuf>);

impl ReadyFile {
    fn none_yet(path: Option<PathBuf>) -> Result<Self, StartError> {
        let Some(path) = path else { return Ok(Self(None)) };
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StartError::new(format_args!(
                    "cannot remove the ready file of an earlier server, {}: {error}",
                    path.display()
                )))
            }
            _ => Ok(Self(Some(path))),
        }
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whatever this process makes from now on is its owner's alone, unless it says otherwise.
pub fn private_files() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Comes when the data directory or the registry in it was removed under the server.
async fn lost(dir: &DataDir, store: &Store) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let is_gone = dir.is_gone();
        if is_gone || (!dir.join(data_dir::DATABASE).exists() && store.stopped().is_some()) {
            let what = format!(
                "{}, or its lock or registry, was removed or replaced while the server ran: nothing \
                 is written any more, and the server ends. Put back what is missing, from where it \
                 was moved to or from a backup",
                dir.join("").display()
            );
            tracing::error!("{what}");
            return what;
        }
    }
}

/// Looks for damage in the registry's pages once, beside everything else.
fn check_pages(store: Store) -> Result<(), StartError> {
    let check = move || {
        // Of this thread only, on Linux.
        let _ = rustix::process::setpriority_process(None, 19);
        match store.check_pages(CHECK_PAUSE) {
            Ok(()) if store.stopped().is_none() => {
                tracing::debug!("the registry's pages are sound")
            }
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the registry's pages cannot be checked"),
        }
    };
    std::thread::Builder::new()
        .name("page-check".to_owned())
        .spawn(check)
        .map(|_| ())
        .map_err(StartError::new)
}

/// Notes the time now and then, so that the next start can tell a jump of the clock.
async fn see_time(store: Store) {
    let mut was_told = false;
    loop {
        match clock::look() {
            clock::Look::Fits(now) => {
                was_told = false;
                if let Err(error) = store.saw_time(now).await {
                    tracing::debug!(%error, "the time cannot be noted");
                }
            }
            clock::Look::Jumped(believed, ahead) if !was_told => {
                was_told = true;
                tracing::warn!(
                    days = ahead / (24 * 60 * 60 * 1000),
                    believed = believed.0,
                    "the clock is far ahead of the time that was seen last: nothing is deleted by \
                     it. If the clock is right, start with --accept-clock-until and today's date"
                );
            }
            clock::Look::Jumped(..) => {}
        }
        tokio::time::sleep(SEE_TIME_EVERY).await;
    }
}

/// A connection is an open file: as many as the system allows this process without asking.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, current = limit.current, "cannot raise the limit of open files");
    }
}

/// What `DescribeEndpoint` answers: AWS's has no port because its clients know 8883 and 443.
fn endpoint(settings: &Settings, mqtt: &[SocketAddr]) -> String {
    let host = settings.hostnames.first().map_or("localhost", String::as_str);
    match mqtt.first() {
        Some(first) if mqtt.iter().all(|address| address.port() != MQTT_PORT) => {
            format!("{host}:{}", first.port())
        }
        _ => host.to_owned(),
    }
}

/// The control plane as functions of this machine reach it.
fn endpoint_of_functions(settings: &Settings, api: SocketAddr) -> Endpoint {
    let tls = settings.api_tls;
    let host = match settings.hostnames.first() {
        Some(name) if tls => name.clone(),
        _ if api.ip().is_unspecified() => "127.0.0.1".to_owned(),
        _ => api.ip().to_string(),
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let scheme = if tls { "https" } else { "http" };
    Endpoint { url: format!("{scheme}://{host}:{}", api.port()), tls }
}

/// `mqtt` is the first of the gateway's addresses, `mqttListeners` all of them.
fn announce(settings: &Settings, mqtt: &[SocketAddr], api: SocketAddr) -> Result<(), StartError> {
    let all: Vec<String> = mqtt.iter().map(ToString::to_string).collect();
    let data_dir = settings.data_dir.display();
    tracing::info!(mqtt = all.join(" "), %api, %data_dir, "ready");
    let Some(path) = &settings.ready_file else { return Ok(()) };
    let ready = serde_json::json!({
        "mqtt": all.first(), "mqttListeners": all, "api": api.to_string()
    });
    data_dir::write_whole(path, 0o644, format!("{ready}\n").as_bytes()).map_err(|error| {
        StartError::new(format_args!("cannot write the ready file {}: {error}", path.display()))
    })
}

/// Deletes certificates whose ownership token ran out (AWS: one hour).
async fn purge(store: Store) {
    loop {
        match store.purge_expired(clock::believed(), PURGE_AT_ONCE).await {
            Ok((count, more)) => {
                if count > 0 {
                    tracing::info!(count, "deleted certificates that nobody registered");
                }
                if !more {
                    tokio::time::sleep(PURGE_EVERY).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "cannot delete certificates that nobody registered");
                tokio::time::sleep(PURGE_EVERY).await;
            }
        }
    }
}

/// Deletes the claims of trusted users when their time is over.
async fn purge_claims(store: Store) {
    loop {
        match store.purge_claims(clock::believed(), PURGE_AT_ONCE).await {
            Ok((_, true)) => continue,
            Ok((_, false)) => {}
            Err(error) => tracing::error!(%error, "cannot delete claims whose time is over"),
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// Brings dynamic thing groups up to date that no single write could.
async fn follow_membership(store: Store) {
    loop {
        match store.follow_membership().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "dynamic thing groups are not up to date"),
        }
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}

/// Deletes retained messages whose time is over; they are not sent in the meantime.
async fn purge_retained(store: Store) {
    loop {
        match store.purge_retained(clock::believed(), PURGE_AT_ONCE).await {
            Ok(PURGE_AT_ONCE) => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "cannot delete retained messages"),
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// Brings what was written into the database's own file whenever nothing was for a while.
async fn rest(store: Store) {
    loop {
        tokio::time::sleep(REST_AFTER).await;
        if let Err(error) = store.checkpoint_at_rest(REST_AFTER).await {
            tracing::debug!(%error, "the registry's log stays for now");
        }
    }
}

/// Replaces the server's certificates before they end; the authorities say when that is near.
async fn renew(
    authorities: Arc<Authorities>,
    hostnames: Vec<String>,
    certificates: Arc<OwnCertificates>,
) {
    let mut looked = clock::now();
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        let now = clock::now();
        if now.0.abs_diff(looked.0) < RENEW_APART_MILLIS.unsigned_abs() {
            continue;
        }
        looked = now;
        let renewed = authorities.server(&hostnames).map_err(|error| error.to_string());
        let renewed =
            renewed.and_then(|made| certificates.replace(made).map_err(|error| error.to_string()));
        if let Err(error) = renewed {
            tracing::error!(error, "cannot renew the server's certificates");
        }
    }
}
