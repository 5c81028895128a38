//! What JSON writers leave in a template: members that are null, which count as absent, and members
//! that come twice, of which the last one counts, as AWS's reader has it.

use std::collections::BTreeSet;

use super::read::TemplateError;
use crate::limits;
use crate::text;
use crate::tree::{Members, Tree};

/// A policy is read by its own rules: there, a duplicate or a null is refused.
const POLICY_DOCUMENT: &str = "PolicyDocument";

/// A tree without those members.
#[derive(Debug)]
pub(super) struct Tidy {
    pub(super) tree: Tree,
    /// Paths of members that came more than once, each once.
    pub(super) duplicates: Vec<String>,
}

impl Tidy {
    /// Reads a template's text.
    ///
    /// # Errors
    /// It is not JSON, nested too deep, or not UTF-8.
    pub(super) fn read(body: &str) -> Result<Self, TemplateError> {
        let tree = Tree::from_json_with_duplicates(body.as_bytes())
            .map_err(|error| TemplateError::new("", error.to_string()))?;
        let mut duplicates = Vec::new();
        let tree = tidied(tree, "", &mut duplicates)?;
        Ok(Self { tree, duplicates })
    }
}

fn tidied(tree: Tree, path: &str, duplicates: &mut Vec<String>) -> Result<Tree, TemplateError> {
    Ok(match tree {
        Tree::List(items) => {
            let items = items.into_iter().enumerate();
            let items = items.map(|(i, item)| tidied(item, &format!("{path}[{i}]"), duplicates));
            Tree::List(items.collect::<Result<_, _>>()?)
        }
        Tree::Map(members) => Tree::Map(of_map(members, path, duplicates)?),
        other => other,
    })
}

fn of_map(
    members: Members,
    path: &str,
    duplicates: &mut Vec<String>,
) -> Result<Members, TemplateError> {
    let mut kept: Vec<(String, Tree)> = Vec::new();
    for (name, value) in members {
        let shown = text::shown(&name);
        let at = if path.is_empty() { shown.to_owned() } else { format!("{path}.{shown}") };
        if let Some(before) = kept.iter().position(|(other, _)| *other == name) {
            kept.remove(before);
            if !duplicates.contains(&at) && duplicates.len() < limits::TEMPLATE_DUPLICATES {
                duplicates.push(at.clone());
            }
        }
        let value = if name == POLICY_DOCUMENT {
            unique(&value, &at)?;
            value
        } else {
            tidied(value, &at, duplicates)?
        };
        kept.push((name, value));
    }
    // The argument of a function is asked for by its name.
    let is_function = |name: &str| name == "Ref" || name.starts_with("Fn::");
    kept.retain(|(name, value)| *value != Tree::Null || is_function(name));
    Ok(kept.into_iter().collect())
}

/// Refuses a member that comes twice.
fn unique(tree: &Tree, path: &str) -> Result<(), TemplateError> {
    match tree {
        Tree::List(items) => items.iter().try_for_each(|item| unique(item, path)),
        Tree::Map(members) => {
            let mut names = BTreeSet::new();
            members.iter().try_for_each(|(name, value)| {
                let shown = text::shown(name);
                if !names.insert(name) {
                    let message = format!("member '{shown}' appears more than once");
                    return Err(TemplateError::new(path, message));
                }
                unique(value, path)
            })
        }
        _ => Ok(()),
    }
}
