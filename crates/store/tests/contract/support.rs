//! A registry to test, and short ways to fill it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus, TbsDigest};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{
    AccountId, AttributeName, PolicyName, Region, ThingGroupName, ThingName, ThingTypeName,
};
use fleetwright_core::ownership::{RequestDigest, TokenDigest};
use fleetwright_core::plan::{
    CertificatePlan, CertificateSource, Override, ProvisioningPlan, ThingOverrides, ThingPlan,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    ApplyRegistration, AuditTrail, CertificateRow, Change, Issued, NewCertificate, NewIssuance,
    NewThing, NewThingGroup, NewThingType, Origin, PolicyTarget, SpendToken, Store, StoreError,
    TokenGrant, Uuid,
};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const UNTIL: Timestamp = Timestamp(NOW.0 + 3_600_000);
pub(crate) const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

pub(crate) struct Registry {
    pub(crate) store: Store,
    pub(crate) changes: Arc<Mutex<Vec<Change>>>,
    dir: TempDir,
}

pub(crate) fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

/// Runs one case on one registry.
pub(crate) fn run<F: Future<Output = ()>>(registry: Registry, case: impl FnOnce(Registry) -> F) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
        .block_on(case(registry));
}

impl Registry {
    pub(crate) fn sqlite() -> Self {
        Self::sqlite_in(TempDir::new().unwrap(), |_| {})
    }

    fn sqlite_in(dir: TempDir, prepare: impl FnOnce(&std::path::Path)) -> Self {
        prepare(dir.path());
        let changes = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&changes);
        let sink = Arc::new(move |change: &Change| heard.lock().unwrap().push(change.clone()));
        let path = dir.path().join("fleetwright.db");
        let store = Store::open(path.to_str().unwrap(), scope(), sink).unwrap();
        Self { store, changes, dir }
    }

    /// Another registry: this one's files as a crash at this moment leaves them.
    pub(crate) fn opened_after_a_crash(&self) -> Self {
        Self::sqlite_in(TempDir::new().unwrap(), |to| {
            for name in ["fleetwright.db", "fleetwright.db-wal"] {
                std::fs::copy(self.dir.path().join(name), to.join(name)).unwrap();
            }
        })
    }

    /// Changes the file behind the registry's back.
    pub(crate) fn sql(&self, text: &str) {
        let path = self.dir.path().join("fleetwright.db");
        rusqlite::Connection::open(path).unwrap().execute_batch(text).unwrap();
    }

    /// The audit trail as another process reads it.
    pub(crate) fn trail(&self) -> AuditTrail {
        let path = self.dir.path().join("fleetwright.db");
        AuditTrail::open(path.to_str().unwrap(), scope()).unwrap()
    }

    /// The changes since the last call.
    pub(crate) fn heard(&self) -> Vec<Change> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }

    pub(crate) async fn certificate(&self, n: u32, status: CertificateStatus) -> CertificateRow {
        self.store
            .register_certificate(
                NewCertificate {
                    id: id(n),
                    tbs: TbsDigest(id(n).0),
                    der: n.to_be_bytes().to_vec(),
                    not_before: NOW,
                    not_after: UNTIL,
                    status,
                    origin: Origin::RegisteredAlone,
                    mode: CertificateMode::Default,
                    ca: None,
                },
                NOW,
            )
            .await
            .unwrap()
    }

    /// A certificate made over MQTT, waiting with token `n`.
    pub(crate) async fn pending(&self, n: u32) -> CertificateRow {
        let new = NewIssuance { serial: vec![1, 2, 3], key_digest: [7; 32], claim: None };
        let issuance = self.store.begin_issuance(new, NOW).await.unwrap();
        self.store.finish_issuance(issuance, issued(n), NOW).await.unwrap()
    }

    pub(crate) async fn policy(&self, text: &str) -> PolicyName {
        let name = policy(text);
        self.store
            .create_policy(name.clone(), DOCUMENT.to_owned(), BTreeMap::new(), NOW)
            .await
            .unwrap();
        name
    }

    pub(crate) async fn group(&self, text: &str, parent: Option<&str>) -> ThingGroupName {
        self.store.create_thing_group(new_group(text, parent), NOW).await.unwrap();
        group(text)
    }

    pub(crate) async fn thing(&self, text: &str) -> ThingName {
        self.store.create_thing(new_thing(text, &[]), NOW).await.unwrap();
        thing(text)
    }

    pub(crate) async fn thing_type(&self, text: &str) -> ThingTypeName {
        let name = ThingTypeName::parse(text).unwrap();
        let new = NewThingType {
            name: name.clone(),
            id: Uuid([1; 16]),
            description: None,
            searchable: Vec::new(),
            propagating: Vec::new(),
            tags: BTreeMap::new(),
        };
        self.store.create_thing_type(new, NOW).await.unwrap();
        name
    }

    pub(crate) async fn attach(&self, policy: &PolicyName, certificate: u32) {
        let target = PolicyTarget::Certificate(id(certificate));
        self.store.attach_policy(policy.clone(), target).await.unwrap();
    }
}

