//! Provisioning templates.

mod create_provisioning_claim;
mod create_provisioning_template;
mod create_provisioning_template_version;
mod delete_provisioning_template;
mod delete_provisioning_template_version;
mod describe_provisioning_template;
mod describe_provisioning_template_version;
mod lint;
mod list_provisioning_template_versions;
mod list_provisioning_templates;
mod members;
mod update_provisioning_template;

use super::{Operation, operation};
pub(super) use members::role_arn;

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_provisioning_claim),
    operation!(create_provisioning_template),
    operation!(create_provisioning_template_version),
    operation!(delete_provisioning_template),
    operation!(delete_provisioning_template_version),
    operation!(describe_provisioning_template),
    operation!(describe_provisioning_template_version),
    operation!(list_provisioning_template_versions),
    operation!(list_provisioning_templates),
    operation!(update_provisioning_template),
];
