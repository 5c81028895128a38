//! Members that name a function: an authorizer's, a certificate provider's, a callback.

use fleetwright_core::error::Refusal;

use super::members::{Members, invalid};
use crate::hooks::HookTarget;

/// Characters of a function's ARN. AWS: shapes `AuthorizerFunctionArn` and the like.
const FUNCTION_CHARS: usize = 2048;

/// A function by its ARN, or what a hook may be: `command:NAME` or a URL.
pub(super) fn function(members: &Members<'_>, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = members.bounded_text(name, FUNCTION_CHARS)? else { return Ok(None) };
    HookTarget::parse(text)
        .map_err(|rule| invalid(format!("The member '{name}' is not valid: {rule}.")))?;
    Ok(Some(text.to_owned()))
}

/// A function that must be named.
pub(super) fn required_function(members: &Members<'_>, name: &str) -> Result<String, Refusal> {
    function(members, name)?.ok_or_else(|| invalid(format!("The member '{name}' is required.")))
}
