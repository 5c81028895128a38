//! How a plan meets what is registered already: DO_NOTHING, REPLACE, MERGE, FAIL.
//!
//! AWS: "Provisioning templates", `OverrideSettings`. The default, when a template does not say,
//! is not documented; ours is that of `CreateThing`: equal is fine, different is a conflict.

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::CertificateStatus;
use crate::error::{ErrorCode, Refusal};
use crate::limits;
use crate::names::{AttributeName, BillingGroupName, ThingGroupName, ThingTypeName};
use crate::plan::{CertificatePlan, Override, PossibleChange, ThingPlan};

#[cfg(test)]
mod tests;

/// A thing as the registry has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExistingThing {
    /// Its attributes.
    pub attributes: BTreeMap<AttributeName, String>,
    /// Its type.
    pub type_name: Option<ThingTypeName>,
    /// The static groups that it is in.
    pub groups: BTreeSet<ThingGroupName>,
    /// Its billing group.
    pub billing_group: Option<BillingGroupName>,
}

/// What the registry has to do to a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThingChange {
    /// Make it, with exactly these properties.
    Create(ExistingThing),
    /// Give the existing thing exactly these properties.
    Update(ThingUpdate),
    /// Nothing.
    Unchanged,
}

impl ThingChange {
    /// What it takes to bring it about, given the thing as it is.
    pub fn possible(&self, existing: Option<&ExistingThing>) -> Vec<PossibleChange> {
        let (mut changes, groups, billing) = match self {
            Self::Unchanged => return Vec::new(),
            Self::Create(thing) => {
                let groups: Vec<_> = thing.groups.iter().collect();
                (vec![PossibleChange::CreateThing], groups, &thing.billing_group)
            }
            Self::Update(update) => {
                let differs = existing.is_none_or(|thing| {
                    thing.attributes != update.attributes || thing.type_name != update.type_name
                });
                let mut changes = Vec::new();
                changes.extend(differs.then_some(PossibleChange::UpdateThing));
                changes.extend(
                    (!update.groups_to_remove.is_empty()).then_some(PossibleChange::LeaveGroups),
                );
                (changes, update.groups_to_add.iter().collect(), &update.billing_group)
            }
        };
        changes.extend(groups.into_iter().cloned().map(PossibleChange::EnterGroup));
        let has = existing.and_then(|thing| thing.billing_group.as_ref());
        changes.extend((billing.as_ref() != has).then_some(PossibleChange::EnterBillingGroup));
        changes
    }
}

/// The properties of an existing thing after a registration, and how its groups get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingUpdate {
    /// All attributes, not only changed ones.
    pub attributes: BTreeMap<AttributeName, String>,
    /// The type; `None` is no type.
    pub type_name: Option<ThingTypeName>,
    /// Groups to enter.
    pub groups_to_add: Vec<ThingGroupName>,
    /// Groups to leave.
    pub groups_to_remove: Vec<ThingGroupName>,
    /// The billing group; `None` is none.
    pub billing_group: Option<BillingGroupName>,
}

/// Decides what a plan does to a thing, existing or not.
///
/// # Errors
/// [`ErrorCode::ResourceConflicts`] on `FAIL`, or when the template does not say
/// and a property differs; [`ErrorCode::ResourceRegistrationFailure`] when the
/// outcome would have too many attributes or groups.
pub fn meet(existing: Option<&ExistingThing>, plan: &ThingPlan) -> Result<ThingChange, Refusal> {
    let Some(existing) = existing else {
        let thing = ExistingThing {
            attributes: without_empty(plan.attributes.clone().unwrap_or_default()),
            type_name: plan.type_name.clone(),
            groups: plan.groups.iter().flatten().cloned().collect(),
            billing_group: plan.billing_group.clone(),
        };
        check(&thing, plan)?;
        return Ok(ThingChange::Create(thing));
    };
    let outcome = ExistingThing {
        attributes: attributes(existing, plan)?,
        type_name: type_name(existing, plan)?,
        groups: groups(existing, plan)?,
        billing_group: billing_group(existing, plan)?,
    };
    if outcome == *existing {
        return Ok(ThingChange::Unchanged);
    }
    check(&outcome, plan)?;
    Ok(ThingChange::Update(ThingUpdate {
        groups_to_add: outcome.groups.difference(&existing.groups).cloned().collect(),
        groups_to_remove: existing.groups.difference(&outcome.groups).cloned().collect(),
        attributes: outcome.attributes,
        type_name: outcome.type_name,
        billing_group: outcome.billing_group,
    }))
}

