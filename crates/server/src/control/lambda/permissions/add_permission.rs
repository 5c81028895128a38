//! `AddPermission`.

use fleetwright_core::function::{Permission, PermissionRequest, Qualifier, Version};
use serde_json::json;

use crate::control::iot::members::{invalid, sentence};
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, refusal};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "AddPermission";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::qualified(control, call)?;
    if function.qualifier == Some(Qualifier::Version(Version::Latest)) {
        let rule = "We currently do not support adding policies for $LATEST.";
        return Err(invalid(rule).into());
    }
    let body = call.object()?;
    let given = body.members();
    let permission = Permission::read(&PermissionRequest {
        id: given.required_text("StatementId")?,
        action: given.required_text("Action")?,
        principal: given.required_text("Principal")?,
        source_arn: given.text("SourceArn")?,
        source_account: given.text("SourceAccount")?,
        event_source_token: given.text("EventSourceToken")?,
        principal_org_id: given.text("PrincipalOrgID")?,
        function_url_auth_type: given.text("FunctionUrlAuthType")?,
        invoked_via_function_url: given.flag("InvokedViaFunctionUrl")?,
    })
    .map_err(|rule| invalid(sentence(&rule)))?;
    let expected = reference::revision(&given)?;
    let revision = identifiers::fresh()?;
    let added =
        control.store.add_function_permission(function, permission, expected, revision).await;
    let statement = added.map_err(refusal::limit("PolicyLengthExceededException"))?;
    Ok(Answer::json(json!({ "Statement": statement })).created())
}
