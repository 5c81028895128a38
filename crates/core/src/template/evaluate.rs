//! From a template and its inputs to a plan; every name and value is checked on the way.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};

use sha2::{Digest, Sha256};

use super::expression::Expression;
use super::policy::{Document, Policy, PolicyBody};
use super::resource::{Certificate, Source, Thing};
use super::scope::{Scope, Value, invalid};
use super::{Inputs, Template, TemplateUse};
use crate::certificate::CertificateId;
use crate::error::Refusal;
use crate::names::{
    AttributeName, BillingGroupName, PolicyName, ThingGroupName, ThingName, ThingTypeName,
    check_attribute_value,
};
use crate::plan::{CertificatePlan, CertificateSource, PolicyPlan, ProvisioningPlan, ThingPlan};
use crate::tree::{Members, Tree, write_text};
use crate::{limits, policy};

pub(super) fn plan(template: &Template, inputs: &Inputs<'_>) -> Result<ProvisioningPlan, Refusal> {
    let left = Cell::new(limits::TEMPLATE_WORK_BYTES);
    let filter_wildcard = Cell::new(false);
    let scope = Scope::new(template, inputs, &left, &filter_wildcard);
    if template.use_ == TemplateUse::Jitp {
        // AWS: provisioning fails when the subject lacks an attribute that the template declares.
        let mut declared = template.parameters.keys().filter(|name| name.starts_with("AWS::"));
        declared.try_for_each(|name| scope.resolve(name).map(drop))?;
    }
    let policy_scope = scope.in_policy();
    Ok(ProvisioningPlan {
        certificate: certificate(&template.certificate, template.use_, inputs, &scope)?,
        thing: template.thing.as_ref().map(|thing| self::thing(thing, &scope)).transpose()?,
        policies: template
            .policies
            .iter()
            .map(|policy| self::policy(policy, &policy_scope))
            .collect::<Result<_, _>>()?,
        device_configuration: device_configuration(template, &scope)?,
        withheld: BTreeMap::new(),
    })
}

/// `Resources.{name}.Properties.{property}: {error}` as a refusal.
fn at(logical_name: &str, property: &str) -> impl Fn(&dyn Display) -> Refusal {
    move |error| invalid(format!("Resources.{logical_name}.Properties.{property}: {error}"))
}

fn certificate(
    resource: &Certificate,
    use_: TemplateUse,
    inputs: &Inputs<'_>,
    scope: &Scope<'_>,
) -> Result<CertificatePlan, Refusal> {
    let name = &resource.logical_name;
    let source = match &resource.source {
        Source::Id(expression) => {
            let wrong = at(name, "CertificateId");
            let id = CertificateId::parse(&scope.text(expression)?).map_err(|e| wrong(&e))?;
            // The token proves one certificate; a template must not reach another one.
            if use_ != TemplateUse::Bulk && inputs.certificate_id != Some(id) {
                return Err(wrong(
                    &"it is not the certificate being registered; the template should say \
                      {\"Ref\": \"AWS::IoT::Certificate::Id\"}",
                ));
            }
            CertificateSource::Id(id)
        }
        Source::SigningRequest(csr) => CertificateSource::SigningRequest(scope.text(csr)?),
        Source::Pem { certificate, ca } => CertificateSource::Pem {
            certificate: scope.text(certificate)?,
            ca: ca.as_ref().map(|ca| scope.text(ca)).transpose()?,
        },
    };
    let choice = |expression: &Option<Expression>, yes: &str, no: &str, property, default| {
        let Some(expression) = expression else { return Ok(default) };
        let word = scope.text(expression)?;
        if word.eq_ignore_ascii_case(yes) {
            Ok(true)
        } else if word.eq_ignore_ascii_case(no) {
            Ok(false)
        } else {
            Err(at(name, property)(&format!("it must be {yes} or {no}")))
        }
    };
    Ok(CertificatePlan {
        logical_name: name.clone(),
        source,
        active: choice(&resource.status, "ACTIVE", "INACTIVE", "Status", true)?,
        on_status: resource.on_status,
        exclusive: choice(
            &resource.principal_type,
            "EXCLUSIVE_THING",
            "NON_EXCLUSIVE_THING",
            "ThingPrincipalType",
            false,
        )?,
    })
}

fn thing(resource: &Thing, scope: &Scope<'_>) -> Result<ThingPlan, Refusal> {
    let name = &resource.logical_name;
    let thing_name = scope.text(&resource.name)?;
    let type_name = resource.type_name.as_ref().map(|e| scope.text(e)).transpose()?;
    let billing_group = resource.billing_group.as_ref().map(|e| scope.text(e)).transpose()?;
    Ok(ThingPlan {
        logical_name: name.clone(),
        name: ThingName::parse(&thing_name).map_err(|e| at(name, "ThingName")(&e))?,
        attributes: attributes(resource, scope)?,
        type_name: type_name
            .map(|text| ThingTypeName::parse(&text).map_err(|e| at(name, "ThingTypeName")(&e)))
            .transpose()?,
        groups: groups(resource, scope)?,
        billing_group: billing_group
            .map(|text| BillingGroupName::parse(&text).map_err(|e| at(name, "BillingGroup")(&e)))
            .transpose()?,
        on_existing: resource.on_existing,
    })
}

