//! The whole story against a model of the server, with the power cut before every file operation
//! and every answer lost once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{ConnectionError, Credentials, KeyType, RetryPolicy};

/// What the interface promises: each certificate has a token; the first RegisterThing spends it,
/// the same one again is answered the same, another one is refused.
#[derive(Default)]
struct Server {
    issued: u32,
    /// Certificate number → the parameters it was registered with.
    registered: BTreeMap<u32, serde_json::Value>,
    /// Requests that arrived.
    arrived: Vec<Operation>,
    /// The request with this index is carried out, and its answer lost.
    lose_answer_to: Option<usize>,
    /// Answers instead of the ordinary ones.
    rejections: Vec<(u16, &'static str)>,
    /// Tokens up to this certificate are not accepted any more.
    expired: u32,
    /// Closes the connection, always.
    closes: bool,
}

#[derive(Clone, Default)]
struct Model(Arc<Mutex<Server>>);

impl Exchange for Model {
    async fn request(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
    ) -> Result<Response, ConnectionError> {
        self.0.lock().unwrap().request(operation, &payload)
    }

    async fn close(&mut self) {}
}

impl Server {
    fn request(
        &mut self,
        operation: Operation,
        payload: &[u8],
    ) -> Result<Response, ConnectionError> {
        if self.closes {
            return Err(ConnectionError::Closed { during: "create-from-csr".into() });
        }
        let index = self.arrived.len();
        self.arrived.push(operation);
        if let Some((status_code, error_code)) = self.rejections.pop() {
            return Ok(rejected(operation, status_code, error_code));
        }
        let payload: serde_json::Value = serde_json::from_slice(payload).unwrap();
        let answer = match operation {
            Operation::RegisterThing => self.register(&payload),
            _ => {
                self.issued += 1;
                let number = self.issued;
                Response::Accepted(
                    json!({
                        "certificateId": format!("certificate-{number}"),
                        "certificatePem": format!("PEM {number}"),
                        "certificateOwnershipToken": number.to_string(),
                        "privateKey": format!("KEY {number}"),
                    })
                    .to_string()
                    .into(),
                )
            }
        };
        if self.lose_answer_to == Some(index) {
            return Err(ConnectionError::Lost { cause: "the answer is lost".into() });
        }
        Ok(answer)
    }

    fn register(&mut self, payload: &serde_json::Value) -> Response {
        let number: u32 = payload["certificateOwnershipToken"].as_str().unwrap().parse().unwrap();
        let parameters = &payload["parameters"];
        let known = self.registered.get(&number);
        if number <= self.expired || known.is_some_and(|known| known != parameters) {
            return rejected(Operation::RegisterThing, 400, "InvalidCertificateOwnershipToken");
        }
        self.registered.insert(number, parameters.clone());
        Response::Accepted(
            json!({ "thingName": "thing", "deviceConfiguration": { "a": "b" } }).to_string().into(),
        )
    }
}

fn rejected(operation: Operation, status_code: u16, error_code: &str) -> Response {
    let payload = json!({
        "statusCode": status_code, "errorCode": error_code, "errorMessage": "because",
    });
    Response::Rejected(Rejection::parse(operation, payload.to_string().as_bytes()))
}

fn config(method: Method) -> ProvisionConfig {
    let claim = Credentials::new("claim", "key");
    let mut config = ProvisionConfig::new("a:1".parse().unwrap(), "CA", claim, "Template")
        .parameter("SerialNumber", "1")
        .method(method);
    config.retry = RetryPolicy { max_attempts: 1, base: Duration::ZERO, ..RetryPolicy::default() };
    config
}

fn csr() -> Method {
    Method::Csr { key_type: KeyType::P256 }
}

struct World {
    directory: TempDir,
    model: Model,
}

impl World {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), model: Model::default() }
    }

    /// A device as after switching it on: nothing in memory but the settings.
    fn store(&self) -> IdentityStore {
        IdentityStore::open(self.directory.path()).unwrap()
    }

    async fn provision(
        &self,
        config: &ProvisionConfig,
        store: &IdentityStore,
    ) -> Result<Identity, ProvisionError> {
        let exchange = self.model.clone();
        Provisioning { config, store, exchange, on_event: |_: &ProvisionEvent| {}, closes: 0 }
            .run()
            .await
    }

    async fn again(&self, config: &ProvisionConfig) -> Result<Identity, ProvisionError> {
        self.provision(config, &self.store()).await
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.model.0.lock().unwrap()
    }
}

