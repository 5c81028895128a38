//! The whole router over a real registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use fleetwright_access::identities::{FindIdentity, Identities, StoredIdentity};
use fleetwright_access::issuers::Issuers;
use fleetwright_ca::{Authority, AuthorityNames, KeyPool};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, PolicyName, Region};
use fleetwright_core::time::Timestamp;
use fleetwright_functions::Functions;
use fleetwright_functions::hooks::Hooks;
use fleetwright_host::data_dir::DataDir;
use fleetwright_host::sealing::Sealing;
use fleetwright_provisioning::Provisioning;
use fleetwright_provisioning::bulk::Bulk;
use fleetwright_provisioning::issuance::Issuance;
use fleetwright_provisioning::keys::DeviceKeys;
use fleetwright_store::{GrantedPolicy, Store};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::auth::tests::{NOW, Signer, known, request};
use super::body::BODY_BYTES;
use super::*;

/// Finds for every identity the same policy, of these statements.
pub(crate) fn having(statements: Value) -> FindIdentity {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Box::new(move |_| {
        let name = PolicyName::parse("Given").unwrap();
        let found = StoredIdentity {
            arn: "arn:aws:iam::123456789012:user/admin".into(),
            unique_id: "AIDAEXAMPLE".into(),
            trust: None,
            policies: vec![GrantedPolicy { name, version: 1, document: document.clone() }],
        };
        Box::pin(async move { Ok(Some(found)) })
    })
}

/// A control plane on a registry of its own.
pub(crate) struct Plane {
    service: TowerToHyperService<Router>,
    looked_up: Arc<AtomicUsize>,
    _directory: tempfile::TempDir,
}

impl Plane {
    fn open() -> Self {
        Self::open_for(having(json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])))
    }

    /// A plane whose only caller, the user `admin`, has these policies.
    pub(crate) fn open_for(find: FindIdentity) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let now = Timestamp(NOW * 1000);
        let url = path("registry.db").to_string_lossy().into_owned();
        let store = Store::open(&url, scope.clone(), Arc::new(|_: &_| {})).unwrap();
        let names = AuthorityNames::default();
        let authority = Authority::create_or_open(&path("ca"), &names, now).unwrap();
        let pool = KeyPool::open(&path("keys"), 1).unwrap();
        let keys = DeviceKeys::start(pool, Duration::from_secs(60)).unwrap();
        let issuance = Arc::new(Issuance::new(Arc::new(authority), keys));
        let nothing = fleetwright_functions::hooks::Settings::default();
        let tls = fleetwright_host::tls::client("hooks", None).unwrap();
        let data_dir = DataDir::open(&path("data")).unwrap();
        let sealing = Arc::new(Sealing::open_or_make(&data_dir).unwrap());
        let identities = Arc::new(Identities::new(find));
        let functions = Functions::new(
            scope.clone(),
            &data_dir,
            store.clone(),
            Arc::clone(&sealing),
            Arc::clone(&identities),
            fleetwright_functions::Settings::default(),
        );
        let functions = functions.unwrap();
        let hooks = Hooks::new(nothing, Arc::clone(&tls), Arc::clone(&functions)).unwrap();
        let hooks = Arc::new(hooks);
        let audit =
            fleetwright_installation::audit::Audit::start(store.clone(), Duration::from_millis(20));
        let provisioning = Provisioning::new(
            scope.clone(),
            store.clone(),
            Arc::clone(&audit),
            Arc::clone(&issuance),
            Arc::clone(&hooks),
            fleetwright_provisioning::settings::Claims::default(),
            Some(Arc::clone(&identities)),
        );
        let bulk = Bulk::new(
            scope.clone(),
            store.clone(),
            Arc::clone(&provisioning),
            Arc::clone(&sealing),
            fleetwright_provisioning::bulk::settings::Bulk::default(),
            Arc::clone(&tls),
            path("copies"),
        );
        let looked_up = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&looked_up);
        let control = ControlPlane {
            admission: Admission::new(&crate::settings::Control::default()),
            examine: Box::new(Vec::new),
            measure: None,
            audit,
            identities,
            issuers: Arc::new(Issuers::new(tls)),
            services: fleetwright_services::Services::new(
                store.clone(),
                Default::default(),
                Default::default(),
                None,
            ),
            registry: store,
            scope,
            endpoints: Endpoints {
                data: "iot.example:1883".into(),
                credentials: "credentials.example".into(),
                jobs: "jobs.example".into(),
            },
            has_certificate_for: Box::new(|_| false),
            issuance,
            provisioning,
            publish: Box::new(|_, _, _| Box::pin(async { Ok(()) })),
            console_links: crate::console::Links::default(),
            connections: Box::new(connections::Nobody),
            hooks,
            functions,
            bulk,
            own_scheme: "http",
            claim_seconds: 300,
            sealing,
            credentials: Box::new(move |asked| {
                counter.fetch_add(1, Ordering::Relaxed);
                Box::pin(
                    async move { Ok((asked.id == "AKIDEXAMPLE").then(|| known(&asked.scope))) },
                )
            }),
            clock: || Timestamp(NOW * 1000),
        };
        let service = TowerToHyperService::new(router(Arc::new(control)));
        Self { service, looked_up, _directory: directory }
    }

    /// Sends as it is; gives status, error name and body.
    async fn send(&self, request: http::Request<Vec<u8>>) -> (u16, String, Value) {
        let response = self.service.call(request.map(Body::from)).await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let (status, error) = (response.status().as_u16(), header("x-amzn-errortype"));
        assert_eq!(header("content-type"), "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, error, serde_json::from_slice(&body).unwrap())
    }

    /// Signs and sends.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, String, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(Signer::default().sign(request(method, path, &body))).await
    }

    /// Signs and sends; it must succeed.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, error, body) = self.call(method, path, body).await;
        assert_eq!((status, error.as_str()), (200, ""), "{method} {path}: {body}");
        body
    }
}

