//! What registering a new device with a template needs, as far as the template itself tells.

use super::Template;
use super::expression::Expression;
use super::policy::PolicyBody;
use super::resource::{Source, Thing};
use crate::arn::AccountScope;

/// An action that a registration needs. See [`crate::authorization::of_plan`] for what is asked
/// when a device registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateNeed {
    /// Such as `iot:CreateThing`; the further names are older ones, which allow it as well.
    pub actions: &'static [&'static str],
    /// The ARN, when the template names it literally.
    pub resource: Option<String>,
}

fn need(actions: &'static [&'static str], resource: Option<String>) -> TemplateNeed {
    TemplateNeed { actions, resource }
}

fn named(kind: &str, name: &Expression, scope: &AccountScope) -> Option<String> {
    match name {
        Expression::Text(name) => Some(scope.arn(kind, name)),
        _ => None,
    }
}

pub(super) fn of(template: &Template, scope: &AccountScope) -> Vec<TemplateNeed> {
    let mut needs = Vec::new();
    if let Some(thing) = &template.thing {
        of_thing(thing, scope, &mut needs);
    }
    needs.push(match &template.certificate.source {
        Source::Id(_) => need(&["iot:UpdateCertificate"], None),
        Source::SigningRequest(_) => need(&["iot:CreateCertificateFromCsr"], None),
        Source::Pem { .. } => need(&["iot:RegisterCertificate"], None),
    });
    let mut bodies = template.policies.iter().map(|policy| &policy.body);
    if bodies.any(|body| !matches!(body, PolicyBody::Name(_))) {
        needs.push(need(&["iot:CreatePolicy"], None));
    }
    if !template.policies.is_empty() {
        needs.push(need(&["iot:AttachPolicy", "iot:AttachPrincipalPolicy"], None));
    }
    needs
}

fn of_thing(thing: &Thing, scope: &AccountScope, needs: &mut Vec<TemplateNeed>) {
    let name = named("thing", &thing.name, scope);
    needs.push(need(&["iot:CreateThing"], name.clone()));
    needs.push(need(&["iot:AttachThingPrincipal"], None));
    let enter: &[&str] = &["iot:AddThingToThingGroup"];
    match &thing.groups {
        Some(Expression::List(groups)) => {
            let groups = groups.iter().map(|group| named("thinggroup", group, scope));
            needs.extend(groups.map(|group| need(enter, group)));
        }
        Some(_) => needs.push(need(enter, None)),
        None => {}
    }
    if let Some(group) = &thing.billing_group {
        needs.push(need(&["iot:AddThingToBillingGroup"], named("billinggroup", group, scope)));
    }
}
