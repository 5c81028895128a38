//! The execution role: it must exist and trust Lambda.

use fleetwright_access::identities::Identity;
use fleetwright_core::error::Refusal;
use fleetwright_core::matched_text::FUNCTION_ROLE_NOT_ASSUMED;
use fleetwright_core::names::RoleName;
use fleetwright_core::policy::Context;

use crate::Control;
use crate::rest::members::{Members, invalid};

/// Whom an execution role must trust. AWS: guide, "Lambda execution role".
const SERVICE: &str = "lambda.amazonaws.com";
/// Characters of a role's ARN. (IAM: path of 512, name of 64)
const ROLE_CHARS: usize = 640;

/// `Role`, if present.
///
/// # Errors
/// `InvalidRequest` in AWS's words for a role that is not there or does not trust Lambda.
pub(super) async fn role(
    control: &Control,
    members: &Members<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(arn) = members.bounded_text("Role", ROLE_CHARS)? else { return Ok(None) };
    let refused = |cause: String| invalid(FUNCTION_ROLE_NOT_ASSUMED).because(cause);
    let name = arn.rsplit('/').next().and_then(|name| RoleName::parse(name).ok());
    let name = name.ok_or_else(|| refused(format!("{arn} is no ARN of a role")))?;
    let role = control.identities.get(&Identity::Role(name)).await?;
    if !role.is_role(arn) {
        return Err(refused(format!("{arn} does not exist")));
    }
    let keys: [(&str, &[&str]); 1] = [("aws:SourceAccount", &[control.scope.account.as_str()])];
    let context = Context { now: Some(control.now()), extra: &keys, ..Context::default() };
    match role.trust_refusal(SERVICE, &context) {
        None => Ok(Some(arn.to_owned())),
        Some(why) => Err(refused(format!("{arn} {why}"))),
    }
}
