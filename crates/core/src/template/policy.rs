//! `AWS::IoT::Policy`: a policy by name or by document.

use super::expression::{Expression, is_function};
use super::read::{TemplateError, known};
use super::resource::Resource;
use crate::tree::Tree;

/// `AWS::IoT::Policy`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Policy {
    pub(super) logical_name: String,
    pub(super) body: PolicyBody,
}

/// A policy by name or by document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PolicyBody {
    Name(Expression),
    /// A JSON text, or a function that makes one.
    Text(Expression),
    /// A JSON object with functions inside it.
    Object(Document),
}

/// A policy document written as an object. Texts are taken as they are: `${iot:…}` in them is a
/// policy variable, and none of `Fn::Sub`'s business.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Document {
    Literal(Tree),
    Function(Expression),
    List(Vec<Document>),
    Map(Vec<(String, Document)>),
}

impl Document {
    fn parse(tree: &Tree, path: &str) -> Result<Self, TemplateError> {
        match tree {
            tree if is_function(tree) => Expression::parse(tree, path).map(Self::Function),
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(i, item)| Self::parse(item, &format!("{path}[{i}]")));
                items.collect::<Result<_, _>>().map(Self::List)
            }
            Tree::Map(members) => {
                let members = members.iter().map(|(name, value)| {
                    Ok((name.to_owned(), Self::parse(value, &format!("{path}.{name}"))?))
                });
                members.collect::<Result<_, _>>().map(Self::Map)
            }
            literal => Ok(Self::Literal(literal.clone())),
        }
    }

    /// Calls `see` with each function in the document.
    pub(super) fn functions<'a>(&'a self, see: &mut dyn FnMut(&'a Expression)) {
        match self {
            Self::Literal(_) => {}
            Self::Function(function) => see(function),
            Self::List(items) => items.iter().for_each(|item| item.functions(see)),
            Self::Map(members) => members.iter().for_each(|(_, item)| item.functions(see)),
        }
    }
}

impl Resource<'_> {
    pub(super) fn policy(&self) -> Result<Policy, TemplateError> {
        let path = self.properties_path();
        known(self.properties, &path, &["PolicyName", "PolicyDocument"])?;
        if self.overrides.is_some() {
            return Err(TemplateError::new(
                format!("{}.OverrideSettings", self.path),
                "policies have no OverrideSettings; remove it",
            ));
        }
        let body = match (self.properties.get("PolicyName"), self.properties.get("PolicyDocument"))
        {
            (Some(_), None) => self.optional("PolicyName")?.map(PolicyBody::Name),
            (None, Some(tree)) => {
                let path = format!("{path}.PolicyDocument");
                Some(match tree {
                    Tree::Map(_) if !is_function(tree) => {
                        PolicyBody::Object(Document::parse(tree, &path)?)
                    }
                    tree => PolicyBody::Text(Expression::property(tree, &path)?),
                })
            }
            _ => None,
        };
        match body {
            Some(body) => Ok(Policy { logical_name: self.logical_name.to_owned(), body }),
            None => Err(TemplateError::new(
                path,
                "needs exactly one of PolicyName (a policy that exists) and PolicyDocument",
            )),
        }
    }
}
