use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Grants, Member, Need, RequiredPermissions, authorize, authorize_device, of_plan, operation,
};
use crate::arn::AccountScope;
use crate::certificate::CertificateId;
use crate::names::{AccountId, PolicyName, Region};
use crate::policy::{AttachedPolicy, Context, Document, Request};
use crate::template::{Inputs, Template, TemplateUse};
use crate::time::Timestamp;

const HOME: &str = "arn:aws:iot:us-east-1:123456789012:";
const CALLER: &str = "arn:aws:iam::123456789012:user/ann";

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    name: String,
    /// Signing name and operation.
    ask: String,
    /// Members of the request, written as in the table: `label`, `?query`, `@header`, `.body`.
    #[serde(default)]
    with: BTreeMap<String, Value>,
    /// Stored ARNs of what members name; a member that is not here names nothing.
    #[serde(default)]
    stored: BTreeMap<String, String>,
    /// Lists of statements.
    policies: Vec<Value>,
    session: Option<Vec<Value>>,
    #[serde(default)]
    context: BTreeMap<String, Vec<String>>,
    source_ip: Option<IpAddr>,
    now: Option<i64>,
    /// `ALLOWED`, or the verdict, action and resource that refused.
    expect: String,
    /// Words of the message to the caller.
    says: Option<String>,
}

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").expect("region"),
        account: AccountId::parse("123456789012").expect("account"),
    }
}

fn attach(lists: &[Value]) -> Vec<AttachedPolicy> {
    let attach = |(index, statements): (usize, &Value)| AttachedPolicy {
        name: PolicyName::parse(&format!("P{index}")).expect("name"),
        version: 1,
        document: Arc::new(
            Document::parse_identity(
                &json!({"Version": "2012-10-17", "Statement": statements}).to_string(),
            )
            .expect("policy"),
        ),
    };
    lists.iter().enumerate().map(attach).collect()
}

fn written(member: Member) -> String {
    match member {
        Member::Label(name) => name.to_owned(),
        Member::Query(name) => format!("?{name}"),
        Member::Header(name) => format!("@{name}"),
        Member::Body(path) => format!(".{path}"),
    }
}

impl Case {
    fn values(&self, member: Member) -> Vec<String> {
        match self.with.get(&written(member)) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What came of it, in the words of `expect`, and the message.
    fn decide(&self) -> (String, String) {
        let (service, name) = self.ask.split_once(' ').expect("service and operation");
        let entry = operation(service, name).expect("an operation of the table");
        let values = |member| self.values(member);
        let stored = |member| self.stored.get(written(member).as_str()).cloned();
        let required = entry.required(&scope(), CALLER, &values, &stored);
        let (policies, session) = (attach(&self.policies), self.session.as_deref().map(attach));
        let keys = entry.keys(&values, &stored).map(|(key, values)| (key.to_owned(), values));
        let facts: Vec<(String, Vec<String>)> =
            keys.chain(self.context.clone()).filter(|(_, values)| !values.is_empty()).collect();
        let values: Vec<Vec<&str>> =
            facts.iter().map(|(_, values)| values.iter().map(String::as_str).collect()).collect();
        let extra: Vec<(&str, &[&str])> = facts
            .iter()
            .zip(&values)
            .map(|((key, _), values)| (key.as_str(), values.as_slice()))
            .collect();
        let context = Context {
            source_ip: self.source_ip,
            now: self.now.map(Timestamp),
            extra: &extra,
            ..Context::default()
        };
        let grants = Grants { identity: &policies, session: session.as_deref() };
        match authorize((), &required, &grants, &context) {
            Ok(_) => ("ALLOWED".into(), String::new()),
            Err(denied) => {
                let Need { action, resource, .. } = &denied.need;
                let verdict = denied.verdict.as_str();
                (format!("{verdict} {action} {resource}"), denied.message(CALLER))
            }
        }
    }
}

fn check(file: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases/identity").join(file);
    let text = std::fs::read_to_string(path)
        .expect("case file")
        .replace("\"~", &format!("\"{HOME}"))
        .replace(" ~", &format!(" {HOME}"));
    let cases = serde_json::from_str::<File>(&text).expect(file).cases;
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let (outcome, message) = case.decide();
            let said = case.says.as_ref().is_none_or(|says| message.ends_with(says));
            let right = outcome == case.expect && said;
            (!right).then(|| format!("{}: {outcome}, not {}; {message}", case.name, case.expect))
        })
        .collect();
    assert!(failures.is_empty(), "{file}:\n{}", failures.join("\n"));
}

