use std::sync::Arc;

use super::{Assessment, assess};
use crate::names::PolicyName;
use crate::policy::{AttachedPolicy, Context, Document, Verdict};

fn policy(name: &str, effect: &str, resource: &str) -> AttachedPolicy {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"iot:Publish",
        "Resource":"{resource}"}}]}}"#
    );
    let document = Arc::new(Document::parse(&text).unwrap());
    AttachedPolicy { name: PolicyName::parse(name).unwrap(), version: 1, document }
}

fn topic(name: &str) -> String {
    format!("arn:aws:iot:us-east-1:123456789012:topic/{name}")
}

fn publish<'p>(policies: &'p [AttachedPolicy], topics: &[&str]) -> Assessment<'p> {
    let resources: Vec<String> = topics.iter().map(|name| topic(name)).collect();
    assess(policies, "iot:Publish", &resources, &Context::default())
}

#[test]
fn each_policy_is_told_by_what_it_says() {
    let policies = [
        policy("allow", "Allow", "*"),
        policy("deny", "Deny", &topic("b")),
        policy("other", "Allow", &topic("c")),
    ];
    let found = publish(&policies, &["a"]);
    assert_eq!(found.verdict, Verdict::Allowed);
    assert_eq!(found.allowing.len(), 1);
    assert_eq!((found.denying.len(), found.silent.len()), (0, 2));
    let found = publish(&policies, &["a", "b"]);
    assert_eq!(found.verdict, Verdict::ExplicitDeny);
    assert_eq!(found.denying, [&policies[1].name]);
}

#[test]
fn one_resource_that_nobody_allows_is_an_implicit_deny() {
    let policies = [policy("some", "Allow", &topic("a"))];
    assert_eq!(publish(&policies, &["a", "b"]).verdict, Verdict::ImplicitDeny);
    assert_eq!(publish(&[], &["a"]).verdict, Verdict::ImplicitDeny);
}

#[test]
fn what_a_policy_asks_and_nobody_knows_is_named() {
    let policies = [policy("mine", "Allow", &topic("${iot:ClientId}"))];
    let found = publish(&policies, &["a"]);
    assert_eq!(found.verdict, Verdict::ImplicitDeny);
    assert_eq!(found.missing, ["iot:ClientId"]);
}
