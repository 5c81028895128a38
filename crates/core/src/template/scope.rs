//! What names mean while a template is evaluated, and what functions come to.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::expression::{Expression, Part};
use super::section::Literal;
use super::{Inputs, Template, TemplateUse};
use crate::error::{ErrorCode, Refusal};
use crate::tree::Tree;
use crate::{limits, text};

/// A value of a template.
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
}

/// One evaluation. Every text that it builds is paid for, so that no nesting of functions grows
/// without bound.
pub(super) struct Scope<'a> {
    template: &'a Template,
    inputs: &'a Inputs<'a>,
    /// Shared by the scopes of one evaluation.
    left: &'a Cell<usize>,
    /// Whether a value of the device that was resolved inside a policy has a wildcard of topic
    /// filters; shared likewise.
    filter_wildcard: &'a Cell<bool>,
    /// Inside a policy: no `Fn::Join`, and no pattern characters from a device.
    policy: bool,
}

/// The parts of the subject that a template may refer to, and their names in a certificate's
/// facts.
pub(super) const SUBJECT: &[(&str, &str)] = &[
    ("AWS::IoT::Certificate::Country", "Country"),
    ("AWS::IoT::Certificate::Organization", "Organization"),
    ("AWS::IoT::Certificate::OrganizationalUnit", "OrganizationalUnit"),
    ("AWS::IoT::Certificate::DistinguishedNameQualifier", "DistinguishedNameQualifier"),
    ("AWS::IoT::Certificate::StateName", "State"),
    ("AWS::IoT::Certificate::CommonName", "CommonName"),
    ("AWS::IoT::Certificate::SerialNumber", "SerialNumber"),
];

/// The pseudo parameter that every template may refer to.
pub(super) const CERTIFICATE_ID: &str = "AWS::IoT::Certificate::Id";

