//! `DeleteProvisioningTemplateVersion`: never the default one.

use fleetwright_core::names::TemplateName;

use super::members::version_id;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteProvisioningTemplateVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    control.store.delete_template_version(name, version_id(call)?, (control.clock)()).await?;
    Ok(Answer::empty())
}