fn policy() -> Value {
    let document = json!({"Version": "2012-10-17", "Statement":
        [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]});
    json!({"policyDocument": document.to_string()})
}

#[tokio::test]
async fn every_answer_but_health_needs_a_signature() {
    let plane = Plane::open();
    assert_eq!(plane.send(request("GET", "/healthz", "")).await.0, 200);
    for path in ["/endpoint", "/", "/nothing", "/things/a"] {
        let (status, error, body) = plane.send(request("GET", path, "")).await;
        assert_eq!((status, error.as_str()), (403, "MissingAuthenticationTokenException"));
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["message"]);
    }
    assert_eq!(plane.looked_up.load(Ordering::Relaxed), 0);
    let endpoint = plane.ok("GET", "/endpoint", Value::Null).await;
    assert_eq!(endpoint, json!({"endpointAddress": "iot.example:1883"}));
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let plane = Plane::open();
    let mut ids = std::collections::BTreeSet::new();
    for signed in [true, false, true] {
        let plain = request("GET", "/endpoint", "");
        let sent = if signed { Signer::default().sign(plain) } else { plain };
        let response = plane.service.call(sent.map(Body::from)).await.unwrap();
        let id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
        assert_eq!(id.len(), 36);
        assert!(ids.insert(id));
    }
}

#[tokio::test]
async fn a_large_body_is_read_of_known_keys_only_and_refused() {
    let plane = Plane::open();
    let large = "x".repeat(BODY_BYTES + 1);
    let signed = Signer::default().sign(request("POST", "/things/a", &large));
    let (status, error, _) = plane.send(signed).await;
    assert_eq!((status, error.as_str()), (413, "RequestEntityTooLargeException"));
    let mut stranger = Signer::default().sign(request("POST", "/things/a", &large));
    let header = stranger.headers()["authorization"].to_str().unwrap().replace("AKID", "AKIX");
    stranger.headers_mut().insert("authorization", header.parse().unwrap());
    let (status, error, _) = plane.send(stranger).await;
    assert_eq!((status, error.as_str()), (403, "UnrecognizedClientException"));
}

#[tokio::test]
async fn a_conflict_names_the_resource() {
    let plane = Plane::open();
    plane.ok("POST", "/policies/p", policy()).await;
    let (status, error, body) = plane.call("POST", "/policies/p", policy()).await;
    assert_eq!((status, error.as_str()), (409, "ResourceAlreadyExistsException"));
    assert_eq!(body["resourceId"], "p");
    assert_eq!(body["resourceArn"], "arn:aws:iot:us-east-1:123456789012:policy/p");
    assert!(body["message"].as_str().unwrap().contains('p'));
}

#[tokio::test]
async fn an_arn_with_encoded_slash_is_a_label() {
    let plane = Plane::open();
    plane.ok("POST", "/policies/p", policy()).await;
    let made = plane.ok("POST", "/keys-and-certificate?setAsActive=true", Value::Null).await;
    let target = made["certificateArn"].as_str().unwrap();
    plane.ok("PUT", "/target-policies/p", json!({"target": target})).await;
    let label = target.replace(':', "%3A").replace('/', "%2F");
    let found = plane.ok("POST", &format!("/attached-policies/{label}"), Value::Null).await;
    assert_eq!(found["policies"][0]["policyName"], "p");
    assert_eq!(found.as_object().unwrap().len(), 1, "no nextMarker on the last page: {found}");
}

#[tokio::test]
async fn pages_follow_their_tokens_to_the_end() {
    let plane = Plane::open();
    for index in 0..5 {
        plane.ok("POST", &format!("/things/t%3A{index}"), json!({})).await;
    }
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let page = plane.ok("GET", &format!("/things?maxResults=2{token}"), Value::Null).await;
        let things = page["things"].as_array().unwrap();
        names.extend(things.iter().map(|thing| thing["thingName"].as_str().unwrap().to_owned()));
        let Some(next) = page.get("nextToken") else { break };
        token = format!("&nextToken={}", next.as_str().unwrap().replace('=', "%3D"));
    }
    assert_eq!(names, ["t:0", "t:1", "t:2", "t:3", "t:4"]);
    for bad in ["maxResults=0", "maxResults=251", "maxResults=x", "nextToken=%21", "nextToken="] {
        let (status, error, _) = plane.call("GET", &format!("/things?{bad}"), Value::Null).await;
        assert_eq!((status, error.as_str()), (400, "InvalidRequestException"), "{bad}");
    }
}

#[tokio::test]
async fn times_are_epoch_seconds_with_a_fraction() {
    let plane = Plane::open();
    plane.ok("POST", "/policies/p", policy()).await;
    let found = plane.ok("GET", "/policies/p", Value::Null).await;
    assert!(found["creationDate"].is_f64(), "{found}");
}
