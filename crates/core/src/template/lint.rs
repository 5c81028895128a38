//! What in a template will or may fail when a device registers. AWS stores such templates without
//! a word; so do we, with these.

use std::collections::BTreeSet;

use super::expression::{Expression, Part};
use super::policy::{Document, PolicyBody};
use super::resource::{Source, Thing};
use super::scope::{CERTIFICATE_ID, SUBJECT};
use super::{Lint, References, Template, TemplateUse};
use crate::limits;
use crate::names::{
    AttributeName, BillingGroupName, InvalidName, PolicyName, ThingGroupName, ThingName,
    ThingTypeName, check_attribute_value,
};
use crate::policy;
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

pub(super) fn lint(template: &Template, existing: &References) -> Vec<Lint> {
    let mut linter = Linter { template, existing, lints: Vec::new() };
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
                        Expression::Text(text) => self.document(&path, text),
                        function => self.expression(&path, function, true),
                    }
                }
                PolicyBody::Object(document) => {
                    let path = format!("{path}.PolicyDocument");
                    match literal(document) {
                        Some(tree) => self.document(&path, &tree.to_json()),
                        None => document.functions(&mut |e| self.expression(&path, e, true)),
                    }
                }
            }
        }
    }

    fn document(&mut self, path: &str, text: &str) {
        if let Err(error) = policy::Document::parse(text) {
            self.note(path, error.to_string());
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

    /// Notes on one property and all functions in it.
    fn expression(&mut self, path: &str, expression: &'a Expression, in_policy: bool) {
        expression.walk(&mut |inner| match inner {
            Expression::Text(text) => self.text(path, text),
            Expression::Ref(name) => self.reference(path, name),
            Expression::Join { .. } if in_policy => {
                self.note(path, "Fn::Join is not supported in policies; use Fn::Sub");
            }
            Expression::Select { index, items } => self.select(path, index, items),
            Expression::FindInMap { map, outer, inner } => self.find(path, map, outer, inner),
            Expression::Sub { parts, variables } => {
                for part in parts {
                    match part {
                        Part::Variable(name) if !variables.contains_key(name) => {
                            self.reference(path, name);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        });
    }

    fn text(&mut self, path: &str, text: &str) {
        if text.contains("{{") {
            self.note(
                path,
                "'{{…}}' is how AWS's pages print replaceable text, no syntax; use Ref or Fn::Sub",
            );
        }
        let declared = self.template.parameters.keys();
        let mut forgotten = declared.filter(|name| text.contains(&format!("${{{name}}}")));
        if let Some(name) = forgotten.next() {
            self.note(path, format!("'${{{name}}}' is replaced inside Fn::Sub only"));
        }
    }

    fn reference(&mut self, path: &str, name: &str) {
        let declared = self.template.parameters.get(name);
        let has_default = declared.is_some_and(Option::is_some);
        let subject = SUBJECT.iter().any(|(pseudo, _)| *pseudo == name);
        let fails = match self.template.use_ {
            _ if name == CERTIFICATE_ID || has_default => return,
            TemplateUse::Bulk | TemplateUse::Jitp if subject => return,
            TemplateUse::Bulk => declared.is_none(),
            TemplateUse::Jitp => true,
            TemplateUse::Fleet if name.starts_with("AWS::") => true,
            TemplateUse::Fleet => {
                if declared.is_none() {
                    self.note(
                        path,
                        format!(
                            "'{name}' is not declared under Parameters: it resolves only if the \
                        device or the hook happens to send it"
                        ),
                    );
                }
                return;
            }
        };
        if fails {
            self.note(
                path,
                format!(
                    "will fail with \"Cannot resolve reference value: {name}\": there is no \
                such parameter here"
                ),
            );
        }
    }

    fn select(&mut self, path: &str, index: &Expression, items: &Expression) {
        let (Expression::Text(index), Expression::List(items)) = (index, items) else { return };
        match index.parse::<usize>().map(|index| items.get(index)) {
            Ok(Some(Expression::Null)) => {
                self.note(path, format!("Fn::Select: the element at index {index} is null"))
            }
            Ok(Some(_)) => {}
            Ok(None) => self.note(
                path,
                format!(
                    "Fn::Select: index {index} is out of bounds; the list has {} elements",
                    items.len()
                ),
            ),
            Err(_) => {
                self.note(path, format!("Fn::Select: the index '{index}' is not a number from 0"))
            }
        }
    }

    fn find(&mut self, path: &str, map: &Expression, outer: &Expression, inner: &Expression) {
        let literal = |expression: &'_ Expression| match expression {
            Expression::Text(text) => Some(text.clone()),
            _ => None,
        };
        let Some(name) = literal(map) else { return };
        let Some(map) = self.template.mappings.get(&name) else {
            return self.note(path, format!("Fn::FindInMap: Mappings has no map '{name}'"));
        };
        let outer = literal(outer);
        if let Some(key) = outer.as_ref().filter(|key| !map.contains_key(*key)) {
            return self.note(path, format!("Fn::FindInMap: map '{name}' has no key '{key}'"));
        }
        let mut rows = map.iter().filter(|(key, _)| outer.as_ref().is_none_or(|o| o == *key));
        let Some(inner) = literal(inner) else { return };
        if let Some((key, _)) = rows.find(|(_, row)| !row.contains_key(&inner)) {
            self.note(
                path,
                format!("Fn::FindInMap: map '{name}' has no key '{inner}' under '{key}'"),
            );
        }
    }
}

/// A document without functions.
fn literal(document: &Document) -> Option<Tree> {
    match document {
        Document::Literal(tree) => Some(tree.clone()),
        Document::Function(_) => None,
        Document::List(items) => items.iter().map(literal).collect::<Option<_>>().map(Tree::List),
        Document::Map(members) => members
            .iter()
            .map(|(name, item)| Some((name.clone(), literal(item)?)))
            .collect::<Option<_>>()
            .map(Tree::Map),
    }
}
