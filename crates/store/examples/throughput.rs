//! Measures the registry: `cargo run --release --example throughput -- [DIRECTORY] [DEVICES]`.
//!
//! 64 callers issue and register new devices (thing, certificate, two policies: one by name, one
//! from a document); then one caller asks for the policies in force. The directory should be on
//! the disk that is to be measured.
#![allow(clippy::unwrap_used, reason = "a measurement stops at the first error")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::audit::Verifier;
use fleetwright_core::certificate::{CertificateId, CertificateStatus, TbsDigest};
use fleetwright_core::names::{AccountId, AttributeName, PolicyName, Region, ThingName};
use fleetwright_core::ownership::{RequestDigest, TokenDigest};
use fleetwright_core::plan::{
    CertificatePlan, CertificateSource, Override, PolicyPlan, ProvisioningPlan, ThingOverrides,
    ThingPlan,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    ApplyRegistration, AuditRecord, AuditTrail, CertificateRow, Change, Issued, NewIssuance,
    NewThing, Origin, Recording, SpendToken, Store, TokenGrant, Uuid,
};

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const CALLERS: u64 = 64;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let dir = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let devices: u64 = args.next().map_or(50_000, |text| text.parse().unwrap());
    let dir = tempfile::tempdir_in(dir).unwrap();
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    let path = dir.path().join("registry.db");
    let store = Store::open(path.to_str().unwrap(), scope, Arc::new(|_: &Change| {})).unwrap();
    store
        .create_policy(PolicyName::parse("base").unwrap(), "{}".to_owned(), BTreeMap::new(), NOW)
        .await
        .unwrap();

    each(
        &store,
        "issue (begin, finish)",
        devices,
        |store, n| async move { issue(&store, n).await },
    )
    .await;
    each(&store, "apply_registration", devices, |store, n| async move {
        store.apply_registration(registration(n)).await.unwrap();
    })
    .await;
    records(&store, devices).await;
    verify(&path);
    measure("certificate_state", devices, async |n| {
        store.certificate_state(id(n)).await.unwrap().unwrap();
    })
    .await;
    measure("effective_policies", devices, async |n| {
        let row = CertificateRow(i64::try_from(n % devices).unwrap() + 1);
        store.effective_policies(row, &format!("thing-{n}")).await.unwrap();
    })
    .await;
}

/// What a record costs: things made without one, with one in the change's commit, and with records
/// written afterwards, a hundred at a time; by turns, three times.
async fn records(store: &Store, devices: u64) {
    for turn in 0..3 {
        each(store, "create_thing without a record", devices, move |store, n| async move {
            store.create_thing(thing(turn * 3, n), NOW).await.unwrap();
        })
        .await;
        each(store, "create_thing with its record", devices, move |store, n| async move {
            let store = store.recording(&Recording::new(record(n)));
            store.create_thing(thing(turn * 3 + 1, n), NOW).await.unwrap();
        })
        .await;
        each(store, "create_thing, records afterwards", devices, move |store, n| async move {
            store.create_thing(thing(turn * 3 + 2, n), NOW).await.unwrap();
            if n % 100 == 0 {
                store.append_audit((n..n + 100).map(record).collect()).await.unwrap();
            }
        })
        .await;
    }
}

/// Goes through the whole audit trail.
fn verify(path: &std::path::Path) {
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    let begun = Clock::now();
    let trail = AuditTrail::open(path.to_str().unwrap(), scope).unwrap();
    let mut verifier = Verifier::new(&trail.chains().unwrap(), Vec::new());
    trail.each(|entry| verifier.take(entry)).unwrap();
    let report = verifier.finish();
    assert_eq!(report.found, 0);
    let seconds = begun.elapsed().as_secs_f64();
    println!("audit verify: {:.0} records per second", report.records as f64 / seconds);
}

fn thing(turn: u64, n: u64) -> NewThing {
    NewThing {
        name: ThingName::parse(&format!("recorded-{turn}-{n}")).unwrap(),
        id: Uuid::from_random([7; 16]),
        type_name: None,
        billing_group: None,
        attributes: BTreeMap::new(),
    }
}

