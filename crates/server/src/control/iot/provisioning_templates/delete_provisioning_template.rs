//! `DeleteProvisioningTemplate`.

use fleetwright_core::names::TemplateName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteProvisioningTemplate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    control.store.delete_template(name).await?;
    Ok(Answer::empty())
}
