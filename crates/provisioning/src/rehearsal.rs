//! A rehearsal: template, hook and role are asked about a device that nobody registers. Its steps
//! are those of `register_thing`; the token and the registry are left out.

use std::collections::BTreeMap;

use fleetwright_core::aws_service::AwsService;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::hook::HookRequest;
use fleetwright_core::names::TemplateName;
use fleetwright_core::plan::{PolicyPlan, ProvisioningPlan};
use fleetwright_functions::hooks::HookOutcome;

use super::Provisioning;

/// The device of a rehearsal.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What the hook is sent.
    pub event: HookRequest,
    /// The certificate that the plan is about.
    pub certificate: CertificateId,
}

/// Where a rehearsal came to its end before the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The template is disabled.
    Enabled,
    /// The hook refused or failed.
    Hook,
    /// The template could not be evaluated.
    Template,
    /// The role does not allow the plan.
    Role,
}

/// How a rehearsal went.
#[derive(Debug)]
pub struct Rehearsed {
    /// The template's hook and what it said; `None` when it has none.
    pub hook: Option<HookOutcome>,
    /// What the template came to.
    pub plan: Option<ProvisioningPlan>,
    /// The role that must allow the plan.
    pub role: String,
    /// Whether roles are asked here at all.
    pub checks_role: bool,
    /// What the registry would refuse, or find there already; what the hook did not find here.
    pub remarks: Vec<String>,
    /// Who refused the device, and with what.
    pub refused: Option<(Step, Refusal)>,
}

impl Provisioning {
    /// Rehearses the registration of a device. A disabled template refuses its devices, but hook,
    /// plan and role are asked all the same: it is there to be tried before it is enabled.
    ///
    /// # Errors
    /// When there is no such template for devices, or the registry cannot be read.
    pub async fn rehearse(
        &self,
        name: &TemplateName,
        rehearsal: &Rehearsal,
    ) -> Result<Rehearsed, Refusal> {
        let template = self.fleet_template(name).await?;
        let Rehearsal { event, certificate } = rehearsal;
        let disabled = template.enabled().err();
        let mut rehearsed = Rehearsed {
            hook: None,
            plan: None,
            role: template.record.role_arn.clone(),
            checks_role: self.roles.is_some(),
            remarks: Vec::new(),
            refused: disabled.map(|refusal| (Step::Enabled, refusal)),
        };
        // 1. The hook.
        let mut overrides = BTreeMap::new();
        if let Some(hook) = &template.record.hook {
            let outcome = self.hooks.decide(&hook.target, event).await;
            let decision = outcome.overrides();
            rehearsed.remarks.extend(absences(&outcome.log));
            rehearsed.hook = Some(outcome);
            match decision {
                Ok(wanted) => overrides = wanted,
                Err(refusal) => return Ok(rehearsed.ended(Step::Hook, refusal)),
            }
        }
        // 2. The template.
        let plan = match template.plan(*certificate, &event.parameters, &overrides) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(rehearsed.ended(Step::Template, refusal)),
        };
        rehearsed.remarks.extend(self.remarks(&plan).await?);
        rehearsed.plan = Some(plan.clone());
        // 3. The role. The proof that it allows the plan is thrown away: nothing is applied.
        let allowed = match self.as_its_role(&template, *certificate, plan).await {
            Ok(plan) => {
                let changes = self.store.possible_changes(&plan).await?;
                changes.into_iter().try_for_each(|change| plan.may(change))
            }
            Err(refusal) => Err(refusal),
        };
        Ok(match allowed {
            Ok(()) => rehearsed,
            Err(refusal) => rehearsed.ended(Step::Role, refusal),
        })
    }

    /// What the registry would say to a plan: names that it does not have, and the thing if it has
    /// that already.
    async fn remarks(&self, plan: &ProvisioningPlan) -> Result<Vec<String>, Refusal> {
        let mut remarks = Vec::new();
        let mut missing = |kind: &str, name: &str, found: bool| {
            if !found {
                remarks.push(format!("The {kind} '{name}' does not exist: registering will fail."));
            }
        };
        if let Some(thing) = &plan.thing {
            if let Some(name) = &thing.type_name {
                missing("thing type", name.as_str(), self.store.thing_type(name).await?.is_some());
            }
            for name in thing.groups.iter().flatten() {
                missing(
                    "thing group",
                    name.as_str(),
                    self.store.thing_group(name).await?.is_some(),
                );
            }
            if let Some(name) = &thing.billing_group {
                missing(
                    "billing group",
                    name.as_str(),
                    self.store.billing_group(name).await?.is_some(),
                );
            }
        }
        for policy in &plan.policies {
            if let PolicyPlan::Existing { name, .. } = policy {
                missing("policy", name.as_str(), self.store.policy(name).await?.is_some());
            }
        }
        if let Some(thing) = &plan.thing
            && self.store.thing(&thing.name).await?.is_some()
        {
            let name = &thing.name;
            remarks.push(format!(
                "The thing '{name}' exists already: what differs is settled by OverrideSettings."
            ));
        }
        Ok(remarks)
    }
}

/// The services that a function asked this server for, by what it printed, and did not find.
fn absences(log: &str) -> impl Iterator<Item = String> {
    AwsService::absent_in(log).into_iter().map(|service| {
        format!(
            "The hook asked this server for {}, which is not here: name a server that has it as {} \
             in the function's environment, or as '{}' under [functions.endpoints].",
            service.id(),
            service.endpoint_variable(),
            service.key()
        )
    })
}

impl Rehearsed {
    /// The first refusal counts.
    fn ended(mut self, step: Step, refusal: Refusal) -> Self {
        self.refused.get_or_insert((step, refusal));
        self
    }
}

impl Step {
    /// As the answer has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Hook => "hook",
            Self::Template => "template",
            Self::Role => "role",
        }
    }
}
