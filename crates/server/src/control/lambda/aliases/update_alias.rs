//! `UpdateAlias`.

use fleetwright_core::function::Version;
use fleetwright_store::AliasUpdate;

use super::members;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, shape};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "UpdateAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let name = members::name(call)?;
    let body = call.object()?;
    let given = body.members();
    let update = AliasUpdate {
        version: given.optional("FunctionVersion", Version::parse)?,
        extra: members::routing(&given)?,
        description: members::description(&given)?,
        expected: reference::revision(&given)?,
        revision: identifiers::fresh()?,
    };
    let changed = control.store.update_function_alias(function.clone(), name, update).await?;
    Ok(Answer::json(shape::alias(control, &function, &changed)))
}
