//! What must be allowed for a plan (AWS: managed policy AWSIoTThingsRegistration lists the actions
//! by which AWS IoT registers things).

use std::collections::BTreeMap;

use super::decide::{Authorized, Grants, allows, authorize};
use super::denied::Denied;
use super::need::{Need, RequiredPermissions};
use crate::arn::AccountScope;
use crate::error::Refusal;
use crate::plan::{
    CertificateSource, Override, PolicyPlan, PossibleChange, ProvisioningPlan, ThingPlan,
};
use crate::policy::Context;

/// The permissions that a plan needs. What it only reads needs none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanNeeds {
    /// Whatever is registered.
    pub always: Vec<Need>,
    /// For the changes that depend on what is registered; a change may have several.
    pub on_change: Vec<(PossibleChange, Need)>,
}

impl PlanNeeds {
    /// All of them, to be completed.
    pub fn needs_mut(&mut self) -> impl Iterator<Item = &mut Need> {
        self.always.iter_mut().chain(self.on_change.iter_mut().map(|(_, need)| need))
    }
}

/// The actions and resources of a plan. `certificate` is the ARN of its certificate, or `*` for one
/// that the plan is yet to make.
pub fn of_plan(plan: &ProvisioningPlan, scope: &AccountScope, certificate: &str) -> PlanNeeds {
    let (mut always, mut on_change) = (Vec::new(), Vec::new());
    if let Some(thing) = &plan.thing {
        of_thing(thing, scope, &mut on_change);
        always.push(Need::new("iot:AttachThingPrincipal", certificate));
    }
    always.push(match plan.certificate.source {
        CertificateSource::Id(_) => Need::new("iot:UpdateCertificate", certificate),
        CertificateSource::SigningRequest(_) => Need::new("iot:CreateCertificateFromCsr", "*"),
        CertificateSource::Pem { .. } => Need::new("iot:RegisterCertificate", "*"),
    });
    for policy in &plan.policies {
        if let PolicyPlan::FromDocument { name, .. } = policy {
            let need = Need::new("iot:CreatePolicy", scope.arn("policy", name));
            on_change.push((PossibleChange::CreatePolicy(name.clone()), need));
        }
    }
    if !plan.policies.is_empty() {
        let attach = Need::new("iot:AttachPolicy", certificate);
        always.push(attach.or_formerly("iot:AttachPrincipalPolicy"));
    }
    PlanNeeds { always, on_change }
}

fn of_thing(thing: &ThingPlan, scope: &AccountScope, needs: &mut Vec<(PossibleChange, Need)>) {
    let arn = scope.arn("thing", &thing.name);
    let mut on = |change, action: &'static str, resource: &str| {
        needs.push((change, Need::new(action, resource)));
    };
    on(PossibleChange::CreateThing, "iot:CreateThing", &arn);
    let changes = |wanted: Override| matches!(wanted, Override::Replace | Override::Merge);
    let existing = &thing.on_existing;
    if changes(existing.attributes) || changes(existing.type_name) {
        on(PossibleChange::UpdateThing, "iot:UpdateThing", &arn);
    }
    for group in thing.groups.iter().flatten() {
        for resource in [&arn, &scope.arn("thinggroup", group)] {
            let change = PossibleChange::EnterGroup(group.clone());
            on(change, "iot:AddThingToThingGroup", resource);
        }
    }
    if existing.groups == Override::Replace {
        on(PossibleChange::LeaveGroups, "iot:RemoveThingFromThingGroup", &arn);
    }
    if let Some(group) = &thing.billing_group {
        for resource in [&scope.arn("billinggroup", group), &arn] {
            let change = PossibleChange::EnterBillingGroup;
            on(change, "iot:AddThingToBillingGroup", resource);
        }
    }
}