#[test]
fn actions_are_decided() {
    check("actions.json");
}

#[test]
fn resources_are_decided() {
    check("resources.json");
}

#[test]
fn roles_are_passed_and_policies_given_only_with_permission() {
    check("pass_role.json");
}

#[test]
fn what_is_stored_is_decided_about_and_not_what_is_written() {
    check("stored.json");
}

#[test]
fn functions_are_resources_by_every_name() {
    check("functions.json");
}

#[test]
fn conditions_of_identity_policies_are_decided() {
    check("conditions.json");
}

#[test]
fn a_sessions_policies_narrow_the_roles() {
    check("sessions.json");
}

#[test]
fn nothing_is_authorized_by_absence() {
    let all = attach(&[json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])]);
    let grants = Grants { identity: &all, session: None };
    let decide = |required: RequiredPermissions| {
        authorize((), &required, &grants, &Context::default()).is_ok()
    };
    assert!(!decide(RequiredPermissions::All(Vec::new())));
    assert!(!decide(RequiredPermissions::NoDeny(Vec::new())));
    assert!(!decide(RequiredPermissions::All(vec![Need::new("iot:CreateThing", "*"); 257])));
    assert!(decide(RequiredPermissions::All(vec![Need::new("iot:CreateThing", "*"); 256])));
}

#[test]
fn a_tag_of_one_resource_is_not_that_of_another() {
    let condition = json!({"StringEquals": {"aws:ResourceTag/team": "red"}});
    let red = attach(&[json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    ])]);
    assert!(red.iter().all(|policy| policy.document.asks_for(super::RESOURCE_TAG)));
    assert!(red.iter().all(|policy| !policy.document.asks_for("aws:RequestTag/")));
    let grants = Grants { identity: &red, session: None };
    let need = |team: &str| Need {
        tags: [("team".to_owned(), team.to_owned())].into(),
        ..Need::new("iot:DeleteThingGroup", "*")
    };
    let decide = |needs| {
        authorize((), &RequiredPermissions::All(needs), &grants, &Context::default()).is_ok()
    };
    assert!(decide(vec![need("red"), need("red")]));
    assert!(!decide(vec![need("red"), need("blue")]));
    assert!(!decide(vec![need("red"), Need::new("iot:DeleteThingGroup", "*")]));
}

#[test]
fn the_message_is_awss() {
    let required =
        RequiredPermissions::All(vec![Need::new("iot:CreateThing", format!("{HOME}thing/t"))]);
    let grants = Grants { identity: &[], session: None };
    let denied = authorize((), &required, &grants, &Context::default()).expect_err("no policy");
    assert_eq!(
        denied.message(CALLER),
        "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iot:CreateThing \
         on resource: arn:aws:iot:us-east-1:123456789012:thing/t because no identity-based \
         policy allows the iot:CreateThing action"
    );
}

/// Action and resource of every need of a template's plan, without the ARN's start.
fn needs_of(template: Value) -> Vec<String> {
    let template = Template::parse(&template.to_string(), TemplateUse::Fleet).expect("template");
    let certificate = CertificateId([0xab; 32]);
    let parameters = BTreeMap::new();
    let plan = template
        .evaluate(&Inputs {
            parameters: &parameters,
            overrides: &parameters,
            certificate_id: Some(certificate),
            subject: None,
        })
        .expect("plan");
    let needs = of_plan(&plan, &scope(), &scope().arn("cert", certificate));
    let short = |need: Need| format!("{} {}", need.action, need.resource.replace(HOME, ""));
    let on_change = needs.on_change.into_iter().map(|(_, need)| need);
    needs
        .always
        .into_iter()
        .chain(on_change)
        .map(short)
        .map(|text| text.replace(&"ab".repeat(32), "ID"))
        .collect()
}

