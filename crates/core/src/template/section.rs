//! The sections of a template body.

use std::collections::BTreeMap;

use super::Template;
use super::expression::Expression;
use super::policy::Policy;
use super::read::{TemplateError, TemplateUse, known, object, text};
use super::resource::{self, Certificate, Thing};
use super::tidy::Tidy;
use crate::limits;
use crate::tree::{Members, Tree};

/// `Mappings`: map, top-level key, second-level key, value.
pub(super) type Mappings = BTreeMap<String, BTreeMap<String, BTreeMap<String, Literal>>>;

/// A value of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    List(Vec<String>),
}

/// Reads a whole template body.
pub(super) fn read(body: &str, use_: TemplateUse) -> Result<Template, TemplateError> {
    if body.chars().count() > limits::TEMPLATE_BODY_CHARS {
        let rule = limits::TEMPLATE_BODY_CHARS;
        return Err(TemplateError::new("", format!("it must have at most {rule} characters")));
    }
    let Tidy { tree, duplicates } = Tidy::read(body)?;
    if let Tree::Text(_) = tree {
        return Err(TemplateError::new(
            "",
            "it is a JSON string, so it was escaped twice; send the JSON object as text once",
        ));
    }
    let sections = object(&tree, "")?;
    known(sections, "", &["Parameters", "Mappings", "Resources", "DeviceConfiguration"])?;
    for name in ["Mappings", "DeviceConfiguration"] {
        if use_ != TemplateUse::Fleet && sections.get(name).is_some() {
            return Err(TemplateError::new(name, "is for fleet provisioning templates only"));
        }
    }
    let Some(resources) = sections.get("Resources") else {
        return Err(TemplateError::new("", "Resources is missing"));
    };
    let (certificate, thing, policies) = resources_of(object(resources, "Resources")?, use_)?;
    Ok(Template {
        use_,
        duplicates,
        parameters: sections.get("Parameters").map_or(Ok(BTreeMap::new()), parameters)?,
        mappings: sections.get("Mappings").map_or(Ok(Mappings::new()), mappings)?,
        certificate,
        thing,
        policies,
        device_configuration: sections
            .get("DeviceConfiguration")
            .map_or(Ok(BTreeMap::new()), device_configuration)?,
    })
}

type Resources = (Certificate, Option<Thing>, Vec<Policy>);

fn resources_of(members: &Members, use_: TemplateUse) -> Result<Resources, TemplateError> {
    let (mut certificate, mut thing, mut policies) = (None, None, Vec::new());
    for (name, tree) in members.iter() {
        let (kind, resource) = resource::open(name, tree)?;
        let second = |what: &str| {
            TemplateError::new(&resource.path, format!("a template has at most one {what}"))
        };
        match kind {
            "AWS::IoT::Certificate" => {
                if certificate.replace(resource.certificate(use_)?).is_some() {
                    return Err(second("AWS::IoT::Certificate"));
                }
            }
            "AWS::IoT::Thing" => {
                if thing.replace(resource.thing()?).is_some() {
                    return Err(second("AWS::IoT::Thing"));
                }
            }
            "AWS::IoT::Policy" => policies.push(resource.policy()?),
            _ => {
                return Err(TemplateError::new(
                    format!("{}.Type", resource.path),
                    "must be AWS::IoT::Thing, AWS::IoT::Certificate or AWS::IoT::Policy; groups \
                     and types are made beforehand",
                ));
            }
        }
        if policies.len() > limits::POLICIES_PER_TEMPLATE {
            let rule = limits::POLICIES_PER_TEMPLATE;
            return Err(TemplateError::new(
                &resource.path,
                format!("a template has at most {rule} resources of type AWS::IoT::Policy"),
            ));
        }
    }
    let certificate = certificate.ok_or_else(|| {
        TemplateError::new("Resources", "exactly one AWS::IoT::Certificate is needed")
    })?;
    Ok((certificate, thing, policies))
}

/// Name to default.
fn parameters(tree: &Tree) -> Result<BTreeMap<String, Option<String>>, TemplateError> {
    let mut parameters = BTreeMap::new();
    for (name, tree) in object(tree, "Parameters")?.iter() {
        let path = format!("Parameters.{name}");
        let members = object(tree, &path)?;
        known(members, &path, &["Type", "Default", "Description"])?;
        match members.get("Type") {
            Some(Tree::Text(kind)) if kind == "String" => {}
            Some(_) => {
                return Err(TemplateError::new(format!("{path}.Type"), "must be \"String\""));
            }
            None => return Err(TemplateError::new(path, "Type is missing: it is \"String\"")),
        }
        let default = members.get("Default").map(|tree| text(tree, &format!("{path}.Default")));
        parameters.insert(name.to_owned(), default.transpose()?.map(str::to_owned));
    }
    Ok(parameters)
}

fn mappings(tree: &Tree) -> Result<Mappings, TemplateError> {
    let mut mappings = Mappings::new();
    for (map, tree) in object(tree, "Mappings")?.iter() {
        let path = format!("Mappings.{map}");
        let mut outer = BTreeMap::new();
        for (key, tree) in object(tree, &path)?.iter() {
            let path = format!("{path}.{key}");
            let mut inner = BTreeMap::new();
            for (key, tree) in object(tree, &path)?.iter() {
                inner.insert(key.to_owned(), literal(tree, &format!("{path}.{key}"))?);
            }
            outer.insert(key.to_owned(), inner);
        }
        mappings.insert(map.to_owned(), outer);
    }
    Ok(mappings)
}

fn literal(tree: &Tree, path: &str) -> Result<Literal, TemplateError> {
    let scalar = |tree: &Tree, path: &str| match tree {
        Tree::Text(text) | Tree::Number(text) => Ok(text.clone()),
        Tree::Bool(value) => Ok(value.to_string()),
        other => Err(TemplateError::new(
            path,
            format!(
                "must be a literal string, or a list of such, not {}: there are no parameters or \
                 functions inside Mappings",
                other.kind()
            ),
        )),
    };
    match tree {
        Tree::List(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(i, item)| scalar(item, &format!("{path}[{i}]")));
            items.collect::<Result<_, _>>().map(Literal::List)
        }
        tree => scalar(tree, path).map(Literal::Text),
    }
}

fn device_configuration(tree: &Tree) -> Result<BTreeMap<String, Expression>, TemplateError> {
    let mut configuration = BTreeMap::new();
    for (name, tree) in object(tree, "DeviceConfiguration")?.iter() {
        let path = format!("DeviceConfiguration.{name}");
        let expression = match tree {
            // Devices read string to string, whatever the author wrote.
            Tree::Number(text) => Expression::Text(text.clone()),
            Tree::Bool(value) => Expression::Text(value.to_string()),
            Tree::Map(_) if !super::expression::is_function(tree) => {
                return Err(TemplateError::new(
                    path,
                    "must be a string or a function: DeviceConfiguration is flat",
                ));
            }
            tree => Expression::property(tree, &path)?,
        };
        configuration.insert(name.to_owned(), expression);
    }
    Ok(configuration)
}
