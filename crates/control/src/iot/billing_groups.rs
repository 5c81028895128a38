//! Billing groups and their things.

use fleetwright_core::arn::{AccountScope, Target};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::DESCRIPTION_CHARS;
use fleetwright_core::names::{BillingGroupName, ThingName};
use fleetwright_host::random;
use fleetwright_store::NewBillingGroup;
use serde_json::{Map, Value, json};

use crate::Control;
use crate::iot::named::{name_or_arn, thing, unnamed};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, description, not_found, put, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateBillingGroup", create_billing_group),
    operation!("DescribeBillingGroup", describe_billing_group),
    operation!("UpdateBillingGroup", update_billing_group),
    operation!("DeleteBillingGroup", delete_billing_group),
    operation!("ListBillingGroups", list_billing_groups),
    operation!("AddThingToBillingGroup", add_thing_to_billing_group),
    operation!("RemoveThingFromBillingGroup", remove_thing_from_billing_group),
    operation!("ListThingsInBillingGroup", list_things_in_billing_group),
];

/// The group of a request: `billingGroupName` or `billingGroupArn`.
fn group(scope: &AccountScope, members: &Members<'_>) -> Result<Option<BillingGroupName>, Refusal> {
    let both = ("billingGroupName", "billingGroupArn");
    name_or_arn(scope, members, both, BillingGroupName::parse, |target| match target {
        Target::BillingGroup(name) => Some(name),
        _ => None,
    })
}

/// `CreateBillingGroup`: again with equal properties answers the same group.
async fn create_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let description = members.object("billingGroupProperties", |properties| {
        description(&properties, "billingGroupDescription", DESCRIPTION_CHARS)
    })?;
    let group = NewBillingGroup {
        name,
        id: random::uuid()?,
        description: description.flatten().map(str::to_owned),
        tags: tags::tags(&members)?,
    };
    let group = control.store.create_billing_group(group, control.now()).await?;
    Ok(Answer::json(json!({
        "billingGroupName": group.name.as_str(),
        "billingGroupArn": control.scope.arn("billinggroup", &group.name),
        "billingGroupId": group.id.to_string(),
    })))
}

/// `DescribeBillingGroup`.
async fn describe_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let found = control.store.billing_group(&name).await?;
    let found = found.ok_or_else(|| not_found("billing group", &name))?;
    let mut properties = Value::Object(Map::new());
    put(&mut properties, "billingGroupDescription", found.description);
    Ok(Answer::json(json!({
        "billingGroupName": found.name.as_str(),
        "billingGroupId": found.id.to_string(),
        "billingGroupArn": control.scope.arn("billinggroup", &found.name),
        "version": found.version,
        "billingGroupProperties": properties,
        "billingGroupMetadata": { "creationDate": found.created.epoch_seconds() },
    })))
}

/// `UpdateBillingGroup`: the description; answers the new version.
async fn update_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let description = members.object("billingGroupProperties", |properties| {
        description(&properties, "billingGroupDescription", DESCRIPTION_CHARS)
    })?;
    let description =
        description.ok_or_else(|| invalid("The member 'billingGroupProperties' is required."))?;
    let description = description.map(str::to_owned);
    let expected = members.expected_version()?;
    let version = control.store.update_billing_group(name, description, expected).await?;
    Ok(Answer::json(json!({ "version": version })))
}

/// `DeleteBillingGroup`: its things stay, without one; one that is gone is deleted.
async fn delete_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    control.store.delete_billing_group(name, call.expected_version()?).await?;
    Ok(Answer::empty())
}

/// `ListBillingGroups`, by name.
async fn list_billing_groups(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, BillingGroupName::parse)?;
    let prefix = call.query_name("namePrefixFilter", BillingGroupName::parse)?;
    let prefix = prefix.as_ref().map_or("", BillingGroupName::as_str);
    let found = control.store.list_billing_groups(after, page.size, prefix).await?;
    let groups = found.items.iter().map(|name| {
        json!({ "groupName": name.as_str(), "groupArn": control.scope.arn("billinggroup", name) })
    });
    let next = found.next.as_ref().map(BillingGroupName::as_str);
    Ok(Answer::list("billingGroups", groups, &NEXT_TOKEN, next))
}

/// `AddThingToBillingGroup`: a thing is in one at most; another one is left.
async fn add_thing_to_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = thing(&control.scope, &members)?;
    let group = group(&control.scope, &members)?;
    let group = group.ok_or_else(|| unnamed("billingGroupName", "billingGroupArn"))?;
    control.store.add_thing_to_billing_group(thing, group).await?;
    Ok(Answer::empty())
}

/// `RemoveThingFromBillingGroup`: not a member is no error.
async fn remove_thing_from_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let thing = thing(&control.scope, &members)?;
    let group = group(&control.scope, &members)?;
    control.store.remove_thing_from_billing_group(thing, group).await?;
    Ok(Answer::empty())
}

/// `ListThingsInBillingGroup`, by name.
async fn list_things_in_billing_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("billingGroupName", BillingGroupName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, ThingName::parse)?;
    let found = control.store.things_in_billing_group(&name, after, page.size).await?;
    let things = found.items.iter().map(|name| name.as_str().into());
    Ok(Answer::list("things", things, &NEXT_TOKEN, found.next.as_ref().map(ThingName::as_str)))
}
