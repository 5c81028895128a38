//! Policy documents: what parses decides and explains.
#![no_main]

use std::sync::Arc;

use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{AttachedPolicy, Context, Document, Request, decide, explain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, client_id, topic) = input;
    let Ok(document) = Document::parse(text) else { return };
    let _ = document.lint();
    let Ok(name) = PolicyName::parse("P") else { return };
    let policies = [AttachedPolicy { name, version: 1, document: Arc::new(document) }];
    let resource = format!("arn:aws:iot:us-east-1:123456789012:topic/{topic}");
    let request = Request { action: "iot:Publish", resource: &resource };
    let context = Context { client_id: Some(client_id), ..Context::default() };
    let decision = decide(&policies, &request, &context);
    assert_eq!(decision.verdict, explain(&policies, &request, &context).verdict);
});