/// A refusal for what a template and its parameters come to.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidParameters, message)
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        template: &'a Template,
        inputs: &'a Inputs<'a>,
        left: &'a Cell<usize>,
        filter_wildcard: &'a Cell<bool>,
    ) -> Self {
        Self { template, inputs, left, filter_wildcard, policy: false }
    }

    /// The same evaluation, inside a policy resource.
    pub(super) fn in_policy(&self) -> Self {
        Self { policy: true, ..*self }
    }

    /// Pays for a text of this many bytes.
    fn pay(&self, bytes: usize) -> Result<(), Refusal> {
        let left = self.left.get().checked_sub(bytes.saturating_add(16));
        match left {
            Some(left) if bytes <= limits::TEMPLATE_TEXT_BYTES => {
                self.left.set(left);
                Ok(())
            }
            _ => Err(invalid(format!(
                "The template comes to too much text: one value may have {} bytes, all together {}.",
                limits::TEMPLATE_TEXT_BYTES,
                limits::TEMPLATE_WORK_BYTES
            ))),
        }
    }

    /// The value of a parameter or pseudo parameter.
    pub(super) fn resolve(&self, name: &str) -> Result<String, Refusal> {
        let inputs = self.inputs;
        // A device must not pass for another certificate by sending AWS's names as parameters.
        let pseudo = name.starts_with("AWS::");
        let sent = !pseudo || self.template.use_ == TemplateUse::Bulk;
        let found = None
            .or_else(|| pseudo.then(|| self.pseudo(name)).flatten().map(|v| (v, true)))
            .or_else(|| inputs.overrides.get(name).filter(|_| sent).map(|v| (v.clone(), false)))
            .or_else(|| inputs.parameters.get(name).filter(|_| sent).map(|v| (v.clone(), true)))
            .or_else(|| self.template.parameters.get(name)?.clone().map(|v| (v, false)));
        // AWS: this text byte for byte, observed over MQTT.
        let (value, foreign) = found
            .ok_or_else(|| invalid(format!("Cannot resolve reference value: {}", shown(name))))?;
        if self.policy && foreign {
            self.check_in_policy(name, &value)?;
        }
        self.pay(value.len())?;
        Ok(value)
    }

    fn pseudo(&self, name: &str) -> Option<String> {
        if name == CERTIFICATE_ID {
            return self.inputs.certificate_id.map(|id| id.to_string());
        }
        let (_, attribute) = SUBJECT.iter().find(|(pseudo, _)| *pseudo == name)?;
        self.inputs.subject?.get(attribute)?.first().cloned()
    }

    /// A device (or its certificate's subject) names a part of a policy, never a pattern: else
    /// one that sends `*` would be granted what belongs to all.
    fn check_in_policy(&self, name: &str, value: &str) -> Result<(), Refusal> {
        let pattern = |c: char| matches!(c, '*' | '?' | '$' | '"' | '\\') || c.is_control();
        if self.template.use_ == TemplateUse::Bulk {
            return Ok(());
        }
        if value.contains(['+', '#']) {
            self.filter_wildcard.set(true);
        }
        if !value.contains(pattern) {
            return Ok(());
        }
        Err(invalid(format!(
            "The value of parameter '{}' goes into a policy, so it must not have any of * ? $ \" \\ \
             or control characters.",
            shown(name)
        )))
    }

    /// A value inside a policy's document, once it was read. `+` and `#` of a device are data in a
    /// client id or a topic, but wildcards in a topic filter, where they would widen what is
    /// granted.
    pub(super) fn in_document(
        &self,
        expression: &Expression,
        read: impl FnOnce(Value) -> Result<Tree, Refusal>,
    ) -> Result<Tree, Refusal> {
        self.filter_wildcard.set(false);
        let tree = read(self.value(expression)?)?;
        if self.filter_wildcard.get() && has_filter_wildcard(&tree) {
            return Err(invalid(
                "A value of the device goes into a topic filter of a policy, so it must not have \
                 any of + #.",
            ));
        }
        Ok(tree)
    }

    /// A value that must be a text.
    pub(super) fn text(&self, expression: &Expression) -> Result<String, Refusal> {
        match self.value(expression)? {
            Value::Text(text) => Ok(text),
            Value::List(_) => Err(invalid("A list stands where the template needs a string.")),
        }
    }

    /// A value that must be a list.
    pub(super) fn list(&self, expression: &Expression) -> Result<Vec<String>, Refusal> {
        match self.value(expression)? {
            Value::List(list) => Ok(list),
            Value::Text(_) => Err(invalid("A string stands where the template needs a list.")),
        }
    }

    /// What an expression comes to. Recursion is bounded by the depth of the template's JSON.
    pub(super) fn value(&self, expression: &Expression) -> Result<Value, Refusal> {
        match expression {
            Expression::Null => Err(invalid("A null stands where the template needs a string.")),
            Expression::Text(text) => self.pay(text.len()).map(|()| Value::Text(text.clone())),
            Expression::List(items) => {
                items.iter().map(|item| self.text(item)).collect::<Result<_, _>>().map(Value::List)
            }
            Expression::Ref(name) => self.resolve(name).map(Value::Text),
            Expression::Join { delimiter, items } => self.join(delimiter, items),
            Expression::Select { index, items } => self.select(index, items),
            Expression::FindInMap { map, outer, inner } => self.find(map, outer, inner),
            Expression::Split { delimiter, text } => self.split(delimiter, text),
            Expression::Sub { parts, variables } => self.substitute(parts, variables),
        }
    }

    fn substitute(
        &self,
        parts: &[Part],
        variables: &BTreeMap<String, Expression>,
    ) -> Result<Value, Refusal> {
        let mut values = BTreeMap::new();
        for (name, value) in variables {
            values.insert(name.as_str(), self.text(value)?);
        }
        let mut out = String::new();
        for part in parts {
            let before = out.len();
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable(name) => match values.get(name.as_str()) {
                    Some(value) => out.push_str(value),
                    None => out.push_str(&self.resolve(name)?),
                },
            }
            self.pay(out.len() - before)?;
            if out.len() > limits::TEMPLATE_TEXT_BYTES {
                self.pay(out.len())?;
            }
        }
        Ok(Value::Text(out))
    }

    fn join(&self, delimiter: &Expression, items: &Expression) -> Result<Value, Refusal> {
        if self.policy {
            // AWS: "Fn::Join is not supported for policy resources", provisioning templates.
            return Err(invalid(
                "Fn::Join is not supported in AWS::IoT::Policy resources; use Fn::Sub instead.",
            ));
        }
        let delimiter = self.text(delimiter)?;
        let items = self.list(items)?;
        let gaps = delimiter.len().saturating_mul(items.len());
        self.pay(items.iter().map(String::len).sum::<usize>().saturating_add(gaps))?;
        Ok(Value::Text(items.join(&delimiter)))
    }

    fn select(&self, index: &Expression, items: &Expression) -> Result<Value, Refusal> {
        let index = self.text(index)?;
        let number = index.parse::<usize>().map_err(|_| {
            invalid(format!("Fn::Select: the index '{}' is not a number from 0.", shown(&index)))
        })?;
        // A literal list is not evaluated whole: a null that is not picked does no harm.
        let (picked, length) = match items {
            Expression::List(items) => {
                let picked = items.get(number).map(|item| match item {
                    Expression::Null => {
                        Err(invalid(format!("Fn::Select: the element at index {number} is null.")))
                    }
                    item => self.text(item),
                });
                (picked.transpose()?, items.len())
            }
            items => {
                let items = self.list(items)?;
                (items.get(number).cloned(), items.len())
            }
        };
        picked.map(Value::Text).ok_or_else(|| {
            invalid(format!(
                "Fn::Select: index {number} is out of bounds; the list has {length} elements."
            ))
        })
    }

    fn find(
        &self,
        map: &Expression,
        outer: &Expression,
        inner: &Expression,
    ) -> Result<Value, Refusal> {
        let (map, outer, inner) = (self.text(map)?, self.text(outer)?, self.text(inner)?);
        let mappings = &self.template.mappings;
        let found = mappings.get(&map).and_then(|map| map.get(&outer)?.get(&inner));
        match found {
            Some(Literal::Text(text)) => self.pay(text.len()).map(|()| Value::Text(text.clone())),
            Some(Literal::List(items)) => {
                self.pay(items.iter().map(String::len).sum())?;
                Ok(Value::List(items.clone()))
            }
            None => Err(invalid(format!(
                "Fn::FindInMap: Mappings has no value at '{}', '{}', '{}'.",
                shown(&map),
                shown(&outer),
                shown(&inner)
            ))),
        }
    }

    fn split(&self, delimiter: &Expression, text: &Expression) -> Result<Value, Refusal> {
        let delimiter = self.text(delimiter)?;
        if delimiter.is_empty() {
            return Err(invalid("Fn::Split: the delimiter must not be empty."));
        }
        let text = self.text(text)?;
        let items: Vec<String> = text.split(&delimiter).map(str::to_owned).collect();
        self.pay(text.len())?;
        self.left.set(self.left.get().saturating_sub(items.len().saturating_mul(16)));
        Ok(Value::List(items))
    }
}

/// Whether a text that may name topic filters has one of their wildcards. The depth of a tree is
/// bounded.
fn has_filter_wildcard(tree: &Tree) -> bool {
    match tree {
        Tree::Text(text) => text.contains(['+', '#']) && may_be_topic_filter(text),
        Tree::List(items) => items.iter().any(has_filter_wildcard),
        Tree::Map(members) => members.iter().any(|(_, value)| has_filter_wildcard(value)),
        _ => false,
    }
}

/// Whether a text of a policy may name topic filters: by the word, or by a pattern in the place of
/// the resource's type.
fn may_be_topic_filter(text: &str) -> bool {
    if text.contains("topicfilter") {
        return true;
    }
    let resource = text.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    resource.unwrap_or(text).split('/').next().is_some_and(|kind| kind.contains(['*', '?']))
}

/// The beginning of a text that a message quotes.
fn shown(text: &str) -> String {
    text::shown_arn(text).to_owned()
}
