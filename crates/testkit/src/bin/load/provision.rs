//! Devices that join by CSR: claim connection, CSR, `RegisterThing`, own connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetwright_testkit::device::{Device, tls};
use parking_lot::Mutex;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::{Credentials, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    credentials: Credentials,
    #[arg(long)]
    template: String,
    #[arg(long, default_value_t = 1000)]
    count: usize,
    #[arg(long, default_value_t = 32)]
    concurrency: usize,
    /// Put before each serial number
    #[arg(long, default_value = "load")]
    prefix: String,
}

/// A device with its key and CSR: made before the clock starts, they are the device's own cost.
struct Candidate {
    serial: String,
    key: String,
    csr: String,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let ca = std::fs::read_to_string(&args.credentials.ca)?;
    let claim = tls(
        &ca,
        &std::fs::read_to_string(&args.credentials.cert)?,
        &std::fs::read_to_string(&args.credentials.key)?,
    )?;
    let mut candidates = VecDeque::new();
    for number in 0..args.count {
        let key = KeyPair::generate()?;
        let csr = CertificateParams::default().serialize_request(&key)?.pem()?;
        let serial = format!("{}-{number}", args.prefix);
        candidates.push_back(Candidate { serial, key: key.serialize_pem(), csr });
    }
    let line = Arc::new(Mutex::new(candidates));
    let args = Arc::new(args);
    let ca: Arc<str> = ca.into();
    let begun = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..args.concurrency {
        let (line, args, claim, ca) =
            (Arc::clone(&line), Arc::clone(&args), Arc::clone(&claim), Arc::clone(&ca));
        workers.spawn(async move {
            let mut waited = Vec::new();
            loop {
                let next = line.lock().pop_front();
                let Some(candidate) = next else { return Ok(waited) };
                waited.push(join(&args, &claim, &ca, candidate).await?);
            }
        });
    }
    let mut waited = Vec::new();
    while let Some(worker) = workers.join_next().await {
        waited.extend(worker?.map_err(|error: Box<dyn std::error::Error + Send + Sync>| error)?);
    }
    let seconds = begun.elapsed().as_secs_f64();
    waited.sort_unstable();
    let at = |percent: usize| waited.get(waited.len() * percent / 100).map_or(0.0, millis);
    Ok(json!({
        "devices": args.count,
        "seconds": seconds,
        "register_p50_millis": at(50),
        "register_p99_millis": at(99),
        "register_max_millis": waited.last().map_or(0.0, millis),
    }))
}

fn millis(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Brings a device in; gives the time from `RegisterThing` to its answer.
async fn join(
    args: &Args,
    claim: &Arc<rustls::ClientConfig>,
    ca: &str,
    candidate: Candidate,
) -> Result<Duration, Box<dyn std::error::Error + Send + Sync>> {
    let server = args.credentials.server;
    let mut device = Device::connect(server, Arc::clone(claim), &candidate.serial).await?;
    let csr = json!({ "certificateSigningRequest": candidate.csr }).to_string();
    device.publish("$aws/certificates/create-from-csr/json", csr.as_bytes()).await?;
    let created = accepted(&mut device).await?;
    let register = json!({
        "certificateOwnershipToken": member(&created, "certificateOwnershipToken"),
        "parameters": { "SerialNumber": candidate.serial },
    });
    let topic = format!("$aws/provisioning-templates/{}/provision/json", args.template);
    let asked = Instant::now();
    device.publish(&topic, register.to_string().as_bytes()).await?;
    let registered = accepted(&mut device).await?;
    let waited = asked.elapsed();
    device.disconnect().await?;
    let certificate = member(&created, "certificatePem");
    let own = tls(ca, certificate, &candidate.key)?;
    let thing = member(&registered, "thingName");
    Device::connect(server, own, thing).await?.disconnect().await?;
    Ok(waited)
}

async fn accepted(device: &mut Device) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
    let (topic, payload) = device.message().await?;
    if !topic.ends_with("/accepted") {
        return Err(format!("{topic}: {}", String::from_utf8_lossy(&payload)).into());
    }
    Ok(serde_json::from_slice(&payload)?)
}

/// A text member; what is missing fails at its first use.
fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
