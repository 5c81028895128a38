//! The thing of a registration: made, or met by the rules of its overrides.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::ThingGroupName;
use fleetwright_core::plan::ThingPlan;
use fleetwright_core::registry::{self, ExistingThing, ThingChange};

use super::{ApplyRegistration, as_failure};
use crate::sql::Sql;
use crate::thing_groups::Entry;
use crate::{NewThing, StoreError, Thing, ThingRow, thing_groups, things};

/// A thing as far as a plan may change it.
pub(super) fn existing(sql: &Sql<'_>, thing: &Thing) -> Result<ExistingThing, StoreError> {
    Ok(ExistingThing {
        attributes: thing.attributes.clone(),
        type_name: thing.type_name.clone(),
        groups: thing_groups::static_of_thing(sql, thing.row)?.into_iter().collect(),
        billing_group: thing.billing_group.clone(),
    })
}

/// The thing's row, and whether it is new.
pub(super) fn meet(
    sql: &Sql<'_>,
    plan: &ThingPlan,
    apply: &ApplyRegistration,
) -> Result<(ThingRow, bool), StoreError> {
    let found = things::find(sql, &plan.name)?;
    let existing = found.as_ref().map(|thing| existing(sql, thing)).transpose()?;
    let change = registry::meet(existing.as_ref(), plan)?;
    for change in change.possible(existing.as_ref()) {
        apply.plan.may(change)?;
    }
    match (change, found) {
        (ThingChange::Unchanged, Some(thing)) => Ok((thing.row, false)),
        (ThingChange::Update(update), Some(thing)) => {
            // A group is left before one of the same hierarchy is entered.
            for group in &update.groups_to_remove {
                thing_groups::leave(sql, thing.row, group).map_err(as_failure)?;
            }
            enter_all(sql, thing.row, &update.groups_to_add)?;
            let (kind, billing) = (update.type_name.as_ref(), update.billing_group.as_ref());
            things::set(sql, &thing, kind, billing, &update.attributes).map_err(as_failure)?;
            Ok((thing.row, false))
        }
        (ThingChange::Create(thing), None) => {
            let groups: Vec<_> = thing.groups.into_iter().collect();
            let new = NewThing {
                name: plan.name.clone(),
                id: apply.thing_id,
                type_name: thing.type_name,
                billing_group: thing.billing_group,
                attributes: thing.attributes,
            };
            let row = things::insert(sql, new, apply.now).map_err(as_failure)?.row;
            enter_all(sql, row, &groups)?;
            Ok((row, true))
        }
        (change, _) => Err(StoreError::Corrupt(format!("a plan met no thing with {change:?}"))),
    }
}

fn enter_all(sql: &Sql<'_>, thing: ThingRow, groups: &[ThingGroupName]) -> Result<(), StoreError> {
    groups.iter().try_for_each(|group| {
        // A device is not kept out by the dynamic groups that it happens to be in.
        let code = ErrorCode::ResourceRegistrationFailure;
        thing_groups::enter(sql, thing, group, Entry { code, over_dynamic: true })
            .map_err(as_failure)
    })
}
