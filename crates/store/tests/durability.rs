//! What is acknowledged is kept: across a restart, and across `kill -9`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::certificate::{CertificateId, CertificateStatus, TbsDigest};
use fleetwright_core::names::{AccountId, PolicyName, Region, ThingName};
use fleetwright_core::ownership::{RequestDigest, TokenDigest};
use fleetwright_core::plan::{
    CertificatePlan, CertificateSource, Override, PolicyPlan, ProvisioningPlan, ThingOverrides,
    ThingPlan,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    ApplyRegistration, Change, Issued, NewIssuance, NewThing, Origin, SpendToken, Store,
    ThingFilter, TokenGrant, Uuid,
};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const POLICY: &str = "device";
/// Where the child of the crash test writes; unset in an ordinary run.
const CRASH_PATH: &str = "FLEETWRIGHT_STORE_CRASH_PATH";
/// The first device that the child registers.
const CRASH_FROM: &str = "FLEETWRIGHT_STORE_CRASH_FROM";
const WRITERS: u32 = 16;

fn open(path: &Path) -> Store {
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    Store::open(path.to_str().unwrap(), scope, Arc::new(|_: &Change| {})).unwrap()
}

fn id(n: u32) -> CertificateId {
    let mut bytes = [0; 32];
    for (slot, byte) in bytes.iter_mut().zip(n.to_be_bytes()) {
        *slot = byte;
    }
    CertificateId(bytes)
}

fn thing(n: u32) -> ThingName {
    ThingName::parse(&format!("thing-{n}")).unwrap()
}

async fn register(store: &Store, n: u32) {
    let new = NewIssuance { serial: n.to_be_bytes().to_vec(), key_digest: [0; 32], claim: None };
    let issuance = store.begin_issuance(new, NOW).await.unwrap();
    let issued = Issued {
        id: id(n),
        tbs: TbsDigest(id(n).0),
        der: vec![0; 700],
        not_before: NOW,
        not_after: NOW,
        status: CertificateStatus::PendingActivation,
        origin: Origin::Mqtt,
        token: Some(TokenGrant { digest: id(n).0, until: NOW }),
        terms: None,
    };
    store.finish_issuance(issuance, issued, NOW).await.unwrap();
    let plan = ProvisioningPlan {
        certificate: CertificatePlan {
            logical_name: "certificate".to_owned(),
            source: CertificateSource::Id(id(n)),
            active: true,
            on_status: Override::Unset,
            exclusive: true,
        },
        thing: Some(ThingPlan {
            logical_name: "thing".to_owned(),
            name: thing(n),
            attributes: None,
            type_name: None,
            groups: None,
            billing_group: None,
            on_existing: ThingOverrides::default(),
        }),
        policies: vec![PolicyPlan::FromDocument {
            logical_name: "policy".to_owned(),
            name: PolicyName::parse(POLICY).unwrap(),
            document: "{}".to_owned(),
        }],
        device_configuration: BTreeMap::new(),
        withheld: BTreeMap::new(),
    };
    let token = SpendToken {
        digest: TokenDigest(id(n).0),
        request: RequestDigest(id(n).0),
        answer: n.to_be_bytes().to_vec(),
    };
    let apply = ApplyRegistration {
        plan,
        token: Some(token),
        thing_id: Uuid(*b"0123456789abcdef"),
        claim: None,
        renewal: None,
        pending_only: false,
        now: NOW,
    };
    assert!(store.apply_registration(apply).await.unwrap().created);
}

/// Panics unless everything of a registration is there.
async fn check_whole(store: &Store, n: u32) {
    let state = store.token_state(id(n).0).await.unwrap().unwrap();
    assert_eq!(state.status, CertificateStatus::Active, "{n}");
    assert_eq!(state.spent.unwrap().answer, n.to_be_bytes(), "{n}");
    let effective = store.effective_policies(state.row, "").await.unwrap();
    assert_eq!(effective.thing.unwrap().name, thing(n));
    let names: Vec<_> = effective.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, [POLICY], "{n}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_creates_are_all_durable() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir.path().join("db"));
    let tasks: Vec<_> = (0..1000)
        .map(|n| {
            let store = store.clone();
            let new = NewThing {
                name: thing(n),
                id: Uuid([0; 16]),
                type_name: None,
                billing_group: None,
                attributes: BTreeMap::new(),
            };
            tokio::spawn(async move { store.create_thing(new, NOW).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    drop(store);
    let store = open(&dir.path().join("db"));
    for n in 0..1000 {
        assert!(store.thing(&thing(n)).await.unwrap().is_some(), "{n}");
    }
}

/// The child of the crash test: registers devices and tells each once it is acknowledged, until
/// it is killed. In an ordinary run there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_child() {
    let Ok(path) = std::env::var(CRASH_PATH) else { return };
    let from: u32 = std::env::var(CRASH_FROM).unwrap().parse().unwrap();
    let store = open(Path::new(&path));
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in (from + writer..).step_by(WRITERS as usize) {
                    register(&store, n).await;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {n}").unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_whole_after_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    let mut acknowledged: Vec<u32> = Vec::new();
    for round in 0..6_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash_child", "--nocapture"])
            .env(CRASH_PATH, &path)
            .env(CRASH_FROM, (round * 1_000_000).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let numbers = out.lines().map_while(Result::ok).filter_map(|line| {
                line.split_once("acknowledged ").and_then(|(_, n)| n.trim().parse().ok())
            });
            numbers.collect::<Vec<u32>>()
        });
        let random = RandomState::new().hash_one(round);
        std::thread::sleep(Duration::from_millis(150 + random % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());

        let store = open(&path);
        for n in &acknowledged {
            check_whole(&store, *n).await;
        }
        // What was not acknowledged is whole or absent: wherever a thing is, all of it is.
        let mut after = None;
        loop {
            let page = store.list_things(&ThingFilter::default(), after, 250).await.unwrap();
            for item in page.items {
                let (_, n) = item.name.as_str().split_once('-').unwrap();
                check_whole(&store, n.parse().unwrap()).await;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert!(acknowledged.len() > 100, "only {} registrations", acknowledged.len());
}
