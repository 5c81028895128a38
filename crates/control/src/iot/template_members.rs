//! What a provisioning template is made of, read.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::TEMPLATE_DESCRIPTION_CHARS;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::TemplateUse;
use fleetwright_core::text::shown;
use fleetwright_store::{Hook, TemplateType};

use crate::Control;
use crate::iot::named::is_role_arn;
use crate::rest::description;
use crate::rest::members::{Members, invalid};

/// Characters of a hook's target. AWS: shape `TargetArn`.
const TARGET_CHARS: usize = 2048;
/// The only version of the hook's payload. AWS: `ProvisioningHook`, "the default".
pub(super) const PAYLOAD_VERSION: &str = "2020-04-01";

/// The member that names the role of a template.
pub(super) const ROLE: &str = "provisioningRoleArn";

/// `description`.
pub(super) fn template_description(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    Ok(description(members, "description", TEMPLATE_DESCRIPTION_CHARS)?.map(str::to_owned))
}

/// `provisioningRoleArn`: stored as a label; it is not assumed here.
pub(super) fn role(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    role_arn(members, ROLE)
}

/// A member that holds the ARN of a role, which need not exist.
pub(crate) fn role_arn(members: &Members<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = members.text(name)? else { return Ok(None) };
    if is_role_arn(text) {
        return Ok(Some(text.to_owned()));
    }
    let shown = shown(text);
    Err(invalid(format!(
        "The member '{name}' is not valid: '{shown}' must be 20 to 2048 characters \
         of the form arn:aws:iam::ACCOUNT:role/NAME. The role need not exist."
    )))
}

/// `preProvisioningHook`.
pub(super) fn hook(control: &Control, members: &Members<'_>) -> Result<Option<Hook>, Refusal> {
    members.object("preProvisioningHook", |hook| {
        let target = hook
            .bounded_text("targetArn", TARGET_CHARS)?
            .ok_or_else(|| invalid("The member 'preProvisioningHook.targetArn' is required."))?;
        control.hooks.target(target).map_err(|rule| {
            invalid(format!("The member 'preProvisioningHook.targetArn' is not valid: {rule}."))
        })?;
        let version = hook.text("payloadVersion")?;
        if let Some(other) = version.filter(|version| *version != PAYLOAD_VERSION) {
            let shown = shown(other);
            return Err(invalid(format!(
                "The member 'preProvisioningHook.payloadVersion' is '{shown}'; the only version \
                 is {PAYLOAD_VERSION}."
            )));
        }
        Ok(Hook { target: target.to_owned(), payload_version: version.map(str::to_owned) })
    })
}

/// `type` as AWS writes it.
pub(super) fn type_text(kind: TemplateType) -> &'static str {
    match kind {
        TemplateType::FleetProvisioning => "FLEET_PROVISIONING",
        TemplateType::Jitp => "JITP",
    }
}

/// What a body of such a template may hold.
pub(super) fn use_of(kind: TemplateType) -> TemplateUse {
    match kind {
        TemplateType::FleetProvisioning => TemplateUse::Fleet,
        TemplateType::Jitp => TemplateUse::Jitp,
    }
}

/// A template does not exist.
pub(super) fn no_template(name: &TemplateName) -> Refusal {
    Refusal::new(
        ErrorCode::ResourceNotFound,
        format!("The provisioning template '{name}' does not exist."),
    )
}
