//! Billing groups.

mod add_thing_to_billing_group;
mod create_billing_group;
mod delete_billing_group;
mod describe_billing_group;
mod list_billing_groups;
mod list_things_in_billing_group;
mod remove_thing_from_billing_group;
mod update_billing_group;

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::BillingGroupName;

use super::members::Members;
use super::named::name_or_arn;
use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(add_thing_to_billing_group),
    operation!(create_billing_group),
    operation!(delete_billing_group),
    operation!(describe_billing_group),
    operation!(list_billing_groups),
    operation!(list_things_in_billing_group),
    operation!(remove_thing_from_billing_group),
    operation!(update_billing_group),
];

/// The group of a request: `billingGroupName` or `billingGroupArn`.
fn group(home: &Home, members: &Members<'_>) -> Result<Option<BillingGroupName>, Refusal> {
    let both = ("billingGroupName", "billingGroupArn");
    name_or_arn(home, members, both, BillingGroupName::parse, |target| match target {
        Target::BillingGroup(name) => Some(name),
        _ => None,
    })
}
