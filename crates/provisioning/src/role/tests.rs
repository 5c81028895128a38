use std::collections::BTreeMap;

use fleetwright_access::identities::StoredIdentity;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::managed_policy::AwsPolicy;
use fleetwright_core::names::{AccountId, PolicyName, Region};
use fleetwright_core::registry;
use fleetwright_core::template::{Inputs, Template, TemplateUse};
use fleetwright_store::GrantedPolicy;
use serde_json::{Value, json};

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/service-role/Provisioning";
const SOURCE: &str = "arn:aws:iot:us-east-1:123456789012:provisioningtemplate/fleet";

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

fn plan() -> ProvisioningPlan {
    let template = json!({"Parameters": {}, "Resources": {
        "certificate": {"Type": "AWS::IoT::Certificate",
            "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}}},
        "thing": {"Type": "AWS::IoT::Thing",
            "Properties": {"ThingName": "t", "ThingGroups": ["g"]}},
        "policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyName": "p"}},
    }});
    let none = BTreeMap::new();
    let inputs = Inputs {
        parameters: &none,
        overrides: &none,
        certificate_id: Some(CertificateId([1; 32])),
        subject: None,
    };
    Template::parse(&template.to_string(), TemplateUse::Fleet).unwrap().evaluate(&inputs).unwrap()
}

fn trusting(service: &str) -> Value {
    json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
}

fn document(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// What comes of the plan under a role of this trust and policy: the message and the cause.
async fn refused(role_arn: &str, trust: Value, policy: String) -> Option<(String, String)> {
    let roles = Identities::new(Box::new(move |identity| {
        let stored = StoredIdentity {
            arn: ROLE.into(),
            unique_id: "AROAEXAMPLE".into(),
            trust: Some(document(&trust)),
            policies: vec![GrantedPolicy {
                name: PolicyName::parse("Given").unwrap(),
                version: 1,
                document: policy.clone(),
            }],
        };
        let there = identity == Identity::Role(RoleName::parse("Provisioning").unwrap());
        Box::pin(async move { Ok(there.then_some(stored)) })
    }));
    let asked = ProvisioningRole { arn: role_arn, source: SOURCE, called: OF_TEMPLATE };
    let certificate = scope().arn("cert", CertificateId([1; 32]));
    let now = Timestamp(1_800_000_000_000);
    let refusal = match allowed(&roles, &scope(), &asked, &certificate, plan(), now).await {
        Err(refusal) => refusal,
        // As the registry would, where there is no such thing yet.
        Ok(plan) => {
            let thing = registry::meet(None, plan.thing.as_ref()?).unwrap();
            thing.possible(None).into_iter().find_map(|change| plan.may(change).err())?
        }
    };
    assert_eq!(refusal.code, ErrorCode::AccessDenied);
    Some((refusal.message, refusal.cause.unwrap_or_default()))
}

fn registration() -> String {
    AwsPolicy::find("AWSIoTThingsRegistration").unwrap().document.to_owned()
}

#[tokio::test]
async fn the_role_of_awss_tutorial_is_enough() {
    assert_eq!(refused(ROLE, trusting("iot.amazonaws.com"), registration()).await, None);
}

#[tokio::test]
async fn a_role_that_is_not_there_is_refused() {
    for other in [
        "arn:aws:iam::123456789012:role/Other",
        "arn:aws:iam::123456789012:role/Provisioning",
        "arn:aws:iam::210987654321:role/service-role/Provisioning",
    ] {
        let (message, cause) =
            refused(other, trusting("iot.amazonaws.com"), registration()).await.unwrap();
        assert_eq!(message, "The provisioning role of this template does not exist.");
        assert!(cause.contains(other), "{cause}");
    }
}

#[tokio::test]
async fn a_role_that_trusts_another_service_is_refused() {
    let (message, cause) =
        refused(ROLE, trusting("lambda.amazonaws.com"), registration()).await.unwrap();
    assert!(message.ends_with("does not trust iot.amazonaws.com."), "{message}");
    assert!(cause.contains(ROLE), "{cause}");
}

#[tokio::test]
async fn a_trust_policy_may_name_the_template() {
    let only = |arn: &str| {
        let mut trust = trusting("iot.amazonaws.com");
        trust["Condition"] = json!({"ArnEquals": {"aws:SourceArn": arn}});
        trust
    };
    assert_eq!(refused(ROLE, only(SOURCE), registration()).await, None);
    assert!(refused(ROLE, only(&format!("{SOURCE}-2")), registration()).await.is_some());
}

#[tokio::test]
async fn each_permission_that_is_missing_is_named() {
    for action in [
        "iot:CreateThing",
        "iot:AttachThingPrincipal",
        "iot:UpdateCertificate",
        "iot:AttachPolicy",
        "iot:AddThingToThingGroup",
    ] {
        let without = json!([action, "iot:AttachPrincipalPolicy"]);
        let policy = json!({"Effect": "Allow", "NotAction": without, "Resource": "*"});
        let (message, cause) =
            refused(ROLE, trusting("iot.amazonaws.com"), document(&policy)).await.unwrap();
        let end = format!("does not allow {action}.");
        assert!(message.ends_with(&end), "{message}");
        assert!(cause.contains(ROLE) && cause.contains("on resource: arn:aws:iot:"), "{cause}");
    }
}

#[tokio::test]
async fn the_role_of_awss_sample_of_2017_is_enough_and_changes_nothing_that_exists() {
    let allow = |actions: &[&str]| {
        document(&json!({"Effect": "Allow", "Action": actions, "Resource": "*"}))
    };
    let sample = ["iot:CreateThing", "iot:AttachPrincipalPolicy", "iot:AttachThingPrincipal"];
    let mut actions =
        [&sample[..], &["iot:UpdateCertificate", "iot:AddThingToThingGroup"]].concat();
    assert_eq!(refused(ROLE, trusting("iot.amazonaws.com"), allow(&actions)).await, None);
    actions.retain(|action| *action != "iot:AddThingToThingGroup");
    let (message, _) = refused(ROLE, trusting("iot.amazonaws.com"), allow(&actions)).await.unwrap();
    assert!(message.ends_with("does not allow iot:AddThingToThingGroup."), "{message}");
}

#[tokio::test]
async fn a_permission_for_other_things_is_not_enough() {
    let policy = json!({"Effect": "Allow", "Action": "iot:*",
        "Resource": ["arn:aws:iot:us-east-1:123456789012:thing/other", "arn:aws:iot:*:*:cert/*"]});
    let (_, cause) = refused(ROLE, trusting("iot.amazonaws.com"), document(&policy)).await.unwrap();
    assert!(cause.contains("iot:CreateThing on resource"), "{cause}");
}