/// Decides whether a plan may be applied, and which changes it must not come to. `refuse` words
/// the refusal of such a change.
///
/// # Errors
/// [`Denied`] with the first need that is there whatever is registered, and is not allowed.
pub fn authorize_plan(
    mut plan: ProvisioningPlan,
    needs: &PlanNeeds,
    grants: &Grants<'_>,
    context: &Context<'_>,
    refuse: impl Fn(&Denied) -> Refusal,
) -> Result<Authorized<ProvisioningPlan>, Box<Denied>> {
    let mut withheld = BTreeMap::new();
    for (change, need) in &needs.on_change {
        if let Err(denied) = allows(need, grants, context) {
            withheld.entry(change.clone()).or_insert_with(|| refuse(&denied));
        }
    }
    plan.withheld = withheld;
    authorize(plan, &RequiredPermissions::All(needs.always.clone()), grants, context)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::certificate::CertificateId;
    use crate::names::{
        AccountId, AttributeName, BillingGroupName, Region, ThingGroupName, ThingName,
        ThingTypeName,
    };
    use crate::plan::{CertificatePlan, ThingOverrides};
    use crate::registry::{self, ExistingThing};

    const ALL: [Override; 5] =
        [Override::Unset, Override::DoNothing, Override::Replace, Override::Fail, Override::Merge];

    fn attributes(value: &str) -> BTreeMap<AttributeName, String> {
        [(AttributeName::parse("a").unwrap(), value.to_owned())].into()
    }

    /// A thing with the properties whose bits are set.
    fn thing(bits: u8, on_existing: ThingOverrides) -> ThingPlan {
        let group = |name: &str| ThingGroupName::parse(name).unwrap();
        let has = |bit: u8| bits & (1 << bit) != 0;
        ThingPlan {
            logical_name: "t".to_owned(),
            name: ThingName::parse("t").unwrap(),
            attributes: has(0).then(|| attributes("2")),
            type_name: has(1).then(|| ThingTypeName::parse("new").unwrap()),
            groups: has(2).then(|| vec![group("g2"), group("g3")]),
            billing_group: has(3).then(|| BillingGroupName::parse("b").unwrap()),
            on_existing,
        }
    }

    fn plan(thing: ThingPlan) -> ProvisioningPlan {
        ProvisioningPlan {
            certificate: CertificatePlan {
                logical_name: "c".to_owned(),
                source: CertificateSource::Id(CertificateId([1; 32])),
                active: true,
                on_status: Override::Unset,
                exclusive: false,
            },
            thing: Some(thing),
            policies: Vec::new(),
            device_configuration: BTreeMap::new(),
            withheld: BTreeMap::new(),
        }
    }

    /// A change that has no need would be allowed by absence.
    #[test]
    fn every_change_that_a_thing_may_come_to_has_its_needs() {
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let found = ExistingThing {
            attributes: attributes("1"),
            type_name: ThingTypeName::parse("old").ok(),
            groups: ["g1", "g2"].map(|name| ThingGroupName::parse(name).unwrap()).into(),
            billing_group: None,
        };
        let bare = ExistingThing::default();
        let overrides = ALL.iter().flat_map(|attributes| {
            ALL.iter().flat_map(move |type_name| {
                ALL.iter().map(move |groups| ThingOverrides {
                    attributes: *attributes,
                    type_name: *type_name,
                    groups: *groups,
                })
            })
        });
        let mut seen = BTreeSet::new();
        for (overrides, bits) in overrides.flat_map(|it| (0..16).map(move |bits| (it, bits))) {
            let thing = thing(bits, overrides);
            let needs = of_plan(&plan(thing.clone()), &scope, "*");
            for existing in [None, Some(&bare), Some(&found)] {
                let Ok(change) = registry::meet(existing, &thing) else { continue };
                for change in change.possible(existing) {
                    let has_need = needs.on_change.iter().any(|(of, _)| *of == change);
                    assert!(has_need, "{change:?} of {thing:?}");
                    seen.insert(change);
                }
            }
        }
        // Each kind was met: two groups are entered, each a change of its own.
        assert_eq!(seen.len(), 6, "{seen:?}");
    }
}
