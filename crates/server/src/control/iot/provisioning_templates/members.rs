//! Members that the template operations share.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::TEMPLATE_DESCRIPTION_CHARS;
use fleetwright_core::names::{AccountId, TemplateName};
use fleetwright_store::{Hook, TemplateType};
use serde_json::Value;

use crate::control::Control;
use crate::control::iot::call::{Call, description};
use crate::control::iot::functions::{Named, lints};
use crate::control::iot::members::{Members, invalid};

/// Characters of a role's ARN. AWS: shape `RoleArn`.
const ROLE_ARN_CHARS: std::ops::RangeInclusive<usize> = 20..=2048;
/// Characters of a hook's target. AWS: shape `TargetArn`.
const TARGET_CHARS: usize = 2048;
/// The only version of the hook's payload. AWS: `ProvisioningHook`, "the default".
pub(super) const PAYLOAD_VERSION: &str = "2020-04-01";

/// `description`.
pub(super) fn template_description(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    Ok(description(members, "description", TEMPLATE_DESCRIPTION_CHARS)?.map(str::to_owned))
}

/// `provisioningRoleArn`: kept as a label; nothing is assumed with it here.
pub(super) fn role(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    role_arn(members, "provisioningRoleArn")
}

/// A member that holds the ARN of a role, which need not exist.
pub(in crate::control::iot) fn role_arn(
    members: &Members<'_>,
    name: &str,
) -> Result<Option<String>, Refusal> {
    let Some(text) = members.text(name)? else { return Ok(None) };
    let valid = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let valid = valid.is_some_and(|(account, path)| {
        AccountId::parse(account).is_ok()
            && !path.is_empty()
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    });
    if valid && ROLE_ARN_CHARS.contains(&text.chars().count()) {
        return Ok(Some(text.to_owned()));
    }
    let shown: String = text.chars().take(64).collect();
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
            let shown: String = other.chars().take(64).collect();
            return Err(invalid(format!(
                "The member 'preProvisioningHook.payloadVersion' is '{shown}'; the only version \
                 is {PAYLOAD_VERSION}."
            )));
        }
        Ok(Hook { target: target.to_owned(), payload_version: version.map(str::to_owned) })
    })
}

/// Why the function of a hook could not be invoked for a template, if so.
pub(super) async fn hook_lints(
    control: &Control,
    template: &TemplateName,
    target: Option<&str>,
) -> Result<Vec<Value>, Refusal> {
    let Some(target) = target else { return Ok(Vec::new()) };
    let source = control.home.arn("provisioningtemplate", template);
    let member = "preProvisioningHook.targetArn";
    lints(control, &Named { member, target, source: &source }).await
}

/// `type` as AWS writes it.
pub(super) fn type_text(kind: TemplateType) -> &'static str {
    match kind {
        TemplateType::FleetProvisioning => "FLEET_PROVISIONING",
        TemplateType::Jitp => "JITP",
    }
}

/// A template does not exist.
pub(super) fn no_template(name: &TemplateName) -> Refusal {
    Refusal::new(
        ErrorCode::ResourceNotFound,
        format!("The provisioning template '{name}' does not exist."),
    )
}

/// The label `versionId`; a number that is larger than any version is none's.
pub(super) fn version_id(call: &Call) -> Result<u32, Refusal> {
    call.label("versionId", |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits {
            Ok(text.parse().unwrap_or(u32::MAX))
        } else {
            Err("versionId must be a number")
        }
    })
}
