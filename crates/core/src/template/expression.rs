//! Values of a template: literals and intrinsic functions, nested as the author likes.
//!
//! AWS: "Provisioning templates", intrinsic functions; argument shapes are CloudFormation's where
//! that page is silent. `{{name}}` on AWS's pages is typography, not syntax.

use std::collections::BTreeMap;

use super::read::TemplateError;
use crate::text;
use crate::tree::{Members, Tree};

/// A literal or a function. Its depth is that of the JSON it was read from, which is bounded by
/// [`crate::limits::VALUE_DEPTH`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Text(String),
    /// Allowed as an element of a list; an error when it is used.
    Null,
    List(Vec<Expression>),
    Ref(String),
    Join {
        delimiter: Box<Expression>,
        items: Box<Expression>,
    },
    Select {
        index: Box<Expression>,
        items: Box<Expression>,
    },
    FindInMap {
        map: Box<Expression>,
        outer: Box<Expression>,
        inner: Box<Expression>,
    },
    Split {
        delimiter: Box<Expression>,
        text: Box<Expression>,
    },
    Sub {
        parts: Vec<Part>,
        variables: BTreeMap<String, Expression>,
    },
}

/// A piece of the text of `Fn::Sub`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    Variable(String),
}

/// Whether a value is a function: an object whose only member is `Ref` or `Fn::…`.
pub(super) fn is_function(tree: &Tree) -> bool {
    let Tree::Map(members) = tree else { return false };
    members.single().is_some_and(|(name, _)| name == "Ref" || name.starts_with("Fn::"))
}

/// The way out when a function's name is right but for its case or its colons.
fn misspelt(tree: &Tree) -> String {
    let plain = |name: &str| name.replace([':', '_', '-'], "").to_ascii_lowercase();
    let known = ["Ref", "Fn::Join", "Fn::Select", "Fn::FindInMap", "Fn::Split", "Fn::Sub"];
    let Tree::Map(members) = tree else { return String::new() };
    let found = members.single().and_then(|(name, _)| {
        known.into_iter().find(|known| plain(known) == plain(name)).map(|known| (name, known))
    });
    found.map(|(name, known)| format!("; {}: write {known}", text::shown(name))).unwrap_or_default()
}

impl Expression {
    /// Reads a property that must be a string or a function.
    pub(super) fn property(tree: &Tree, path: &str) -> Result<Self, TemplateError> {
        match tree {
            Tree::Text(text) => Ok(Self::Text(text.clone())),
            tree if is_function(tree) => Self::parse(tree, path),
            other => Err(TemplateError::new(
                path,
                format!(
                    "must be a string or a function such as Ref, not {}{}",
                    other.kind(),
                    misspelt(other)
                ),
            )),
        }
    }

    /// Reads a property that must be a list of strings and functions, or a function.
    pub(super) fn list(tree: &Tree, path: &str) -> Result<Self, TemplateError> {
        match tree {
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(i, item)| Self::property(item, &format!("{path}[{i}]")));
                items.collect::<Result<_, _>>().map(Self::List)
            }
            tree if is_function(tree) => Self::parse(tree, path),
            other => Err(TemplateError::new(
                path,
                format!("must be an array of strings or functions, not {}", other.kind()),
            )),
        }
    }

    /// Reads any value; numbers and booleans become their text.
    pub(super) fn parse(tree: &Tree, path: &str) -> Result<Self, TemplateError> {
        match tree {
            Tree::Text(text) | Tree::Number(text) => Ok(Self::Text(text.clone())),
            Tree::Bool(value) => Ok(Self::Text(value.to_string())),
            Tree::Null | Tree::Other(_) => Ok(Self::Null),
            Tree::List(items) => {
                let items = items.iter().enumerate();
                let items = items.map(|(i, item)| Self::parse(item, &format!("{path}[{i}]")));
                items.collect::<Result<_, _>>().map(Self::List)
            }
            Tree::Map(members) => Self::function(members, path),
        }
    }

    fn function(members: &Members, path: &str) -> Result<Self, TemplateError> {
        let Some((name, argument)) = members.single() else {
            return Err(TemplateError::new(
                path,
                "must be a string or a function; an object here has exactly one member, Ref or \
                 Fn::…",
            ));
        };
        let path = &format!("{path}.{name}");
        match name {
            "Ref" => match argument {
                Tree::Text(target) if !target.is_empty() => Ok(Self::Ref(target.clone())),
                _ => Err(TemplateError::new(path, "must be the name of a parameter, a string")),
            },
            "Fn::Join" => {
                let [delimiter, items] = arguments(argument, path, "[delimiter, [values]]")?;
                Ok(Self::Join { delimiter: delimiter.boxed()?, items: items.boxed_list()? })
            }
            "Fn::Select" => {
                let [index, items] = arguments(argument, path, "[index, [values]]")?;
                Ok(Self::Select { index: index.boxed()?, items: items.boxed_list()? })
            }
            "Fn::FindInMap" => {
                let shape = "[map name, top-level key, second-level key]";
                let [map, outer, inner] = arguments(argument, path, shape)?;
                Ok(Self::FindInMap {
                    map: map.boxed()?,
                    outer: outer.boxed()?,
                    inner: inner.boxed()?,
                })
            }
            "Fn::Split" => {
                let [delimiter, text] = arguments(argument, path, "[delimiter, text]")?;
                Ok(Self::Split { delimiter: delimiter.boxed()?, text: text.boxed()? })
            }
            "Fn::Sub" => substitution(argument, path),
            other => Err(TemplateError::new(
                path,
                format!(
                    "'{}' is no function of provisioning templates; there are Ref, Fn::Join, \
                     Fn::Select, Fn::FindInMap, Fn::Split and Fn::Sub",
                    text::shown(other).to_owned()
                ),
            )),
        }
    }

    /// Calls `see` with this expression and each one inside it.
    pub(super) fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match self {
            Self::Text(_) | Self::Null | Self::Ref(_) => {}
            Self::List(items) => items.iter().for_each(|item| item.walk(see)),
            Self::Join { delimiter: a, items: b }
            | Self::Select { index: a, items: b }
            | Self::Split { delimiter: a, text: b } => [a, b].iter().for_each(|e| e.walk(see)),
            Self::FindInMap { map, outer, inner } => {
                [map, outer, inner].iter().for_each(|e| e.walk(see));
            }
            Self::Sub { variables, .. } => variables.values().for_each(|e| e.walk(see)),
        }
    }
}