/// Every certificate that the server has made a device is the one that the device has.
fn nothing_is_lost(world: &World, identity: &Identity) {
    let server = world.server();
    let registered: Vec<_> =
        server.registered.keys().map(|number| format!("certificate-{number}")).collect();
    assert_eq!(registered, std::slice::from_ref(&identity.certificate_id));
    assert_eq!(world.store().load().unwrap().as_ref(), Some(identity));
    assert_eq!(world.store().pending().unwrap(), None);
}

#[tokio::test]
async fn a_cut_before_any_file_operation_loses_no_issued_identity() {
    for method in [csr(), Method::Keys] {
        let mut cuts = 0;
        for operations in 0.. {
            let world = World::new();
            let config = config(method);
            let store = world.store();
            store.cut_power_after(operations);
            let first = world.provision(&config, &store).await;
            drop(store);
            cuts += usize::from(first.is_err());
            let pending = world.store().journal().unwrap();
            let answered = pending.certificate_id().is_some();

            let identity = world.again(&config).await.unwrap();
            nothing_is_lost(&world, &identity);
            // What was on the disk is used: no second certificate is asked for.
            assert!(!answered || world.server().issued == 1);
            if first.is_ok() {
                break;
            }
        }
        assert!(cuts > 25, "{cuts} cuts");
    }
}

#[tokio::test]
async fn a_lost_answer_to_any_request_loses_no_registered_identity() {
    for lost in 0..2 {
        let world = World::new();
        world.server().lose_answer_to = Some(lost);
        let config = config(csr());
        world.again(&config).await.unwrap_err();
        let identity = world.again(&config).await.unwrap();
        nothing_is_lost(&world, &identity);
        assert_eq!(world.server().issued, 2 - u32::try_from(lost).unwrap());
    }
}

#[tokio::test]
async fn a_provisioned_device_stays_as_it_is_unless_forced() {
    let world = World::new();
    let config = config(csr());
    let first = world.again(&config).await.unwrap();
    assert_eq!(world.again(&config).await.unwrap(), first);
    assert_eq!(world.server().issued, 1);

    let second = world.again(&config.clone().force(true)).await.unwrap();
    assert_ne!(second.certificate_id, first.certificate_id);
    assert_eq!(world.store().load().unwrap(), Some(second));
}

#[tokio::test]
async fn a_forced_attempt_that_is_cut_leaves_a_whole_identity_at_every_point() {
    for operations in 0.. {
        let world = World::new();
        let config = config(csr());
        let old = world.again(&config).await.unwrap();
        let store = world.store();
        store.cut_power_after(operations);
        let outcome = world.provision(&config.clone().force(true), &store).await;
        drop(store);
        let found = world.store().load().unwrap().unwrap();
        if found.certificate_id == old.certificate_id {
            assert_eq!(found, old, "the old identity, whole");
        } else {
            assert_ne!(found.key_pem, old.key_pem, "the new identity, whole");
            assert_eq!(found.certificate_pem, "PEM 2");
        }
        if outcome.is_ok() {
            break;
        }
    }
}

#[tokio::test]
async fn throttling_and_server_faults_are_tried_again() {
    let world = World::new();
    world.server().rejections = vec![(500, "InternalFailure"), (429, "Throttling")];
    let mut config = config(csr());
    config.retry.max_attempts = 3;
    let identity = world.again(&config).await.unwrap();
    nothing_is_lost(&world, &identity);
    assert_eq!(world.server().arrived.len(), 4);
}

