//! What in a template will or may fail when a device registers. AWS stores such templates without
//! a word; so do we, with these.

mod expression;

use std::collections::BTreeSet;

use super::expression::{Expression, Part};
use super::policy::{Document, PolicyBody};
use super::resource::{Source, Thing};
use super::scope::CERTIFICATE_ID;
use super::{Lint, References, Template, TemplateUse};
use crate::arn::AccountScope;
use crate::limits;
use crate::names::{
    AttributeName, BillingGroupName, InvalidName, PolicyName, ThingGroupName, ThingName,
    ThingTypeName, check_attribute_value,
};
use crate::policy::{self, LintKind};
use crate::tree::Tree;

/// The literal texts of a property: itself, or the elements of a literal list.
fn literals(expression: Option<&Expression>) -> Vec<&str> {
    match expression {
        Some(Expression::Text(text)) => vec![text],
        Some(Expression::List(items)) => items
            .iter()
            .filter_map(|item| match item {
                Expression::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) fn references(template: &Template) -> References {
    let set = |expression: Option<&Expression>| -> BTreeSet<String> {
        literals(expression).into_iter().map(str::to_owned).collect()
    };
    let thing = template.thing.as_ref();
    let policies = template.policies.iter().filter_map(|policy| match &policy.body {
        PolicyBody::Name(Expression::Text(name)) => Some(name.clone()),
        _ => None,
    });
    References {
        thing_types: set(thing.and_then(|thing| thing.type_name.as_ref())),
        groups: set(thing.and_then(|thing| thing.groups.as_ref())),
        billing_groups: set(thing.and_then(|thing| thing.billing_group.as_ref())),
        policies: policies.collect(),
    }
}

pub(super) fn lint(
    template: &Template,
    existing: &References,
    scope: Option<&AccountScope>,
) -> Vec<Lint> {
    let mut linter = Linter { template, existing, scope, lints: Vec::new() };
    for path in &template.duplicates {
        linter
            .note(path, "is there more than once and the last one counts; give each its own name");
    }
    linter.certificate();
    match &template.thing {
        Some(thing) => linter.thing(thing),
        None => linter.note(
            "Resources",
            "there is no AWS::IoT::Thing: the answer to the device has no thingName, and some \
             clients crash on that",
        ),
    }
    linter.policies();
    for (name, expression) in &template.device_configuration {
        linter.expression(&format!("DeviceConfiguration.{name}"), expression, false);
    }
    linter.lints
}

struct Linter<'a> {
    template: &'a Template,
    existing: &'a References,
    scope: Option<&'a AccountScope>,
    lints: Vec<Lint>,
}

impl<'a> Linter<'a> {
    fn note(&mut self, path: &str, message: impl Into<String>) {
        let lint = Lint { path: path.to_owned(), message: message.into() };
        if !self.lints.contains(&lint) {
            self.lints.push(lint);
        }
    }

    fn certificate(&mut self) {
        let template = self.template;
        let certificate = &template.certificate;
        let path = format!("Resources.{}.Properties", certificate.logical_name);
        let named = match &certificate.source {
            Source::Id(id) => {
                let at = format!("{path}.CertificateId");
                let pseudo = *id == Expression::Ref(CERTIFICATE_ID.to_owned());
                if template.use_ != TemplateUse::Bulk && !pseudo {
                    self.note(
                        &at,
                        "the device would have to send its certificate id; write {\"Ref\": \
                        \"AWS::IoT::Certificate::Id\"}",
                    );
                }
                vec![("CertificateId", id)]
            }
            Source::SigningRequest(csr) => vec![("CertificateSigningRequest", csr)],
            Source::Pem { certificate, ca } => {
                let ca = ca.iter().map(|ca| ("CACertificatePem", ca));
                std::iter::once(("CertificatePem", certificate)).chain(ca).collect()
            }
        };
        if let Some(Expression::Text(word)) = &certificate.status
            && word.eq_ignore_ascii_case("INACTIVE")
        {
            self.note(
                &format!("{path}.Status"),
                "devices cannot connect until their certificate is activated: aws iot \
                 update-certificate --new-status ACTIVE --certificate-id ID",
            );
        }
        let status = certificate.status.iter().map(|e| ("Status", e));
        let kind = certificate.principal_type.iter().map(|e| ("ThingPrincipalType", e));
        for (name, expression) in named.into_iter().chain(status).chain(kind) {
            self.expression(&format!("{path}.{name}"), expression, false);
        }
    }

    fn thing(&mut self, thing: &'a Thing) {
        let existing = self.existing;
        let path = format!("Resources.{}.Properties", thing.logical_name);
        let at = |name: &str| format!("{path}.{name}");
        self.expression(&at("ThingName"), &thing.name, false);
        if let Expression::Text(_) = thing.name {
            self.note(&at("ThingName"), "every device gets the same thing name; use a parameter");
        }
        self.names(&at("ThingName"), Some(&thing.name), ThingName::parse, None);
        let types = Some(("thing type", &existing.thing_types));
        self.names(&at("ThingTypeName"), thing.type_name.as_ref(), ThingTypeName::parse, types);
        let groups = Some(("thing group", &existing.groups));
        self.names(&at("ThingGroups"), thing.groups.as_ref(), ThingGroupName::parse, groups);
        let billing = Some(("billing group", &existing.billing_groups));
        let group = thing.billing_group.as_ref();
        self.names(&at("BillingGroup"), group, BillingGroupName::parse, billing);
        for (name, expression) in [
            ("ThingTypeName", thing.type_name.as_ref()),
            ("ThingGroups", thing.groups.as_ref()),
            ("BillingGroup", group),
        ] {
            if let Some(expression) = expression {
                self.expression(&at(name), expression, false);
            }
        }
        if let Some(Expression::List(groups)) = &thing.groups
            && groups.len() > limits::GROUPS_PER_THING
        {
            let rule = limits::GROUPS_PER_THING;
            self.note(&at("ThingGroups"), format!("a thing may be in at most {rule} groups"));
        }
        self.attributes(thing, &at("AttributePayload"));
        if thing.package_versions {
            self.note(&at("PackageVersions"), "is not supported and has no effect");
        }
    }

    fn attributes(&mut self, thing: &'a Thing, path: &str) {
        let Some(attributes) = &thing.attributes else { return };
        let (rule, when) = match thing.type_name {
            None => (limits::ATTRIBUTES_WITHOUT_TYPE, "without a thing type"),
            Some(_) => (limits::ATTRIBUTES_WITH_TYPE, "with a thing type"),
        };
        if attributes.len() > rule {
            self.note(path, format!("a thing {when} may have at most {rule} attributes"));
        }
        for (name, expression) in attributes {
            let path = format!("{path}.{name}");
            if let Err(error) = AttributeName::parse(name) {
                self.note(&path, error.to_string());
            }
            if let Expression::Text(value) = expression
                && let Err(error) = check_attribute_value(name, value)
            {
                self.note(&path, error.to_string());
            }
            self.expression(&path, expression, false);
        }
    }

    fn policies(&mut self) {
        let (template, existing) = (self.template, self.existing);
        if template.policies.is_empty() {
            self.note(
                "Resources",
                "there is no AWS::IoT::Policy: unless a thing group has one, the device is \
                 allowed nothing",
            );
        }
        for policy in &template.policies {
            let path = format!("Resources.{}.Properties", policy.logical_name);
            match &policy.body {
                PolicyBody::Name(name) => {
                    let path = format!("{path}.PolicyName");
                    let known = Some(("policy", &existing.policies));
                    self.names(&path, Some(name), PolicyName::parse, known);
                    self.expression(&path, name, true);
                }
                PolicyBody::Text(text) => {
                    let path = format!("{path}.PolicyDocument");
                    match text {
                        Expression::Text(text) => self.document(&path, text, true),
                        function => {
                            self.expression(&path, function, true);
                            self.document(&path, &stand_in(function), false);
                        }
                    }
                }
                PolicyBody::Object(document) => {
                    let path = format!("{path}.PolicyDocument");
                    let (tree, literal) = (tree(document), is_literal(document));
                    document.functions(&mut |e| self.expression(&path, e, true));
                    self.document(&path, &tree.to_json(), literal);
                }
            }
        }
    }

    /// A policy document. One that is not `literal` has `*` where a function stands: neither its
    /// grammar nor its width can be judged.
    fn document(&mut self, path: &str, text: &str, literal: bool) {
        match policy::Document::parse(text) {
            Ok(document) => {
                let lints = document.lint(self.scope).into_iter();
                for lint in lints.filter(|lint| literal || lint.kind != LintKind::Everything) {
                    self.note(path, lint.to_string());
                }
            }
            Err(error) if literal => self.note(path, error.to_string()),
            Err(_) => {}
        }
    }

    fn names<T>(
        &mut self,
        path: &str,
        expression: Option<&Expression>,
        parse: fn(&str) -> Result<T, InvalidName>,
        existing: Option<(&str, &BTreeSet<String>)>,
    ) {
        for name in literals(expression) {
            match (parse(name), existing) {
                (Err(error), _) => self.note(path, error.to_string()),
                (Ok(_), Some((kind, known))) if !known.contains(name) => {
                    self.note(path, format!("there is no {kind} '{name}'; make it beforehand"));
                }
                _ => {}
            }
        }
    }
}

fn is_literal(document: &Document) -> bool {
    let mut literal = true;
    document.functions(&mut |_| literal = false);
    literal
}

/// A document with `*` for what functions will make.
fn tree(document: &Document) -> Tree {
    match document {
        Document::Literal(tree) => tree.clone(),
        Document::Function(function) => Tree::Text(stand_in(function)),
        Document::List(items) => Tree::List(items.iter().map(tree).collect()),
        Document::Map(members) => {
            Tree::Map(members.iter().map(|(name, item)| (name.clone(), tree(item))).collect())
        }
    }
}

/// The literal text of an expression, with `*` for the rest.
fn stand_in(expression: &Expression) -> String {
    match expression {
        Expression::Text(text) => text.clone(),
        Expression::Sub { parts, .. } => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Variable(_) => "*",
            })
            .collect(),
        _ => "*".to_owned(),
    }
}