/// An empty value removes an attribute, as in `UpdateThing`.
fn without_empty(mut attributes: Attributes) -> Attributes {
    attributes.retain(|_, value| !value.is_empty());
    attributes
}

type Attributes = BTreeMap<AttributeName, String>;

/// `FAIL` fails whenever the thing exists: it keeps a second device from taking a name that is
/// taken, even with the same properties.
fn conflict(plan: &ThingPlan, property: &str, action: Override) -> Refusal {
    let why = match action {
        Override::Fail => "its OverrideSettings say FAIL",
        _ => "it differs, and OverrideSettings do not say what to do",
    };
    Refusal::new(
        ErrorCode::ResourceConflicts,
        format!("Thing '{}' exists already. {property}: {why}.", plan.name),
    )
}

fn attributes(existing: &ExistingThing, plan: &ThingPlan) -> Result<Attributes, Refusal> {
    let action = plan.on_existing.attributes;
    let wanted = plan.attributes.clone();
    match (action, wanted) {
        (Override::Fail, _) => Err(conflict(plan, "AttributePayload", action)),
        (Override::DoNothing, _) | (_, None) => Ok(existing.attributes.clone()),
        (Override::Replace, Some(wanted)) => Ok(without_empty(wanted)),
        (Override::Merge, Some(wanted)) => {
            let mut merged = existing.attributes.clone();
            merged.extend(wanted);
            Ok(without_empty(merged))
        }
        (Override::Unset, Some(wanted)) => {
            let wanted = without_empty(wanted);
            let equal = wanted == existing.attributes;
            if equal { Ok(wanted) } else { Err(conflict(plan, "AttributePayload", action)) }
        }
    }
}

fn type_name(existing: &ExistingThing, plan: &ThingPlan) -> Result<Option<ThingTypeName>, Refusal> {
    let action = plan.on_existing.type_name;
    match (action, &plan.type_name) {
        (Override::Fail, _) => Err(conflict(plan, "ThingTypeName", action)),
        (Override::DoNothing, _) | (_, None) => Ok(existing.type_name.clone()),
        (Override::Replace | Override::Merge, wanted) => Ok(wanted.clone()),
        (Override::Unset, wanted) if *wanted == existing.type_name => Ok(wanted.clone()),
        (Override::Unset, _) => Err(conflict(plan, "ThingTypeName", action)),
    }
}

fn groups(existing: &ExistingThing, plan: &ThingPlan) -> Result<BTreeSet<ThingGroupName>, Refusal> {
    let action = plan.on_existing.groups;
    let Some(wanted) = &plan.groups else {
        return match action {
            Override::Fail => Err(conflict(plan, "ThingGroups", action)),
            _ => Ok(existing.groups.clone()),
        };
    };
    let wanted: BTreeSet<_> = wanted.iter().cloned().collect();
    match action {
        Override::Fail => Err(conflict(plan, "ThingGroups", action)),
        Override::DoNothing => Ok(existing.groups.clone()),
        Override::Replace => Ok(wanted),
        Override::Merge => Ok(existing.groups.union(&wanted).cloned().collect()),
        Override::Unset if wanted == existing.groups => Ok(wanted),
        Override::Unset => Err(conflict(plan, "ThingGroups", action)),
    }
}

