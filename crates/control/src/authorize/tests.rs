//! Who may do what, over the whole router.

use serde_json::{Value, json};

use crate::iot::OFFER;
use crate::tests::{Plane, having};

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

const THING: &str = "arn:aws:iot:us-east-1:123456789012:thing/t";

#[tokio::test]
async fn every_offered_operation_is_refused_without_permission() {
    let plane = Plane::open_for(having(json!([allow("s3:*", "*")])));
    for line in OFFER.known.lines() {
        let [method, path, name] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        if !OFFER.offered().any(|operation| operation.name == name) {
            continue;
        }
        let path: String = path
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => "/x".to_owned(),
                false => format!("/{part}"),
            })
            .skip(1)
            .collect();
        let (status, error, body) = plane.call(method, &path, Value::Null).await;
        assert_eq!((status, error.as_str()), (403, "AccessDeniedException"), "{name}: {body}");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with("User: arn:aws:iam::123456789012:user/"), "{name}: {message}");
        let prefix = if path.starts_with("/fleetwright/") { "fleetwright" } else { "iot" };
        let middle = format!(" is not authorized to perform: {prefix}:{name} on resource: ");
        assert!(message.contains(&middle), "{name}: {message}");
        let end = format!("because no identity-based policy allows the {prefix}:{name} action");
        assert!(message.ends_with(&end), "{name}: {message}");
    }
}

#[tokio::test]
async fn a_permission_reaches_as_far_as_its_resource() {
    let plane = Plane::open_for(having(json!([allow("iot:*Thing", THING)])));
    plane.ok("POST", "/things/t", json!({})).await;
    plane.ok("GET", "/things/t", Value::Null).await;
    let (status, _, body) = plane.call("GET", "/things/u", Value::Null).await;
    assert_eq!(status, 403, "{body}");
    let (status, _, body) = plane.call("GET", "/things", Value::Null).await;
    assert_eq!(status, 403, "{body}");
}

#[tokio::test]
async fn an_explicit_deny_wins_and_says_so() {
    let deny = json!({"Effect": "Deny", "Action": "iot:DeleteThing", "Resource": THING});
    let plane = Plane::open_for(having(json!([allow("*", "*"), deny])));
    plane.ok("POST", "/things/t", json!({})).await;
    let (status, _, body) = plane.call("DELETE", "/things/t", Value::Null).await;
    let message = body["message"].as_str().unwrap();
    assert_eq!(status, 403);
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
    plane.ok("GET", "/things/t", Value::Null).await;
}

#[tokio::test]
async fn a_refused_operation_changes_nothing() {
    let plane = Plane::open_for(having(json!([allow("iot:DescribeThing", "*")])));
    assert_eq!(plane.call("POST", "/things/t", json!({})).await.0, 403);
    assert_eq!(plane.call("GET", "/things/t", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_role_is_passed_only_with_permission() {
    let template = |role: &str| {
        json!({"templateName": "p", "templateBody": "{}",
            "provisioningRoleArn": format!("arn:aws:iam::123456789012:role/{role}")})
    };
    let pass = allow("iam:PassRole", "arn:aws:iam::123456789012:role/small");
    let plane = Plane::open_for(having(json!([allow("iot:*", "*"), pass])));
    let (status, _, body) = plane.call("POST", "/provisioning-templates", template("admin")).await;
    let message = body["message"].as_str().unwrap();
    assert_eq!(status, 403, "{message}");
    assert!(message.contains("iam:PassRole on resource: arn:aws:iam::123456789012:role/admin"));
    let (status, _, body) = plane.call("POST", "/provisioning-templates", template("small")).await;
    assert_eq!(status, 400, "the template is looked at only now: {body}");
}

#[tokio::test]
async fn tags_of_request_and_resource_are_conditions() {
    let group = |key: &str| {
        json!({"Effect": "Allow", "Resource": "*",
        "Action": ["iot:CreateThingGroup", "iot:CreatePolicy", "iot:DeletePolicy"],
        "Condition": {"StringEquals": {key: "red"}}})
    };
    let rules = json!([group("aws:RequestTag/team"), group("aws:ResourceTag/team")]);
    let plane = Plane::open_for(having(rules));
    let policy = |team: &str| {
        let document = json!({"Version": "2012-10-17", "Statement": [allow("iot:Connect", "*")]});
        json!({"policyDocument": document.to_string(), "tags": [{"Key": "team", "Value": team}]})
    };
    assert_eq!(plane.call("POST", "/policies/blue", policy("blue")).await.0, 403);
    plane.ok("POST", "/policies/red", policy("red")).await;
    plane.ok("DELETE", "/policies/red", Value::Null).await;
    assert_eq!(plane.call("DELETE", "/policies/absent", Value::Null).await.0, 403);
}

/// What `RegisterThing` comes to for a caller with these actions; and whether the thing is there.
async fn registration_by(actions: &[&str]) -> ((u16, Value), bool) {
    let setup = ["iot:CreateKeysAndCertificate", "iot:DescribeThing", "iot:RegisterThing"];
    let allowed = [&setup, actions].concat();
    let plane = Plane::open_for(having(json!([
        {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    ])));
    let made = plane.ok("POST", "/keys-and-certificate", Value::Null).await;
    let document = json!({"Version": "2012-10-17", "Statement": [allow("iot:Connect", "*")]});
    let template = json!({"Resources": {
        "thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "t"}},
        "certificate": {"Type": "AWS::IoT::Certificate",
            "Properties": {"CertificateId": made["certificateId"], "Status": "ACTIVE"},
            "OverrideSettings": {"Status": "REPLACE"}},
        "policy": {"Type": "AWS::IoT::Policy",
            "Properties": {"PolicyDocument": document.to_string()}},
    }});
    let asked = json!({"templateBody": template.to_string()});
    let (status, _, body) = plane.call("POST", "/things", asked).await;
    ((status, body), plane.call("GET", "/things/t", Value::Null).await.0 == 200)
}

#[tokio::test]
async fn a_thing_is_registered_with_the_callers_own_permissions() {
    let actions = [
        "iot:CreateThing",
        "iot:AttachThingPrincipal",
        "iot:UpdateCertificate",
        "iot:CreatePolicy",
        "iot:AttachPolicy",
    ];
    let ((status, body), there) = registration_by(&actions).await;
    assert_eq!((status, there), (200, true), "{body}");
    assert_eq!(registration_by(&[]).await.0.0, 403);
    for missing in actions {
        let others: Vec<&str> = actions.into_iter().filter(|action| *action != missing).collect();
        let ((status, body), there) = registration_by(&others).await;
        assert_eq!((status, there), (403, false), "{missing}: {body}");
        let message = body["message"].as_str().unwrap();
        let part = format!("is not authorized to perform: {missing} on resource: arn:aws:iot:");
        assert!(message.contains(&part), "{message}");
    }
}