fn certificate() -> Value {
    json!({"Type": "AWS::IoT::Certificate",
        "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}}})
}

#[test]
fn a_plain_plan_needs_little() {
    let thing = json!({"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "t"}});
    let policy = json!({"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "p"}});
    let resources = json!({"c": certificate(), "t": thing, "p": policy});
    assert_eq!(
        needs_of(json!({"Parameters": {}, "Resources": resources})),
        [
            "iot:AttachThingPrincipal cert/ID",
            "iot:UpdateCertificate cert/ID",
            "iot:AttachPolicy cert/ID",
            "iot:CreateThing thing/t",
        ]
    );
    assert_eq!(
        needs_of(json!({"Parameters": {}, "Resources": {"c": certificate()}})),
        ["iot:UpdateCertificate cert/ID"]
    );
}

#[test]
fn groups_overrides_and_documents_need_more() {
    let thing = json!({"Type": "AWS::IoT::Thing",
        "Properties": {"ThingName": "t", "ThingGroups": ["g"], "BillingGroup": "b"},
        "OverrideSettings": {"AttributePayload": "MERGE", "ThingGroups": "REPLACE"}});
    let document = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]});
    let policy = json!({"Type": "AWS::IoT::Policy",
        "Properties": {"PolicyDocument": document.to_string()}});
    let resources = json!({"c": certificate(), "t": thing, "p": policy});
    let needs = needs_of(json!({"Parameters": {}, "Resources": resources}));
    for wanted in [
        "iot:UpdateThing thing/t",
        "iot:AddThingToThingGroup thing/t",
        "iot:AddThingToThingGroup thinggroup/g",
        "iot:RemoveThingFromThingGroup thing/t",
        "iot:AddThingToBillingGroup billinggroup/b",
        "iot:AddThingToBillingGroup thing/t",
    ] {
        assert!(needs.iter().any(|need| need == wanted), "{wanted} is not in {needs:?}");
    }
    assert!(needs.iter().any(|need| need.starts_with("iot:CreatePolicy policy/")), "{needs:?}");
}

#[test]
fn an_older_name_of_an_action_allows_and_denies_it_too() {
    let need = Need::new("iot:AttachPolicy", "*").or_formerly("iot:AttachPrincipalPolicy");
    let required = RequiredPermissions::All(vec![need]);
    let statement =
        |effect: &str, action: &str| json!({"Effect": effect, "Action": action, "Resource": "*"});
    let (new, old) = ("iot:AttachPolicy", "iot:AttachPrincipalPolicy");
    for (statements, allowed) in [
        (vec![statement("Allow", new)], true),
        (vec![statement("Allow", old)], true),
        (vec![statement("Allow", "iot:AttachThingPrincipal")], false),
        (vec![statement("Allow", new), statement("Deny", old)], false),
        (vec![statement("Allow", old), statement("Deny", new)], false),
    ] {
        let policies = attach(&[json!(statements)]);
        let grants = Grants { identity: &policies, session: None };
        let decided = authorize((), &required, &grants, &Context::default());
        assert_eq!(decided.is_ok(), allowed, "{statements:?}");
    }
}

#[test]
fn a_devices_requests_are_all_allowed_or_the_first_that_is_not_is_named() {
    const A: &str = "arn:aws:iot:us-east-1:123456789012:topic/a";
    const B: &str = "arn:aws:iot:us-east-1:123456789012:topic/b";
    let policies = attach(&[json!([
        {"Effect": "Allow", "Action": "iot:Publish", "Resource": "*"},
        {"Effect": "Deny", "Action": "iot:Publish", "Resource": B},
    ])]);
    let publish = |resource| Request { action: "iot:Publish", resource };
    let retain = Request { action: "iot:RetainPublish", resource: A };
    let decide = |requests: &[Request<'_>]| {
        authorize_device((), requests, &policies, &Context::default())
            .map_err(|(_, refused)| refused)
    };
    assert!(decide(&[publish(A)]).is_ok());
    for (requests, refused) in [
        (&[][..], 0),
        (&[retain], 0),
        (&[publish(A), retain], 1),
        (&[publish(B), publish(A)], 0),
        (&[publish(A), publish(B)], 1),
    ] {
        assert_eq!(decide(requests).err(), Some(refused));
    }
}
