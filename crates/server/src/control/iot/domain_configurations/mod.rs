//! Domain configurations: names under which devices may connect, and how.

mod create_domain_configuration;
mod delete_domain_configuration;
mod describe_domain_configuration;
mod list_domain_configurations;
mod members;
mod update_domain_configuration;

use fleetwright_store::DomainConfiguration;
use serde_json::json;

use super::{Answer, Operation, operation};
use crate::control::Control;

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_domain_configuration),
    operation!(delete_domain_configuration),
    operation!(describe_domain_configuration),
    operation!(list_domain_configurations),
    operation!(update_domain_configuration),
];

/// The only service behind a domain configuration. AWS: "currently only DATA".
const SERVICE: &str = "DATA";

fn arn(control: &Control, found: &DomainConfiguration) -> String {
    found.arn(&control.home)
}

/// What creation and update answer.
fn answer(control: &Control, found: &DomainConfiguration) -> Answer {
    Answer::json(json!({
        "domainConfigurationName": found.name.as_str(),
        "domainConfigurationArn": arn(control, found),
    }))
}
