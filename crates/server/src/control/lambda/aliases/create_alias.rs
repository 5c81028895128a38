//! `CreateAlias`.

use fleetwright_core::function::{AliasName, Version};
use fleetwright_store::FunctionAlias;

use super::members;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, shape};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "CreateAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let body = call.object()?;
    let given = body.members();
    let alias = FunctionAlias {
        name: given.required("Name", AliasName::parse)?,
        version: given.required("FunctionVersion", Version::parse)?,
        extra: members::routing(&given)?.flatten(),
        description: members::description(&given)?.unwrap_or_default(),
        revision: identifiers::fresh()?,
    };
    let answer = shape::alias(control, &function, &alias);
    control.store.create_function_alias(function, alias).await?;
    Ok(Answer::json(answer).created())
}
