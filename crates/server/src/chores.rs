//! What a running server does beside serving: each chore in a task of its own, until the server stops.

use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fleetwright_ca::{Ending, days_left};
use fleetwright_core::time::Timestamp;
use fleetwright_gateway::Gateway;
use fleetwright_host::background::every;
use fleetwright_host::clock::{self, Reading};
use fleetwright_host::tls::ServerCertificates;
use fleetwright_installation::{Authorities, audit, issuing};
use fleetwright_store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::config::Settings;

/// How often left-overs of the provisioning API are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(10);
/// How often sessions are looked for whose time is over; none is resumed in the meantime.
const END_SESSIONS_EVERY: Duration = Duration::from_secs(1);
/// Left-overs removed in one transaction.
const PURGE_AT_ONCE: usize = 500;
/// How often dynamic thing groups are looked at that are not up to date.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);
/// How often the wall clock is compared with the last look at the server's own certificate, and
/// how far apart two looks are. The clock may be set, and the machine may sleep.
const RENEW_EVERY: Duration = Duration::from_secs(60);
const RENEW_APART_MILLIS: i64 = 60 * 60 * 1000;
/// How far apart the warnings of a certificate's end are.
const WARN_APART_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// How often the files of the administrator's certificates are looked at; a change is taken at the
/// second look. (ours)
const LOOK_AT_PAIRS_EVERY: Duration = Duration::from_secs(1);
/// How often the time is noted.
const SEE_TIME_EVERY: Duration = Duration::from_secs(10 * 60);
/// How long nothing was written when the registry is at rest. (ours)
const REST_AFTER: Duration = Duration::from_secs(2);

/// Starts every chore; all end when the set is dropped.
pub(crate) fn start(
    app: &App,
    settings: &Settings,
    checkpoints: &Arc<audit::Checkpoints>,
    certificates: Arc<ServerCertificates>,
    retention: watch::Receiver<audit::Settings>,
) -> JoinSet<()> {
    let mut chores = JoinSet::new();
    chores.spawn(purge_unregistered(app.store.clone()));
    chores.spawn(purge_retained(app.store.clone()));
    chores.spawn(purge_claims(app.store.clone()));
    chores.spawn(end_sessions(Arc::clone(&app.gateway)));
    chores.spawn(forget_shadows(app.store.clone()));
    chores.spawn(rest(app.store.clone()));
    chores.spawn(follow_membership(app.store.clone()));
    chores.spawn(see_time(app.store.clone()));
    chores.spawn(audit::purge(app.store.clone(), retention));
    chores.spawn(Arc::clone(checkpoints).make_regularly());
    chores.spawn(Arc::clone(&app.bulk).work());
    chores.spawn(Arc::clone(&app.services).drive_jobs());
    chores.spawn(Arc::clone(&app.functions).tidy());
    chores.spawn(warn_of_ends(settings.data_dir.clone(), Arc::clone(&certificates)));
    chores.spawn(look_at_pairs(Arc::clone(&certificates)));
    chores.spawn(renew(Arc::clone(&app.authorities), settings.certificate_names(), certificates));
    chores
}

/// Whether more is left; a failure, which is logged, is tried again after the pause.
fn more(worked: Result<bool, StoreError>, failed: &str) -> bool {
    worked.unwrap_or_else(|error| {
        tracing::error!(%error, "{failed}");
        false
    })
}

/// Deletes certificates whose ownership token expired (AWS: one hour).
async fn purge_unregistered(store: Store) {
    every(PURGE_EVERY, || async {
        let purged = store.purge_expired(clock::trusted_now(), PURGE_AT_ONCE).await;
        let purged = purged.inspect(|(count, _)| {
            if *count > 0 {
                tracing::info!(count, "deleted certificates that nobody registered");
            }
        });
        more(purged.map(|(_, more)| more), "cannot delete certificates that nobody registered")
    })
    .await
}

/// Deletes the claims of trusted users that expired.
async fn purge_claims(store: Store) {
    every(PURGE_EVERY, || async {
        let purged = store.purge_claims(clock::trusted_now(), PURGE_AT_ONCE).await;
        more(purged.map(|(_, more)| more), "cannot delete claims whose time is over")
    })
    .await
}

/// Deletes retained messages that expired; they are not sent in the meantime.
async fn purge_retained(store: Store) {
    every(PURGE_EVERY, || async {
        let purged = store.purge_retained(clock::trusted_now(), PURGE_AT_ONCE).await;
        more(purged.map(|count| count == PURGE_AT_ONCE), "cannot delete retained messages")
    })
    .await
}

