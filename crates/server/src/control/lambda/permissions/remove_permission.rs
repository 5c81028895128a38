//! `RemovePermission`.

use fleetwright_core::function::StatementId;

use super::has_policy;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "RemovePermission";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::qualified(control, call)?;
    has_policy(&function)?;
    let id = call.label("StatementId", StatementId::parse)?;
    let expected = call.query_text("RevisionId")?.map(reference::uuid).transpose()?;
    let revision = identifiers::fresh()?;
    control.store.remove_function_permission(function, id, expected, revision).await?;
    Ok(Answer::nothing())
}
