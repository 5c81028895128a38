//! `ListBillingGroups`, by name.

use fleetwright_core::names::BillingGroupName;
use serde_json::json;

use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListBillingGroups";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, BillingGroupName::parse)?;
    let prefix = call.query_text("namePrefixFilter")?.map(BillingGroupName::parse).transpose();
    let prefix = prefix.map_err(|rule| invalid(sentence(&rule)))?;
    let prefix = prefix.as_ref().map_or("", BillingGroupName::as_str);
    let found = control.store.list_billing_groups(after, page.size, prefix).await?;
    let groups = found.items.iter().map(|name| {
        json!({ "groupName": name.as_str(), "groupArn": control.home.arn("billinggroup", name) })
    });
    let next = found.next.as_ref().map(BillingGroupName::as_str);
    Ok(Answer::list("billingGroups", groups, &NEXT_TOKEN, next))
}
