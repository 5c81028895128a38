use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    AttachedPolicy, BoundThing, Context, Document, MalformedPolicy, Principal, Request, decide,
    explain,
};
use crate::arn::AccountScope;
use crate::certificate::{CertificateFacts, CertificateId};
use crate::names::{AccountId, PolicyName, Region, ThingName, ThingTypeName};
use crate::time::Timestamp;

mod hints;
mod properties;

const HOME: &str = "arn:aws:iot:us-east-1:123456789012:";

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").expect("a region"),
        account: AccountId::parse("123456789012").expect("an account"),
    }
}

#[derive(Deserialize)]
struct File<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    dialect: String,
    /// Each a document, or the statements of a 2012-10-17 document.
    policies: Vec<serde_json::Value>,
    ask: Vec<(String, String)>,
    #[serde(default)]
    context: Facts,
    expect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Malformed {
    name: String,
    #[serde(default)]
    dialect: String,
    document: String,
    path: String,
    says: String,
}

type ByName = BTreeMap<String, Vec<String>>;

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Facts {
    client_id: Option<String>,
    source_ip: Option<IpAddr>,
    domain_name: Option<String>,
    certificate_id: Option<String>,
    certificate: Option<Certificate>,
    thing: Option<Thing>,
    is_attached: Option<bool>,
    connect_attributes: Option<Vec<String>>,
    last_will_topic: Option<String>,
    now: Option<i64>,
    extra: ByName,
    principals: Vec<(String, String)>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Certificate {
    serial_number: String,
    subject: ByName,
    issuer: ByName,
    subject_alternative: ByName,
    issuer_alternative: ByName,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    r#type: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

fn load<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/policy").join(file);
    let text =
        std::fs::read_to_string(path).expect("case file").replace("\"~", &format!("\"{HOME}"));
    serde_json::from_str::<File<T>>(&text).expect(file).cases
}

fn parse(dialect: &str, text: &str) -> Result<Document, MalformedPolicy> {
    match dialect {
        "identity" => Document::parse_identity(text),
        "trust" => Document::parse_trust(text),
        _ => Document::parse(text),
    }
}

pub(super) fn attach(index: usize, document: Document) -> AttachedPolicy {
    let name = PolicyName::parse(&format!("P{index}")).expect("name");
    AttachedPolicy { name, version: 1, document: Arc::new(document) }
}

/// The policies of statements or documents, named P1, P2 …
fn policies(case: &Case) -> Vec<AttachedPolicy> {
    let documents = case.policies.iter().map(|policy| match policy {
        serde_json::Value::Array(_) => {
            serde_json::json!({ "Version": "2012-10-17", "Statement": policy }).to_string()
        }
        document => document.to_string(),
    });
    documents
        .map(|text| parse(&case.dialect, &text).unwrap_or_else(|e| panic!("{}: {e}", case.name)))
        .enumerate()
        .map(|(index, document)| attach(index + 1, document))
        .collect()
}

impl Facts {
    fn with<R>(&self, use_context: impl FnOnce(&Context<'_>) -> R) -> R {
        let id = self.certificate_id.as_ref().map(|id| CertificateId::parse(id).expect("id"));
        let named = |names: &ByName| {
            names.iter().map(|(name, values)| (&*name.clone().leak(), values.clone())).collect()
        };
        let certificate = self.certificate.as_ref().map(|facts| CertificateFacts {
            serial_number: facts.serial_number.clone(),
            subject: named(&facts.subject),
            issuer: named(&facts.issuer),
            subject_alternative: named(&facts.subject_alternative),
            issuer_alternative: named(&facts.issuer_alternative),
        });
        let thing = self.thing.as_ref().map(|thing| BoundThing {
            name: ThingName::parse(&thing.name).expect("thing name"),
            type_name: thing
                .r#type
                .as_deref()
                .map(|name| ThingTypeName::parse(name).expect("type")),
            attributes: thing.attributes.clone(),
        });
        let features: Option<Vec<&str>> =
            self.connect_attributes.as_ref().map(|all| all.iter().map(String::as_str).collect());
        let values: Vec<(&str, Vec<&str>)> = self
            .extra
            .iter()
            .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
            .collect();
        let extra: Vec<(&str, &[&str])> =
            values.iter().map(|(key, values)| (*key, values.as_slice())).collect();
        let principals: Vec<Principal<'_>> =
            self.principals.iter().map(|(kind, id)| Principal { kind, id }).collect();
        use_context(&Context {
            client_id: self.client_id.as_deref(),
            source_ip: self.source_ip,
            domain_name: self.domain_name.as_deref(),
            certificate_id: id.as_ref(),
            certificate: certificate.as_ref(),
            thing: thing.as_ref(),
            is_attached: self.is_attached,
            connect_attributes: features.as_deref(),
            last_will_topic: self.last_will_topic.as_deref(),
            now: self.now.map(Timestamp),
            extra: &extra,
            principals: &principals,
        })
    }
}

/// Decides every case of a file; names all that fail.
fn check(file: &str) {
    let mut failures = Vec::new();
    for case in load::<Case>(file) {
        let policies = policies(&case);
        case.context.with(|context| {
            let verdicts = case.ask.iter().map(|(action, resource)| {
                let request = Request { action, resource };
                let decision = decide(&policies, &request, context);
                let explanation = explain(&policies, &request, context);
                let first = explanation.decided_by.first().copied();
                if explanation.verdict != decision.verdict || first != decision.decided_by {
                    failures.push(format!("{}: explain and decide differ", case.name));
                }
                decision.verdict.as_str()
            });
            let verdicts: Vec<_> = verdicts.collect();
            let verdict = verdicts.iter().find(|one| **one != "ALLOWED").unwrap_or(&"ALLOWED");
            if *verdict != case.expect {
                failures.push(format!("{}: {verdict}, expected {}", case.name, case.expect));
            }
        });
    }
    assert!(failures.is_empty(), "{file}:\n{}", failures.join("\n"));
}

#[test]
fn vectors_of_the_specification_are_decided() {
    check("vectors.json");
}

#[test]
fn wildcards_cross_levels_and_mqtt_wildcards_are_literal() {
    check("wildcards.json");
}

#[test]
fn variables_are_data_and_unresolved_ones_match_nothing() {
    check("variables.json");
}

#[test]
fn certificate_variables_follow_aws() {
    check("certificate.json");
}

#[test]
fn connect_attributes_follow_the_table() {
    check("connect_attributes.json");
}

#[test]
fn conditions_are_decided() {
    check("conditions.json");
}

#[test]
fn not_action_not_resource_and_unions_are_decided() {
    check("not_action.json");
}

#[test]
fn identity_and_trust_policies_are_decided() {
    check("identity.json");
}

#[test]
fn malformed_documents_are_refused_with_path_and_reason() {
    let mut failures = Vec::new();
    for case in load::<Malformed>("malformed.json") {
        match parse(&case.dialect, &case.document) {
            Ok(_) => failures.push(format!("{}: accepted", case.name)),
            Err(e) if e.path == case.path && e.reason.contains(&case.says) => {}
            Err(e) => failures.push(format!("{}: [{}] {}", case.name, e.path, e.reason)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn hostile_depth_is_refused() {
    assert!(Document::parse(&"[".repeat(2000)).is_err());
    assert!(Document::parse(&"{\"a\":".repeat(400)).is_err());
}

#[test]
fn white_space_does_not_count_towards_the_size() {
    let statement = r#"{"Effect":"Allow","Action":"iot:Publish","Resource":"*"}"#;
    let document = format!("{{\"Statement\":{}{statement}}}", " \n\t".repeat(2000));
    assert!(Document::parse(&document).is_ok());
    let statements = vec![statement; 40].join(",");
    let long = format!("{{\"Statement\":[{statements}]}}");
    assert!(Document::parse(&long).is_err());
    assert!(Document::parse_identity(&long).is_ok());
}
