//! Who may invoke a function.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::function::{
    FunctionRef, Permission, PermissionRequest, Qualifier, StatementId, Version,
};
use fleetwright_host::random;
use serde_json::json;

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::lambda::reference;
use crate::operation::operation;
use crate::rest::members::{invalid, violation};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("AddPermission", add_permission),
    operation!("RemovePermission", remove_permission),
    operation!("GetPolicy", get_policy),
];

/// The refusal of a policy of `$LATEST`: it has none, and is authorized as another resource than
/// the function, whose policy must not be reached by its name.
fn has_policy(function: &FunctionRef) -> Result<(), Refusal> {
    match function.qualifier {
        Some(Qualifier::Version(Version::Latest)) => Err(no_policy()),
        _ => Ok(()),
    }
}

fn no_policy() -> Refusal {
    Refusal::new(ErrorCode::ResourceNotFound, "The resource you requested does not exist.")
}

/// `AddPermission`.
async fn add_permission(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    if function.qualifier == Some(Qualifier::Version(Version::Latest)) {
        let rule = "We currently do not support adding policies for $LATEST.";
        return Err(invalid(rule).into());
    }
    let body = call.object()?;
    let members = body.members();
    let permission = Permission::read(&PermissionRequest {
        id: members.required_text("StatementId")?,
        action: members.required_text("Action")?,
        principal: members.required_text("Principal")?,
        source_arn: members.text("SourceArn")?,
        source_account: members.text("SourceAccount")?,
        event_source_token: members.text("EventSourceToken")?,
        principal_org_id: members.text("PrincipalOrgID")?,
        function_url_auth_type: members.text("FunctionUrlAuthType")?,
        invoked_via_function_url: members.flag("InvokedViaFunctionUrl")?,
    })
    .map_err(violation)?;
    let expected = reference::revision(&members)?;
    let revision = random::uuid()?;
    let added =
        control.store.add_function_permission(function, permission, expected, revision).await;
    let statement =
        added.map_err(|error| ApiError::from(error).with_quota(ErrorKind::PolicyLengthExceeded))?;
    Ok(Answer::json(json!({ "Statement": statement })).created())
}

/// `RemovePermission`.
async fn remove_permission(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    has_policy(&function)?;
    let id = call.label("StatementId", StatementId::parse)?;
    let expected = call.query_text("RevisionId")?.map(reference::uuid).transpose()?;
    let revision = random::uuid()?;
    control.store.remove_function_permission(function, id, expected, revision).await?;
    Ok(Answer::nothing())
}

/// `GetPolicy`.
async fn get_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::qualified(control, call)?;
    has_policy(&function)?;
    let qualifier = function.qualifier.as_ref();
    if control.store.function(&function.name, qualifier).await?.is_none() {
        return Err(reference::no_function(control, &function).into());
    }
    let found = control.store.function_policy(&function.name, qualifier).await?;
    let found = found.ok_or_else(no_policy)?;
    Ok(Answer::json(json!({
        "Policy": found.document,
        "RevisionId": found.revision.to_string(),
    })))
}
