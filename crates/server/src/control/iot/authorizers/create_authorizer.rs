//! `CreateAuthorizer`: `ACTIVE` unless told otherwise; with keys unless signing is disabled.

use fleetwright_core::names::AuthorizerName;
use fleetwright_store::Authorizer;

use super::members::{answer, signing_keys, status, token_key_name};
use crate::control::Control;
use crate::control::iot::functions::{Named, lints, required_function};
use crate::control::iot::lint::with_lints;
use crate::control::iot::members::invalid;
use crate::control::iot::{Call, Outcome, tags};

pub(super) const NAME: &str = "CreateAuthorizer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let now = (control.clock)();
    let new = Authorizer {
        name: name.clone(),
        function_arn: required_function(control, &members, "authorizerFunctionArn")?,
        token_key_name: token_key_name(&members)?,
        signing_keys: signing_keys(&members)?.unwrap_or_default(),
        active: status(members.text("status")?)?.unwrap_or(true),
        signing_disabled: members.flag("signingDisabled")?.unwrap_or(false),
        caching: members.flag("enableCachingForHttp")?.unwrap_or(false),
        created: now,
        modified: now,
    };
    if !new.signing_disabled && (new.token_key_name.is_none() || new.signing_keys.is_empty()) {
        return Err(invalid(
            "Tokens are signed, so the members 'tokenKeyName' and 'tokenSigningPublicKeys' are \
             required; or set 'signingDisabled' to true.",
        )
        .into());
    }
    let target = new.function_arn.clone();
    control.store.create_authorizer(new, tags::tags(&members)?).await?;
    let source = control.home.arn("authorizer", &name);
    let named = Named { member: "authorizerFunctionArn", target: &target, source: &source };
    Ok(with_lints(answer(control, &name), lints(control, &named).await?))
}
