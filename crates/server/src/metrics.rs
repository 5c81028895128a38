//! `/metrics` in Prometheus' text format: what the parts count is looked up when it is asked for.

use std::fs;
use std::sync::Arc;

use fleetwright_control::Measure;
use fleetwright_gateway::Gateway;
use fleetwright_provisioning::issuance::Issuance;
use prometheus::{Error, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::health::open_files;

/// Renders what there is to measure. `docs/metrics.md` lists it.
pub(crate) fn measure(gateway: Arc<Gateway>, issuance: Arc<Issuance>) -> Measure {
    Box::new(move || {
        look(&gateway, &issuance).unwrap_or_else(|error| {
            tracing::error!(%error, "metrics cannot be rendered");
            String::new()
        })
    })
}

fn look(gateway: &Gateway, issuance: &Issuance) -> Result<String, Error> {
    let page = Page(Registry::new());
    let measures = gateway.measures();
    page.gauge(
        "fleetwright_mqtt_connections",
        "Clients that are connected.",
        measures.connections,
    )?;
    page.counters(
        "fleetwright_mqtt_connects_total",
        "CONNECTs, by result: accepted, denied by policies, unauthenticated.",
        &["result"],
        [
            (vec!["accepted"], measures.accepted),
            (vec!["denied"], measures.denied),
            (vec!["unauthenticated"], measures.unauthenticated),
        ],
    )?;
    page.counters(
        "fleetwright_mqtt_disconnects_total",
        "Connections that ended, by the reason that lifecycle events give.",
        &["reason"],
        measures.ended.into_iter().map(|(reason, count)| (vec![reason], count)),
    )?;
    page.counters(
        "fleetwright_mqtt_messages_total",
        "PUBLISHes, by direction: received of clients, refused ones too; sent to clients, answers too.",
        &["direction"],
        [(vec!["received"], measures.received), (vec!["sent"], measures.sent)],
    )?;
    page.gauge(
        "fleetwright_mqtt_held_bytes",
        "Memory that clients make the server hold; memory-mib of [mqtt] bounds it.",
        measures.held_bytes,
    )?;
    page.counters(
        "fleetwright_mqtt_limits_total",
        "Hits of bounds of memory and delivery, and of the rate of shadows, by bound.",
        &["bound"],
        measures.bounds.into_iter().map(|(bound, count)| (vec![bound], count)),
    )?;
    let result = |accepts| if accepts { "accepted" } else { "rejected" };
    page.counters(
        "fleetwright_provisioning_requests_total",
        "Answers of the provisioning API, by operation and result.",
        &["operation", "result"],
        measures
            .answers
            .into_iter()
            .map(|(operation, accepts, count)| (vec![operation, result(accepts)], count)),
    )?;
    let keys = issuance.key_pool();
    page.gauge(
        "fleetwright_key_pool_keys",
        "RSA keys for CreateKeysAndCertificate that are ready.",
        number(keys.ready),
    )?;
    page.gauge(
        "fleetwright_key_pool_waiting",
        "Requests that wait for a key.",
        number(keys.waiting),
    )?;
    if let Some((open, allowed)) = open_files() {
        page.gauge("process_open_fds", "Files that are open.", open)?;
        page.gauge("process_max_fds", "Files that may be open.", allowed)?;
    }
    if let Some(bytes) = resident() {
        page.gauge("process_resident_memory_bytes", "Resident memory.", bytes)?;
    }
    TextEncoder::new().encode_to_string(&page.0.gather())
}

/// What is rendered once.
struct Page(Registry);

impl Page {
    fn gauge(&self, name: &str, help: &str, value: u64) -> Result<(), Error> {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.0.register(Box::new(gauge))
    }

    fn counters<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, u64)>,
    ) -> Result<(), Error> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (of, count) in values {
            counters.get_metric_with_label_values(&of)?.inc_by(count);
        }
        self.0.register(Box::new(counters))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Bytes. Linux: proc(5), `statm` counts pages.
fn resident() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * number(rustix::param::page_size()))
}