pub(crate) fn id(n: u32) -> CertificateId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    CertificateId(bytes)
}

pub(crate) fn issued(n: u32) -> Issued {
    Issued {
        id: id(n),
        tbs: TbsDigest(id(n).0),
        der: n.to_be_bytes().to_vec(),
        not_before: NOW,
        not_after: UNTIL,
        status: CertificateStatus::PendingActivation,
        origin: Origin::Mqtt,
        token: Some(TokenGrant { digest: id(n).0, until: UNTIL }),
        terms: None,
    }
}

pub(crate) fn policy(text: &str) -> PolicyName {
    PolicyName::parse(text).unwrap()
}

pub(crate) fn group(text: &str) -> ThingGroupName {
    ThingGroupName::parse(text).unwrap()
}

pub(crate) fn thing(text: &str) -> ThingName {
    ThingName::parse(text).unwrap()
}

pub(crate) fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<AttributeName, String> {
    pairs
        .iter()
        .map(|(name, value)| (AttributeName::parse(name).unwrap(), (*value).to_owned()))
        .collect()
}

pub(crate) fn new_thing(text: &str, pairs: &[(&str, &str)]) -> NewThing {
    NewThing {
        name: thing(text),
        id: Uuid::from_random([9; 16]),
        type_name: None,
        billing_group: None,
        attributes: attributes(pairs),
    }
}

pub(crate) fn new_group(text: &str, parent: Option<&str>) -> NewThingGroup {
    NewThingGroup {
        name: group(text),
        id: Uuid([2; 16]),
        parent: parent.map(group),
        description: None,
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

/// A plan for certificate `n` and a thing.
pub(crate) fn plan(n: u32, thing_name: &str) -> ProvisioningPlan {
    ProvisioningPlan {
        certificate: CertificatePlan {
            logical_name: "certificate".to_owned(),
            source: CertificateSource::Id(id(n)),
            active: true,
            on_status: Override::Unset,
            exclusive: false,
        },
        thing: Some(ThingPlan {
            logical_name: "thing".to_owned(),
            name: thing(thing_name),
            attributes: None,
            type_name: None,
            groups: None,
            billing_group: None,
            on_existing: ThingOverrides::default(),
        }),
        policies: Vec::new(),
        device_configuration: BTreeMap::new(),
        withheld: BTreeMap::new(),
    }
}

/// A registration that spends token `n` with request `n`.
pub(crate) fn registration(n: u32, plan: ProvisioningPlan) -> ApplyRegistration {
    ApplyRegistration {
        plan,
        token: Some(SpendToken {
            digest: TokenDigest(id(n).0),
            request: RequestDigest(id(n).0),
            answer: format!("answer {n}").into_bytes(),
        }),
        thing_id: Uuid::from_random([n.to_be_bytes()[3]; 16]),
        claim: None,
        renewal: None,
        pending_only: false,
        now: NOW,
    }
}

/// The code of a refusal; panics on anything else.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, StoreError>) -> ErrorCode {
    match result {
        Err(StoreError::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// The message of a refusal with this code.
#[track_caller]
pub(crate) fn message<T: std::fmt::Debug>(
    result: Result<T, StoreError>,
    code: ErrorCode,
) -> String {
    match result {
        Err(StoreError::Refused(refusal)) => {
            assert_eq!(refusal.code, code, "{refusal}");
            refusal.message
        }
        other => panic!("not refused: {other:?}"),
    }
}
