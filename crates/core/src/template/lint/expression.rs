//! Lints of expressions: texts, references and functions.

use super::Linter;
use crate::arn::placeholder;
use crate::template::TemplateUse;
use crate::template::expression::{Expression, Part};
use crate::template::scope::{CERTIFICATE_ID, SUBJECT};

impl<'a> Linter<'a> {
    /// Notes on one property and all functions in it.
    pub(super) fn expression(&mut self, path: &str, expression: &'a Expression, in_policy: bool) {
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
        } else if let Some(part) = placeholder(text) {
            self.note(path, format!("'{part}' is a placeholder; write what it stands for"));
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
