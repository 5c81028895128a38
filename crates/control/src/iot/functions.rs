//! Members that name a function: an authorizer's, a certificate provider's, a callback.

use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionRef, ServiceCall, Source, service_may_invoke};
use fleetwright_core::hook::HookTarget;
use serde_json::{Value, json};

use crate::Control;
use crate::lint::with_lints;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Outcome};

/// The service that invokes functions of AWS IoT's resources.
const SERVICE: &str = "iot.amazonaws.com";

/// Characters of a function's ARN. AWS: shapes `AuthorizerFunctionArn` and the like.
const FUNCTION_CHARS: usize = 2048;

/// A function by its ARN, or what a hook may be: `command:NAME` or a URL that the configuration
/// lists.
pub(super) fn function(
    control: &Control,
    members: &Members<'_>,
    name: &str,
) -> Result<Option<String>, Refusal> {
    let Some(text) = members.bounded_text(name, FUNCTION_CHARS)? else { return Ok(None) };
    control
        .hooks
        .target(text)
        .map_err(|rule| invalid(format!("The member '{name}' is not valid: {rule}.")))?;
    Ok(Some(text.to_owned()))
}

/// A function that must be named.
pub(super) fn required_function(
    control: &Control,
    members: &Members<'_>,
    name: &str,
) -> Result<String, Refusal> {
    function(control, members, name)?
        .ok_or_else(|| invalid(format!("The member '{name}' is required.")))
}

/// A function that a resource names, for a warning.
pub(super) struct Named<'a> {
    /// Where the request names it.
    pub(super) member: &'a str,
    /// What it names.
    pub(super) target: &'a str,
    /// The ARN of the resource.
    pub(super) source: &'a str,
}

/// The answer of an operation on a resource, with the lints of the function that it names.
pub(super) async fn with_function_lints(
    control: &Control,
    answer: Answer,
    named: &Named<'_>,
) -> Outcome {
    Ok(with_lints(answer, lints(control, named).await?))
}

/// Why a Lambda function could not be invoked for a resource, if so. AWS finds out when it is
/// needed; so do we, with a warning here. It is logged as well.
pub(super) async fn lints(control: &Control, named: &Named<'_>) -> Result<Vec<Value>, Refusal> {
    let Ok(HookTarget::Function(arn)) = HookTarget::parse(named.target) else {
        return Ok(Vec::new());
    };
    let message = match FunctionRef::parse(&control.scope, arn) {
        Err(error) => Some(error.to_string()),
        Ok(function) => uninvocable(control, &function, named.source).await?,
    };
    let line = |message: String| {
        tracing::warn!(resource = named.source, member = named.member, "{message}");
        json!({"path": named.member, "message": message})
    };
    Ok(message.map(line).into_iter().collect())
}

async fn uninvocable(
    control: &Control,
    function: &FunctionRef,
    source: &str,
) -> Result<Option<String>, Refusal> {
    let (name, qualifier) = (&function.name, function.qualifier.as_ref());
    if control.store.function(name, qualifier).await?.is_none() {
        return Ok(Some(format!("{} does not exist", function.arn(&control.scope))));
    }
    let policy = control.store.function_policy(name, qualifier).await?;
    let call = ServiceCall {
        service: SERVICE,
        function,
        source: Source { arn: source, account: control.scope.account.as_str() },
        now: control.now(),
    };
    let document = policy.as_ref().map(|policy| policy.document.as_str());
    Ok(service_may_invoke(&control.scope, document, &call).err().map(|why| why.to_string()))
}