fn record(n: u64) -> AuditRecord {
    AuditRecord {
        at: NOW,
        principal: "arn:aws:iam::123456789012:user/admin".to_owned(),
        client_id: None,
        operation: "CreateThing".to_owned(),
        resource: Some(format!("recorded-{n}")),
        parameters: "attributePayload".to_owned(),
        source: Some("127.0.0.1".to_owned()),
        outcome: "Accepted".to_owned(),
        code: None,
        reason: None,
        request_id: "2d0b1a5e-6f0e-4a54-8c31-1f3f9a3c2f10".to_owned(),
    }
}

/// Runs a step for every device, by all callers at once.
async fn each<F, Fut>(store: &Store, what: &str, devices: u64, step: F)
where
    F: Fn(Store, u64) -> Fut + Copy + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let start = Clock::now();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in (caller..devices).step_by(CALLERS as usize) {
                    step(store.clone(), n).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {:.0} per second ({devices} by {CALLERS} callers)", devices as f64 / seconds);
}

/// Runs a question one after the other; prints its median and 99th percentile.
async fn measure(what: &str, devices: u64, question: impl AsyncFn(u64)) {
    let mut times: Vec<Duration> = Vec::new();
    for n in 0..20_000 {
        let start = Clock::now();
        question((n * 7919) % devices).await;
        times.push(start.elapsed());
    }
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).unwrap().as_secs_f64() * 1e6;
    println!("{what}: {:.1} µs median, {:.1} µs 99th percentile", at(50), at(99));
}

/// Spread like hashes.
fn id(n: u64) -> CertificateId {
    let mut bytes = [0; 32];
    for (index, slot) in bytes.chunks_exact_mut(8).enumerate() {
        let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(index as u32 * 7);
        slot.copy_from_slice(&mixed.to_be_bytes());
    }
    CertificateId(bytes)
}

async fn issue(store: &Store, n: u64) {
    let new = NewIssuance { serial: id(n).0[..16].to_vec(), key_digest: id(n).0, claim: None };
    let issuance = store.begin_issuance(new, NOW).await.unwrap();
    let issued = Issued {
        id: id(n),
        tbs: TbsDigest(id(n).0),
        der: vec![0x30; 850],
        not_before: NOW,
        not_after: NOW,
        status: CertificateStatus::PendingActivation,
        origin: Origin::Mqtt,
        token: Some(TokenGrant { digest: id(n).0, until: NOW }),
        terms: None,
    };
    store.finish_issuance(issuance, issued, NOW).await.unwrap();
}

fn registration(n: u64) -> ApplyRegistration {
    let attribute = AttributeName::parse("serial").unwrap();
    ApplyRegistration {
        plan: ProvisioningPlan {
            certificate: CertificatePlan {
                logical_name: "certificate".to_owned(),
                source: CertificateSource::Id(id(n)),
                active: true,
                on_status: Override::Unset,
                exclusive: false,
            },
            thing: Some(ThingPlan {
                logical_name: "thing".to_owned(),
                name: ThingName::parse(&format!("thing-{n}")).unwrap(),
                attributes: Some([(attribute, format!("{n:016x}"))].into()),
                type_name: None,
                groups: None,
                billing_group: None,
                on_existing: ThingOverrides::default(),
            }),
            policies: vec![
                PolicyPlan::Existing {
                    logical_name: "base".to_owned(),
                    name: PolicyName::parse("base").unwrap(),
                },
                PolicyPlan::FromDocument {
                    logical_name: "made".to_owned(),
                    name: PolicyName::parse("2A6577675B7CD1823E271C7AAD8184F44630FFD7").unwrap(),
                    document: "{}".to_owned(),
                },
            ],
            device_configuration: BTreeMap::new(),
            withheld: BTreeMap::new(),
        },
        token: Some(SpendToken {
            digest: TokenDigest(id(n).0),
            request: RequestDigest(id(n).0),
            answer: format!("[{{}},\"thing-{n}\"]").into_bytes(),
        }),
        thing_id: Uuid::from_random([7; 16]),
        claim: None,
        renewal: None,
        pending_only: false,
        now: NOW,
    }
}
