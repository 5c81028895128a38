//! Each file has a `base` template, default `parameters`, and cases. A case `set`s and `remove`s
//! members of the base by JSON pointer (or gives a whole `text`), and expects `invalid` (refused
//! at creation), `refused` (at registration), a `plan` (only the members given are compared), or
//! `lints` (each a piece of one lint; `exact` when there are no others).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::*;
use crate::names::{AccountId, Region};
use crate::plan::{CertificateSource, PolicyPlan};

#[derive(Deserialize)]
struct File {
    base: Value,
    parameters: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(rename = "use")]
    use_: Option<String>,
    text: Option<String>,
    #[serde(default)]
    set: BTreeMap<String, Value>,
    #[serde(default)]
    remove: Vec<String>,
    parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    overrides: BTreeMap<String, String>,
    subject: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    existing: BTreeMap<String, BTreeSet<String>>,
    invalid: Option<Invalid>,
    refused: Option<Refused>,
    plan: Option<BTreeMap<String, Value>>,
    lints: Option<Vec<String>>,
    #[serde(default)]
    exact: bool,
}

#[derive(Deserialize)]
struct Invalid {
    path: String,
    message: String,
}

#[derive(Deserialize)]
struct Refused {
    code: String,
    message: String,
}

const ID: CertificateId = CertificateId([0xab; 32]);

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

fn check(file: &str) {
    let file: File = serde_json::from_str(file).expect("a case file");
    for case in &file.cases {
        check_case(&file.base, &file.parameters, case);
    }
}

fn check_case(base: &Value, parameters: &BTreeMap<String, String>, case: &Case) {
    let name = &case.name;
    let text = case.text.clone().unwrap_or_else(|| patched(base, case).to_string());
    let use_ = match case.use_.as_deref() {
        None | Some("fleet") => TemplateUse::Fleet,
        Some("jitp") => TemplateUse::Jitp,
        Some("bulk") => TemplateUse::Bulk,
        Some(other) => panic!("{name}: use {other}"),
    };
    let parsed = Template::parse(&text, use_);
    if let Some(invalid) = &case.invalid {
        let error = parsed.expect_err(name);
        assert_eq!(error.path, invalid.path, "{name}: {error}");
        assert!(error.message.contains(&invalid.message), "{name}: {error}");
        return;
    }
    let template = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
    check_lints(&template, case);

    let subject = case.subject.as_ref().map(|subject| {
        let known = super::super::scope::SUBJECT.iter().map(|(_, attribute)| *attribute);
        known.filter_map(|name| Some((name, subject.get(name)?.clone()))).collect()
    });
    let inputs = Inputs {
        parameters: case.parameters.as_ref().unwrap_or(parameters),
        overrides: &case.overrides,
        certificate_id: (use_ != TemplateUse::Bulk).then_some(ID),
        subject: subject.as_ref(),
    };
    let outcome = template.evaluate(&inputs);
    assert_eq!(outcome, template.evaluate(&inputs), "{name}: not the same twice");
    match (outcome, &case.refused, &case.plan) {
        (Err(refusal), Some(refused), None) => {
            assert_eq!(refusal.code.mqtt_name(), refused.code, "{name}: {refusal}");
            assert!(refusal.message.contains(&refused.message), "{name}: {refusal}");
        }
        (Ok(plan), None, Some(expected)) => check_plan(name, &plan, expected),
        (_, None, None) => assert!(case.lints.is_some(), "{name}: expects nothing"),
        (outcome, ..) => panic!("{name}: {outcome:?}"),
    }
}

fn patched(base: &Value, case: &Case) -> Value {
    let mut template = base.clone();
    for pointer in &case.remove {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = template.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        assert!(parent.remove(key).is_some(), "{}: nothing at {pointer}", case.name);
    }
    for (pointer, value) in &case.set {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = template.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.insert(key.to_owned(), value.clone());
    }
    template
}

fn check_lints(template: &Template, case: &Case) {
    let Some(expected) = &case.lints else { return };
    let take = |kind: &str| case.existing.get(kind).cloned().unwrap_or_default();
    let existing = References {
        thing_types: take("thing_types"),
        groups: take("groups"),
        billing_groups: take("billing_groups"),
        policies: take("policies"),
    };
    let lints = template.lint(&existing, Some(&scope()));
    let texts: Vec<_> = lints.iter().map(|l| format!("{}: {}", l.path, l.message)).collect();
    for piece in expected {
        let found = texts.iter().any(|text| text.contains(piece));
        assert!(found, "{}: no lint '{piece}' in {texts:#?}", case.name);
    }
    assert!(!case.exact || texts.len() == expected.len(), "{}: {texts:#?}", case.name);
}

fn check_plan(name: &str, plan: &ProvisioningPlan, expected: &BTreeMap<String, Value>) {
    let shown = shown(plan);
    for (member, expected) in expected {
        let actual = shown.get(member).unwrap_or_else(|| panic!("{name}: no {member}"));
        assert_eq!(actual, expected, "{name}: {member}");
    }
}

fn shown(plan: &ProvisioningPlan) -> Value {
    let certificate = match &plan.certificate.source {
        CertificateSource::Id(ID) => "ID".to_owned(),
        CertificateSource::Id(id) => id.to_string(),
        CertificateSource::SigningRequest(csr) => format!("csr:{csr}"),
        CertificateSource::Pem { certificate, ca: None } => format!("pem:{certificate}"),
        CertificateSource::Pem { certificate, ca: Some(ca) } => format!("pem:{certificate}+{ca}"),
    };
    let mut names = BTreeSet::new();
    let policies: Vec<_> = plan
        .policies
        .iter()
        .map(|policy| match policy {
            PolicyPlan::Existing { name, .. } => name.to_string(),
            PolicyPlan::FromDocument { name, document, .. } => {
                let hex = |c: char| matches!(c, '0'..='9' | 'A'..='F');
                assert!(name.as_str().len() == 40 && name.as_str().chars().all(hex), "{name}");
                names.insert(name.to_string());
                document.clone()
            }
        })
        .collect();
    let mut shown = json!({
        "certificate": certificate,
        "active": plan.certificate.active,
        "exclusive": plan.certificate.exclusive,
        "statusOverride": format!("{:?}", plan.certificate.on_status),
        "policies": policies,
        "samePolicyNames": names.len() == 1,
        "deviceConfiguration": plan.device_configuration,
        "thing": null,
    });
    if let Some(thing) = &plan.thing {
        let on = &thing.on_existing;
        let overrides =
            [on.attributes, on.type_name, on.groups].map(|action| format!("{action:?}"));
        let more = json!({
            "thing": thing.logical_name,
            "thingName": thing.name,
            "attributes": thing.attributes,
            "type": thing.type_name,
            "groups": thing.groups,
            "billingGroup": thing.billing_group,
            "overrides": overrides,
        });
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    shown
}

macro_rules! families {
    ($($family:ident)*) => {
        $(
            #[test]
            fn $family() {
                check(include_str!(concat!(
                    "../../../cases/template/",
                    stringify!($family),
                    ".json"
                )));
            }
        )*
    };
}

families!(sections thing certificate policy functions parameters lint fleet_example);