#[tokio::test]
async fn attempts_end() {
    let world = World::new();
    world.server().rejections = vec![(429, "Throttling"); 9];
    let mut config = config(csr());
    config.retry.max_attempts = 3;
    let error = world.again(&config).await.unwrap_err();
    assert!(matches!(error, ProvisionError::GaveUp { attempts: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_is_final_and_keeps_the_certificate_except_on_403() {
    for (status_code, kept) in [(400, true), (404, true), (409, true), (403, false)] {
        let world = World::new();
        world.server().rejections = vec![(status_code, "Code")];
        let mut config = config(csr());
        config.retry.max_attempts = 5;
        // The refusal is for the RegisterThing: the create before it has its answer on the disk.
        let issued = Journal::key_made(KeyType::P256, key::generate(KeyType::P256).unwrap())
            .accepted(
                Operation::CreateCertificateFromCsr,
                br#"{"certificateId":"certificate-1","certificatePem":"PEM 1","certificateOwnershipToken":"1"}"#,
                &config,
                unix_seconds(),
            )
            .unwrap();
        world.store().save_journal(&issued).unwrap();
        let error = world.again(&config).await.unwrap_err();
        assert!(matches!(error, ProvisionError::Refused { .. }), "{error}");
        assert_eq!(world.server().arrived.len(), 1);
        assert_eq!(world.store().journal().unwrap() == issued, kept, "{status_code}");
        if !kept {
            assert_eq!(world.store().journal().unwrap(), Journal::Fresh);
        }
    }
}

#[tokio::test]
async fn a_403_after_an_unanswered_request_keeps_what_may_be_registered() {
    let world = World::new();
    world.server().lose_answer_to = Some(1);
    let config = config(csr());
    world.again(&config).await.unwrap_err();
    world.server().rejections = vec![(403, "AccessDenied")];
    world.again(&config).await.unwrap_err();
    let identity = world.again(&config).await.unwrap();
    nothing_is_lost(&world, &identity);
}

#[tokio::test]
async fn a_dead_token_leads_to_another_certificate_by_the_same_key() {
    let world = World::new();
    world.server().expired = 1;
    let mut config = config(csr());
    config.retry.max_attempts = 2;
    let identity = world.again(&config).await.unwrap();
    assert_eq!(identity.certificate_id, "certificate-2");
}

#[tokio::test]
async fn an_unanswered_attempt_for_something_else_needs_a_decision() {
    let world = World::new();
    world.server().lose_answer_to = Some(1);
    let config = config(csr());
    world.again(&config).await.unwrap_err();
    let other = config.clone().parameter("SerialNumber", "2");
    let error = world.again(&other).await.unwrap_err();
    assert!(matches!(error, ProvisionError::EarlierAttempt { .. }), "{error}");
    assert!(error.advice().unwrap().contains("force"));
    let identity = world.again(&other.force(true)).await.unwrap();
    assert_eq!(identity.certificate_id, "certificate-2");
}

#[tokio::test]
async fn a_server_that_keeps_closing_is_told_as_policy() {
    let world = World::new();
    world.server().closes = true;
    let mut config = config(csr());
    config.retry.max_attempts = 0;
    let error = world.again(&config).await.unwrap_err();
    assert!(matches!(error, ProvisionError::KeptClosing { times: 3, .. }), "{error}");
    assert!(error.advice().unwrap().contains("create-from-csr/*"));
}

#[tokio::test]
async fn two_processes_do_not_share_a_directory() {
    let world = World::new();
    let store = world.store();
    let _lock = store.lock().unwrap();
    let error = world.again(&config(csr())).await.unwrap_err();
    assert!(error.to_string().contains("another process"), "{error}");
}

#[test]
fn a_certificate_is_given_up_after_an_hour_only_if_nothing_was_sent() {
    let config = config(Method::Keys);
    let payload = br#"{"certificateId":"c","certificatePem":"p","certificateOwnershipToken":"t","privateKey":"k"}"#;
    let mut issued = Journal::Fresh
        .accepted(Operation::CreateKeysAndCertificate, payload, &config, 1000)
        .unwrap();
    let ask = Step::Request(Operation::RegisterThing);
    let give_up = Step::GiveUpCertificate { certificate_id: "c".into() };
    assert_eq!(issued.next_step(&config, 4599).unwrap(), ask);
    assert_eq!(issued.next_step(&config, 4600).unwrap(), give_up);
    // A clock that was set back makes nothing older.
    assert_eq!(issued.next_step(&config, 0).unwrap(), ask);
    issued.mark_sent(Operation::RegisterThing, &config);
    assert_eq!(issued.next_step(&config, 9999).unwrap(), ask);
    assert_eq!(issued.without_certificate(), Journal::Fresh);
}

#[test]
fn an_accepted_answer_that_is_none_is_told_without_its_content() {
    let config = config(Method::Keys);
    for payload in [&b"SECRET"[..], b"{\"privateKey\":\"SECRET\"}", b"[]", b""] {
        let error = Journal::Fresh
            .accepted(Operation::CreateKeysAndCertificate, payload, &config, 0)
            .unwrap_err();
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}

#[test]
fn advice_names_the_parameter_that_is_misspelt() {
    let refused = |sent: &str| ProvisionError::Refused {
        rejection: Rejection {
            operation: Operation::RegisterThing,
            status_code: 400,
            error_code: "InvalidParameters".into(),
            error_message: "Cannot resolve reference value: SerialNumber".into(),
        },
        parameters: BTreeMap::from([(sent.to_owned(), "1".to_owned())]),
    };
    assert!(refused("serialNumber").advice().unwrap().contains("serialNumber was sent"));
    assert!(refused("Other").advice().unwrap().contains("SerialNumber=VALUE"));
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    for template in ["", "a b", "a/b", &"a".repeat(37)] {
        let mut config = config(csr());
        config.template = template.to_owned();
        assert!(config.check().is_err(), "{template:?}");
    }
}
