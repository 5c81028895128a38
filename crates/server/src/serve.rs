//! The server's life: open, wire, listen, serve, stop.

use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_core::credentials_file::ProfileEndpoint;
use fleetwright_functions::Endpoint;
use fleetwright_gateway as gateway;
use fleetwright_host::data_dir::{DataDir, DataDirError};
use fleetwright_host::tls::{self, OwnPairs, ServerCertificates};
use fleetwright_host::{StartError, clock};
use fleetwright_installation::{self as installation, audit, parts};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::config::{Configuration, Settings};
use crate::listening::{DeviceAddresses, Sockets};
use crate::ready_file::ReadyFile;
use crate::telemetry::Levels;
use crate::{api, chores, containment, damage, health, process, reload};

/// Runs a server until SIGTERM or Ctrl-C, then drains it.
///
/// # Errors
/// When it cannot start. Once it listens, nothing that a peer does ends it.
pub async fn serve(configuration: Configuration, levels: Levels) -> Result<(), StartError> {
    let settings = configuration.settings.clone();
    // From here on these signals do not end the process.
    let signals = reload::Signals::listen().map_err(StartError::new)?;
    process::raise_open_files();
    health::compare_limits(&settings);
    let pairs = OwnPairs::open(&settings.server_certificates, clock::now());
    let pairs = pairs.map_err(StartError::new)?;
    // 1. The data directory is ours alone. An earlier server's ready file must not be taken for
    //    this one's; that of a running server stays.
    let opened = DataDir::open(&settings.data_dir);
    let ready_file = match &opened {
        Err(DataDirError::InUse { .. }) => ReadyFile::of_another_server(),
        _ => ReadyFile::none_yet(settings.ready_file.clone())?,
    };
    let mut dir = opened.map_err(StartError::new)?;
    let admitted = parts::admit(&dir, &settings.scope)
        .and_then(|admitted| admitted.check_scope(&dir, &settings.scope).map(|()| admitted));
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            dir.leave();
            return Err(StartError::new(error));
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

    // 2. All sockets listen before their addresses are announced.
    let sockets = Sockets::open(&settings)?;
    let identities =
        app.authorities.server(&settings.certificate_names()).map_err(StartError::new)?;
    let certificates = ServerCertificates::new(identities, pairs).map_err(StartError::new)?;
    let gateway_tls = tls::gateway(&certificates).map_err(StartError::new)?;
    let api_tls = match settings.api_tls {
        true => Some(tls::control(Arc::clone(&certificates)).map_err(StartError::new)?),
        false => None,
    };
    let endpoint = sockets.local_endpoint(&settings, &certificates);
    installation::write_endpoint(&dir, &profile(&settings, &dir, &endpoint));
    app.functions.announce(endpoint);

    // 3. Serve.
    let control = app.control(&settings, sockets.endpoints(&settings), Arc::clone(&certificates));
    let Sockets { devices, addresses, api, api_address } = sockets;
    let (stop, stopping) = watch::channel(false);
    let gateway = Arc::clone(&app.gateway);
    let web_sockets = app.web_sockets(&control);
    let https = app.https(&settings, &control, Arc::clone(&web_sockets));
    let gateway =
        gateway::listen(gateway, devices, gateway_tls, https, api_address, stopping.clone());
    let gateway = tokio::spawn(gateway);
    let waiting = settings.control.waiting();
    let doors = api::Doors { control: Arc::clone(&control), web_sockets };
    let api = tokio::spawn(api::listen(doors, api, api_tls, waiting, stopping));
    let key = audit::CheckpointKey::read(&settings.data_dir).map_err(StartError::new)?;
    let checkpoints = Arc::new(audit::Checkpoints::new(app.store.clone(), key));
    let (retention, retained) = watch::channel(settings.audit);
    let mut chores =
        chores::start(&app, &settings, &checkpoints, Arc::clone(&certificates), retained);
    let running = reload::Running {
        control: Arc::clone(&control),
        provisioning: Arc::clone(&app.provisioning),
        hooks: Arc::clone(&app.hooks),
        issuers: Arc::clone(&app.issuers),
        bulk: Arc::clone(&app.bulk),
        certificates,
        retention,
        levels,
        log_level: app.log_level.clone(),
    };
    chores.spawn(reload::at_signals(signals, running, configuration));
    damage::check_pages(app.store.clone())?;
    let mut term = signal(SignalKind::terminate()).map_err(StartError::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::new)?;
    containment::probe(settings.clone())?;
    announce(&settings, &addresses, api_address);
    ready_file.write(&addresses, api_address)?;

    // 4. Until a signal; then connections and requests are drained.
    let removed = tokio::select! {
        _ = term.recv() => { tracing::info!("SIGTERM: stopping"); None }
        _ = interrupt.recv() => { tracing::info!("interrupted: stopping"); None }
        reason = damage::removed(&dir, &app.store) => Some(reason),
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
    removed.map_or(Ok(()), |reason| Err(StartError::new(reason)))
}

/// What `admin.credentials` says of the control plane.
fn profile(settings: &Settings, dir: &DataDir, endpoint: &Endpoint) -> ProfileEndpoint {
    ProfileEndpoint {
        region: settings.scope.region.to_string(),
        url: endpoint.url.clone(),
        ca_bundle: endpoint.tls.then(|| dir.join("root-ca.pem").display().to_string()),
    }
}

fn announce(settings: &Settings, devices: &DeviceAddresses, api: SocketAddr) {
    let DeviceAddresses { mqtt, https, credentials, jobs } = devices;
    let [mqtt, https, credentials, jobs] = [mqtt, https, credentials, jobs].map(|addresses| {
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        (!texts.is_empty()).then(|| texts.join(" "))
    });
    tracing::info!(
        mqtt, https, credentials, jobs, %api, data_dir = %settings.data_dir.display(), "ready"
    );
}