/// One argument of a function and where it stands.
struct Argument<'a> {
    tree: &'a Tree,
    path: String,
}

impl Argument<'_> {
    fn boxed(&self) -> Result<Box<Expression>, TemplateError> {
        match self.tree {
            Tree::List(_) => Err(TemplateError::new(&self.path, "must be a string, not an array")),
            Tree::Null => Err(TemplateError::new(&self.path, "must be a string, not null")),
            tree => Expression::parse(tree, &self.path).map(Box::new),
        }
    }

    fn boxed_list(&self) -> Result<Box<Expression>, TemplateError> {
        match self.tree {
            Tree::List(_) | Tree::Map(_) => Expression::parse(self.tree, &self.path).map(Box::new),
            other => Err(TemplateError::new(
                &self.path,
                format!("must be an array, or a function that makes one, not {}", other.kind()),
            )),
        }
    }
}

fn arguments<'a, const N: usize>(
    tree: &'a Tree,
    path: &str,
    shape: &str,
) -> Result<[Argument<'a>; N], TemplateError> {
    let wrong = || TemplateError::new(path, format!("must be an array of {N}: {shape}"));
    let Tree::List(items) = tree else { return Err(wrong()) };
    let items = items.iter().enumerate();
    let arguments: Vec<_> =
        items.map(|(i, tree)| Argument { tree, path: format!("{path}[{i}]") }).collect();
    arguments.try_into().map_err(|_| wrong())
}

/// `"text"` or `["text", {variable: value, …}]`.
fn substitution(argument: &Tree, path: &str) -> Result<Expression, TemplateError> {
    let wrong = || {
        TemplateError::new(
            path,
            "must be a string, or an array of a string and an object of values",
        )
    };
    let (text, given) = match argument {
        Tree::Text(text) => (text, None),
        Tree::List(items) => match items.as_slice() {
            [Tree::Text(text)] => (text, None),
            [Tree::Text(text), Tree::Map(given)] => (text, Some(given)),
            _ => return Err(wrong()),
        },
        _ => return Err(wrong()),
    };
    let mut variables = BTreeMap::new();
    for (name, value) in given.into_iter().flat_map(Members::iter) {
        let path = format!("{path}[1].{name}");
        variables.insert(name.to_owned(), *Argument { tree: value, path }.boxed()?);
    }
    Ok(Expression::Sub { parts: parts(text, path)?, variables })
}

/// Splits `a${b}${!c}` into text `a`, variable `b`, text `${c}`.
fn parts(text: &str, path: &str) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        plain.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err(TemplateError::new(path, "a '${' has no '}' behind it"));
        };
        match name.strip_prefix('!') {
            Some(literal) => {
                plain.push_str("${");
                plain.push_str(literal);
                plain.push('}');
            }
            None if name.is_empty() => {
                return Err(TemplateError::new(path, "'${}' names no variable"));
            }
            None => {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Variable(name.to_owned()));
            }
        }
        rest = after;
    }
    plain.push_str(rest);
    parts.push(Part::Text(plain));
    Ok(parts)
}
