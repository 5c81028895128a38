//! Policies and what they are attached to.

mod attach_policy;
mod create_policy;
mod delete_policy;
mod detach_policy;
mod get_policy;
mod list_attached_policies;
mod list_policies;

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::error::Refusal;
use fleetwright_store::PolicyTarget;

use super::members::invalid;
use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(attach_policy),
    operation!(create_policy),
    operation!(delete_policy),
    operation!(detach_policy),
    operation!(get_policy),
    operation!(list_attached_policies),
    operation!(list_policies),
];

/// The member or label `target`: a certificate or a thing group, by ARN.
fn target(home: &Home, text: &str) -> Result<PolicyTarget, Refusal> {
    match home.target(text) {
        Some(Target::Certificate(id)) => Ok(PolicyTarget::Certificate(id)),
        Some(Target::ThingGroup(name)) => Ok(PolicyTarget::ThingGroup(name)),
        _ => {
            let shown: String = text.chars().take(128).collect();
            Err(invalid(format!(
                "The target '{shown}' is not valid: use the ARN of a certificate or a thing \
                 group of this account and region, such as {}.",
                home.arn("thinggroup", "NAME")
            )))
        }
    }
}
