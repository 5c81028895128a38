//! `UpdateAuthorizer`: what is given; the rest stays.

use fleetwright_core::names::AuthorizerName;
use fleetwright_store::AuthorizerUpdate;

use super::members::{answer, signing_keys, status, token_key_name};
use crate::control::Control;
use crate::control::iot::functions::{Named, function, lints};
use crate::control::iot::lint::with_lints;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "UpdateAuthorizer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let update = AuthorizerUpdate {
        function_arn: function(control, &members, "authorizerFunctionArn")?,
        token_key_name: token_key_name(&members)?,
        signing_keys: signing_keys(&members)?,
        active: status(members.text("status")?)?,
        caching: members.flag("enableCachingForHttp")?,
    };
    let target = update.function_arn.clone().unwrap_or_default();
    control.store.update_authorizer(name.clone(), update, (control.clock)()).await?;
    let source = control.home.arn("authorizer", &name);
    let named = Named { member: "authorizerFunctionArn", target: &target, source: &source };
    Ok(with_lints(answer(control, &name), lints(control, &named).await?))
}