/// AWS documents no override for the billing group: a thing that has none gets the template's; one
/// that has another is a conflict.
fn billing_group(
    existing: &ExistingThing,
    plan: &ThingPlan,
) -> Result<Option<BillingGroupName>, Refusal> {
    match (&existing.billing_group, &plan.billing_group) {
        (Some(has), Some(wanted)) if has != wanted => {
            Err(conflict(plan, "BillingGroup", Override::Unset))
        }
        (has, wanted) => Ok(wanted.as_ref().or(has.as_ref()).cloned()),
    }
}

/// The bounds on a thing as it would become.
fn check(thing: &ExistingThing, plan: &ThingPlan) -> Result<(), Refusal> {
    let refuse = |message: String| {
        let message = format!("Thing '{}': {message}", plan.name);
        Err(Refusal::new(ErrorCode::ResourceRegistrationFailure, message))
    };
    let (count, hint) = match thing.type_name {
        None => (limits::ATTRIBUTES_WITHOUT_TYPE, "without a thing type; give it a ThingTypeName"),
        Some(_) => (limits::ATTRIBUTES_WITH_TYPE, "with a thing type"),
    };
    if thing.attributes.len() > count {
        let has = thing.attributes.len();
        return refuse(format!("{has} attributes are too many: {count} are allowed {hint}."));
    }
    let attributes = thing.attributes.iter();
    let bytes: usize = attributes.map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limits::ATTRIBUTES_TOTAL_BYTES {
        let rule = limits::ATTRIBUTES_TOTAL_BYTES;
        return refuse(format!("attributes may have at most {rule} bytes together."));
    }
    if thing.groups.len() > limits::GROUPS_PER_THING {
        let rule = limits::GROUPS_PER_THING;
        return refuse(format!("a thing may be in at most {rule} groups."));
    }
    Ok(())
}

/// Who registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrar {
    /// An operator, who may change the status of certificates.
    Operator,
    /// A device, with the template of an operator.
    Device,
}

/// Decides the status of a plan's certificate, which is now in `existing`. One that waits for its
/// registration takes the plan's status; the overrides are for others.
///
/// # Errors
/// [`ErrorCode::ResourceConflicts`] on `FAIL`, and when a device would switch a certificate on that
/// is switched off, which the template does not say; [`ErrorCode::CertificateState`] when the
/// certificate is revoked or in transfer.
pub fn meet_certificate(
    existing: CertificateStatus,
    plan: &CertificatePlan,
    registrar: Registrar,
) -> Result<CertificateStatus, Refusal> {
    use CertificateStatus as Status;
    let wanted = if plan.active { Status::Active } else { Status::Inactive };
    match existing {
        Status::PendingActivation => return Ok(wanted),
        Status::Revoked | Status::PendingTransfer => {
            return Err(Refusal::new(
                ErrorCode::CertificateState,
                format!(
                    "The certificate is {} and cannot be registered; create a new one.",
                    existing.as_str()
                ),
            ));
        }
        Status::Active | Status::Inactive | Status::RegisterInactive => {}
    }
    match plan.on_status {
        Override::DoNothing => Ok(existing),
        Override::Unset
            if registrar == Registrar::Device
                && wanted == Status::Active
                && existing != Status::Active =>
        {
            Err(Refusal::new(
                ErrorCode::ResourceConflicts,
                format!(
                    "The certificate exists already and is {}: a device cannot activate it unless \
                     OverrideSettings.Status of its template says REPLACE.",
                    existing.as_str(),
                ),
            ))
        }
        // A status is what it is set to, as with `UpdateCertificate`, and no conflict.
        Override::Replace | Override::Merge | Override::Unset => Ok(wanted),
        Override::Fail => Err(Refusal::new(
            ErrorCode::ResourceConflicts,
            "The certificate exists already, and OverrideSettings.Status says FAIL.",
        )),
    }
}
