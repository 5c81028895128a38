//! `UpdateProvisioningTemplate`: changes what is named; bodies of versions never change.

use fleetwright_core::names::TemplateName;
use fleetwright_store::TemplateUpdate;

use super::members;
use crate::control::Control;
use crate::control::iot::lint::with_lints;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "UpdateProvisioningTemplate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let body = call.object()?;
    let given = body.members();
    let version = given.integer("defaultVersionId")?.map(u32::try_from).transpose();
    let hook = match (members::hook(control, &given)?, given.flag("removePreProvisioningHook")?) {
        (Some(_), Some(true)) => {
            return Err(invalid(
                "The members 'preProvisioningHook' and 'removePreProvisioningHook' exclude each \
                 other.",
            )
            .into());
        }
        (None, Some(true)) => Some(None),
        (None, _) => None,
        (Some(hook), _) => Some(Some(hook)),
    };
    let update = TemplateUpdate {
        description: members::template_description(&given)?,
        enabled: given.flag("enabled")?,
        default_version: version
            .map_err(|_| invalid("The member 'defaultVersionId' names no version."))?,
        role_arn: members::role(&given)?,
        hook,
    };
    let hook = update.hook.as_ref().and_then(|hook| hook.as_ref()).map(|hook| hook.target.clone());
    control.store.update_template(name.clone(), update, (control.clock)()).await?;
    let lints = members::hook_lints(control, &name, hook.as_deref()).await?;
    Ok(with_lints(Answer::empty(), lints))
}
