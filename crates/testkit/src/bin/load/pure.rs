//! Decisions and evaluations per second: the pure parts alone.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::{PolicyName, ThingName};
use fleetwright_core::policy::{AttachedPolicy, BoundThing, Context, Document, Request, decide};
use fleetwright_core::template::{Inputs, Template, TemplateUse};
use serde_json::json;

use crate::Outcome;

const TEMPLATE: &str = include_str!("../../../../../docs/examples/fleet-template.json");
/// How long each is measured.
const MEASURED: Duration = Duration::from_secs(2);

pub(crate) fn run() -> Outcome {
    let template =
        Template::parse(TEMPLATE, TemplateUse::Fleet).map_err(|error| error.to_string())?;
    let parameters = BTreeMap::from([("SerialNumber".to_owned(), "SN-1".to_owned())]);
    let inputs = Inputs {
        parameters: &parameters,
        overrides: &BTreeMap::new(),
        certificate_id: Some(CertificateId([7; 32])),
        subject: None,
    };
    let evaluations = per_second(|| black_box(template.evaluate(black_box(&inputs))).is_ok())?;

    let body: serde_json::Value = serde_json::from_str(TEMPLATE)?;
    let policy = body
        .pointer("/Resources/policy/Properties/PolicyDocument")
        .ok_or("the example template has no policy document")?
        .to_string();
    let policies = [AttachedPolicy {
        name: PolicyName::parse("device")?,
        version: 1,
        document: Arc::new(Document::parse(&policy).map_err(|error| error.to_string())?),
    }];
    let thing = BoundThing {
        name: ThingName::parse("sensor_SN-1")?,
        type_name: None,
        attributes: BTreeMap::new(),
    };
    let context =
        Context { client_id: Some("sensor_SN-1"), thing: Some(&thing), ..Context::default() };
    let request = Request {
        action: "iot:Publish",
        resource: "arn:aws:iot:us-east-1:123456789012:topic/fleet/sensor_SN-1/telemetry",
    };
    let decisions = per_second(|| {
        decide(black_box(&policies), black_box(&request), black_box(&context)).is_allowed()
    })?;
    Ok(json!({ "evaluations_per_second": evaluations, "decisions_per_second": decisions }))
}

/// Runs per second of something that must come out true.
fn per_second(
    mut once: impl FnMut() -> bool,
) -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    let begun = Instant::now();
    let mut runs = 0_u64;
    while begun.elapsed() < MEASURED {
        for _ in 0..100 {
            if !once() {
                return Err("what is measured does not work".into());
            }
        }
        runs += 100;
    }
    Ok(runs as f64 / begun.elapsed().as_secs_f64())
}