fn attributes(
    resource: &Thing,
    scope: &Scope<'_>,
) -> Result<Option<BTreeMap<AttributeName, String>>, Refusal> {
    let Some(attributes) = &resource.attributes else { return Ok(None) };
    let wrong = at(&resource.logical_name, "AttributePayload");
    let mut checked = BTreeMap::new();
    for (name, expression) in attributes {
        let value = scope.text(expression)?;
        check_attribute_value(name, &value).map_err(|error| wrong(&error))?;
        checked.insert(AttributeName::parse(name).map_err(|error| wrong(&error))?, value);
    }
    Ok(Some(checked))
}

/// The groups in the template's order, each once.
fn groups(resource: &Thing, scope: &Scope<'_>) -> Result<Option<Vec<ThingGroupName>>, Refusal> {
    let Some(expression) = &resource.groups else { return Ok(None) };
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    for text in scope.list(expression)? {
        let group = ThingGroupName::parse(&text)
            .map_err(|error| at(&resource.logical_name, "ThingGroups")(&error))?;
        if seen.insert(group.clone()) {
            groups.push(group);
        }
    }
    Ok(Some(groups))
}

fn policy(resource: &Policy, scope: &Scope<'_>) -> Result<PolicyPlan, Refusal> {
    let logical_name = resource.logical_name.clone();
    let wrong = at(&resource.logical_name, "PolicyDocument");
    let document = match &resource.body {
        PolicyBody::Name(expression) => {
            let name = PolicyName::parse(&scope.text(expression)?);
            let name = name.map_err(|error| at(&logical_name, "PolicyName")(&error))?;
            return Ok(PolicyPlan::Existing { logical_name, name });
        }
        PolicyBody::Text(expression) => scope.in_document(expression, |value| match value {
            Value::Text(text) => Tree::from_json(text.as_bytes()).map_err(|error| wrong(&error)),
            Value::List(_) => Err(invalid("A list stands where the template needs a string.")),
        })?,
        PolicyBody::Object(document) => filled(document, scope)?,
    };
    let document = document.to_json();
    policy::Document::parse(&document).map_err(|error| wrong(&error))?;
    Ok(PolicyPlan::FromDocument { logical_name, name: policy_name(&document)?, document })
}

/// The document with its functions replaced by what they come to.
fn filled(document: &Document, scope: &Scope<'_>) -> Result<Tree, Refusal> {
    match document {
        Document::Literal(tree) => Ok(tree.clone()),
        Document::Function(function) => scope.in_document(function, |value| {
            Ok(match value {
                Value::Text(text) => Tree::Text(text),
                Value::List(items) => Tree::List(items.into_iter().map(Tree::Text).collect()),
            })
        }),
        Document::List(items) => {
            items.iter().map(|item| filled(item, scope)).collect::<Result<_, _>>().map(Tree::List)
        }
        Document::Map(members) => members
            .iter()
            .map(|(name, item)| Ok((name.clone(), filled(item, scope)?)))
            .collect::<Result<Members, _>>()
            .map(Tree::Map),
    }
}

/// 40 upper-case hex digits that stand for a document. AWS's have that shape; its hash is not
/// documented, ours is the first half and a little of SHA-256.
fn policy_name(document: &str) -> Result<PolicyName, Refusal> {
    let mut name = String::with_capacity(40);
    for byte in Sha256::digest(document.as_bytes()).iter().take(20) {
        write!(name, "{byte:02X}").map_err(Refusal::internal)?;
    }
    PolicyName::parse(&name).map_err(Refusal::internal)
}

fn device_configuration(
    template: &Template,
    scope: &Scope<'_>,
) -> Result<BTreeMap<String, String>, Refusal> {
    let mut configuration = BTreeMap::new();
    let mut sent = String::new();
    for (name, expression) in &template.device_configuration {
        let value = scope.text(expression)?;
        // As JSON, where an escape takes up to six bytes: the answer must fit one message.
        write_text(name, &mut sent);
        write_text(&value, &mut sent);
        if sent.len() > limits::TEMPLATE_TEXT_BYTES {
            let rule = limits::TEMPLATE_TEXT_BYTES;
            return Err(invalid(format!("DeviceConfiguration comes to more than {rule} bytes.")));
        }
        configuration.insert(name.clone(), value);
    }
    Ok(configuration)
}