/// Forgets the versions of shadows that were deleted long ago.
async fn forget_shadows(store: Store) {
    every(PURGE_EVERY, || async {
        let purged = store.purge_shadows(clock::trusted_now(), PURGE_AT_ONCE).await;
        more(purged.map(|count| count == PURGE_AT_ONCE), "cannot forget deleted shadows")
    })
    .await
}

/// Ends sessions whose time is over.
async fn end_sessions(gateway: Arc<Gateway>) {
    every(END_SESSIONS_EVERY, || async {
        more(gateway.end_sessions_in_time().await, "cannot end sessions whose time is over")
    })
    .await
}

/// Brings dynamic thing groups up to date that no single write could.
async fn follow_membership(store: Store) {
    every(FOLLOW_EVERY, || async {
        more(store.follow_membership().await, "dynamic thing groups are not up to date")
    })
    .await
}

/// Brings what was written into the database's own file whenever nothing was for a while.
async fn rest(store: Store) {
    every(REST_AFTER, || async {
        if let Err(error) = store.checkpoint_at_rest(REST_AFTER).await {
            tracing::debug!(%error, "the registry's log stays for now");
        }
        false
    })
    .await
}

/// Notes the time now and then, so that the next start can tell a jump of the clock.
async fn see_time(store: Store) {
    let (store, mut warned) = (&store, false);
    every(SEE_TIME_EVERY, || {
        let reading = clock::read();
        if let Reading::Jumped(believed, ahead) = reading
            && !warned
        {
            tracing::warn!(
                days = ahead / (24 * 60 * 60 * 1000),
                believed = believed.0,
                "the clock is far ahead of the time that was seen last: nothing is deleted by it. \
                 If the clock is right, start with --accept-clock-until and today's date"
            );
        }
        warned = matches!(reading, Reading::Jumped(..));
        async move {
            if let Reading::Plausible(now) = reading
                && let Err(error) = store.saw_time(now).await
            {
                tracing::debug!(%error, "the time cannot be noted");
            }
            false
        }
    })
    .await
}

/// Says at the start and each day which certificates end within 60, 30 or 7 days.
async fn warn_of_ends(data_dir: PathBuf, certificates: Arc<ServerCertificates>) {
    let mut warned: Option<Timestamp> = None;
    every(RENEW_EVERY, || {
        let now = clock::now();
        if warned.is_none_or(|at| now.0.abs_diff(at.0) >= WARN_APART_MILLIS.unsigned_abs()) {
            warned = Some(now);
            let own = certificates.own().into_iter().map(|own| {
                let file = own.files.certificate.display().to_string();
                (format!("server-certificate {file}"), own.chain.not_after)
            });
            for (certificate, end) in issuing::ends(&data_dir, now).into_iter().chain(own) {
                warn_of_end(&certificate, end, now);
            }
        }
        ready(false)
    })
    .await
}

fn warn_of_end(certificate: &str, end: Timestamp, now: Timestamp) {
    let Some(ending) = Ending::of(end, now) else { return };
    let (days, ends) = (days_left(end, now), end.utc());
    let event = "CertificateEnds";
    if ending >= Ending::Week {
        tracing::error!(
            event, certificate, days, %ends,
            "a certificate ends within 7 days, and is then refused by everybody \
             (docs/certificates.md)"
        );
    } else {
        tracing::warn!(event, certificate, days, %ends, "a certificate ends soon (docs/certificates.md)");
    }
}

/// Takes the administrator's certificates from their files when these change.
async fn look_at_pairs(certificates: Arc<ServerCertificates>) {
    every(LOOK_AT_PAIRS_EVERY, || {
        certificates.look_for_changes(clock::now());
        ready(false)
    })
    .await
}

/// Replaces the server's certificates before they end; the authorities say when that is near.
async fn renew(
    authorities: Arc<Authorities>,
    hostnames: Vec<String>,
    certificates: Arc<ServerCertificates>,
) {
    let mut looked = clock::now();
    every(RENEW_EVERY, || {
        let now = clock::now();
        if now.0.abs_diff(looked.0) >= RENEW_APART_MILLIS.unsigned_abs() {
            looked = now;
            // A root that was replaced may have had its last day.
            if let Err(error) = authorities.write_roots(now) {
                tracing::error!(%error, "cannot write the roots for devices");
            }
            let renewed = authorities.server(&hostnames).map_err(|error| error.to_string());
            let renewed = renewed
                .and_then(|made| certificates.replace(made).map_err(|error| error.to_string()));
            if let Err(error) = renewed {
                tracing::error!(error, "cannot renew the server's certificates");
            }
        }
        ready(false)
    })
    .await
}
