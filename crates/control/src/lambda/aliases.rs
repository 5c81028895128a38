//! Aliases of versions.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::function::{AliasName, Version, Weight};
use fleetwright_core::limits::FUNCTION_DESCRIPTION_CHARS;
use fleetwright_host::random;
use fleetwright_store::{AliasUpdate, FunctionAlias};
use serde_json::{Value, json};

use crate::Control;
use crate::lambda::page::{Page, marker};
use crate::lambda::{reference, shape};
use crate::operation::operation;
use crate::rest::members::{Members, invalid, violation};
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateAlias", create_alias),
    operation!("GetAlias", get_alias),
    operation!("UpdateAlias", update_alias),
    operation!("DeleteAlias", delete_alias),
    operation!("ListAliases", list_aliases),
];

/// `CreateAlias`.
async fn create_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let body = call.object()?;
    let members = body.members();
    let alias = FunctionAlias {
        name: members.required("Name", AliasName::parse)?,
        version: members.required("FunctionVersion", Version::parse)?,
        extra: routing(&members)?.flatten(),
        description: description(&members)?.unwrap_or_default(),
        revision: random::uuid()?,
    };
    let answer = shape::alias(control, &function, &alias);
    control.store.create_function_alias(function, alias).await?;
    Ok(Answer::json(answer).created())
}

/// `GetAlias`.
async fn get_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let name = name(call)?;
    let found = control.store.function_alias(&function, &name).await?;
    let found = found.ok_or_else(|| {
        let arn = control.scope.function_arn(&function);
        Refusal::new(ErrorCode::ResourceNotFound, format!("Cannot find alias arn: {arn}:{name}"))
    })?;
    Ok(Answer::json(shape::alias(control, &function, &found)))
}

/// `UpdateAlias`.
async fn update_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let name = name(call)?;
    let body = call.object()?;
    let members = body.members();
    let update = AliasUpdate {
        version: members.optional("FunctionVersion", Version::parse)?,
        extra: routing(&members)?,
        description: description(&members)?,
        expected: reference::revision(&members)?,
        revision: random::uuid()?,
    };
    let changed = control.store.update_function_alias(function.clone(), name, update).await?;
    Ok(Answer::json(shape::alias(control, &function, &changed)))
}

/// `DeleteAlias`.
async fn delete_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::unqualified(control, call)?;
    control.store.delete_function_alias(function, name(call)?).await?;
    Ok(Answer::nothing())
}

/// `ListAliases`, by name; of one version with `FunctionVersion`.
async fn list_aliases(control: &Control, call: &Authorized<Call>) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let of = call.query_name("FunctionVersion", Version::parse)?;
    let page = Page::read(call)?;
    let (after, size) = (page.after, page.size);
    let found = control.store.list_function_aliases(&function, of, after, size).await?;
    let shown: Vec<Value> =
        found.items.iter().map(|alias| shape::alias(control, &function, alias)).collect();
    Ok(Answer::json(json!({ "Aliases": shown, "NextMarker": marker(found.next) })))
}

// Members that the operations on aliases share.

/// `Name` of the path.
pub(super) fn name(call: &Call) -> Result<AliasName, Refusal> {
    call.label("Name", AliasName::parse)
}

/// `Description`.
pub(super) fn description(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    Ok(members.bounded_text("Description", FUNCTION_DESCRIPTION_CHARS)?.map(str::to_owned))
}

/// `RoutingConfig`: at most one version beside the alias's own. `None` when absent,
/// `Some(None)` when empty.
pub(super) fn routing(members: &Members<'_>) -> Result<Option<Option<(Version, Weight)>>, Refusal> {
    members.object("RoutingConfig", |routing| {
        let mut weights = Vec::new();
        routing.object("AdditionalVersionWeights", |map| {
            for name in map.keys() {
                let version = Version::parse(name).map_err(violation)?;
                let share = map.value(name).and_then(Value::as_f64);
                let share = share.ok_or_else(|| {
                    invalid(format!("The weight of version {version} must be a number."))
                })?;
                let weight = Weight::from_fraction(share);
                weights.push((version, weight.map_err(violation)?));
            }
            Ok(())
        })?;
        if weights.len() > 1 {
            return Err(invalid(
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ));
        }
        Ok(weights.pop())
    })
}
