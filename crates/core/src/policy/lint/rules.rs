//! The rules behind the warnings, one method per part of a statement.

use super::super::Document;
use super::super::condition::{Condition, Quantifier};
use super::super::document::Language;
use super::super::key::Key;
use super::super::pattern::{Pattern, Syntax};
use super::super::statement::{Action, Effect, List, Statement};
use super::{Lint, LintKind};
use crate::arn::placeholder;

/// Actions of devices that AWS knows, with the resource type that each needs. AWS: guide, "AWS
/// IoT Core policy actions" and "Action resources".
pub(in super::super) const ACTIONS: &[(&str, &str)] = &[
    ("iot:Connect", "client/"),
    ("iot:DeleteConnection", "client/"),
    ("iot:GetConnection", "client/"),
    ("iot:ListSubscriptions", "client/"),
    ("iot:SendDirectMessage", "client/"),
    ("iot:Publish", "topic/"),
    ("iot:RetainPublish", "topic/"),
    ("iot:Receive", "topic/"),
    ("iot:GetRetainedMessage", "topic/"),
    ("iot:Subscribe", "topicfilter/"),
    ("iot:GetThingShadow", "thing/"),
    ("iot:UpdateThingShadow", "thing/"),
    ("iot:DeleteThingShadow", "thing/"),
    ("iot:DescribeJobExecution", "thing/"),
    ("iot:GetPendingJobExecutions", "thing/"),
    ("iot:StartNextPendingJobExecution", "thing/"),
    ("iot:UpdateJobExecution", "thing/"),
    ("iot:AssumeRoleWithCertificate", "rolealias/"),
    ("iot:ListNamedShadowsForThing", ""),
    ("iot:ListRetainedMessages", ""),
];

/// Whether AWS knows an action of devices by this name, which may have wildcards.
pub fn is_device_action(name: &str) -> bool {
    let syntax = Syntax { wildcards: true, variables: false };
    let pattern = Pattern::compile(name, syntax);
    pattern.is_ok_and(|pattern| ACTIONS.iter().any(|(known, _)| pattern.matches_folded(known)))
}

#[derive(Default)]
pub(super) struct Lints {
    pub(super) statement: Option<usize>,
    pub(super) found: Vec<Lint>,
}

fn has(statement: &Statement, action: &str) -> bool {
    statement.actions.has_action(&Action::new(action))
}

fn every_action(statement: &Statement) -> bool {
    let mut names = statement.actions.patterns.iter().map(Pattern::source);
    names.any(|name| name == "*" || name.eq_ignore_ascii_case("iot:*"))
}

/// The part of a resource behind the account. Colons in variables are none of the ARN's.
fn rest(pattern: &Pattern) -> &str {
    let source = pattern.source();
    let mut open = false;
    let colons = source.char_indices().filter(|(at, c)| {
        match c {
            '{' if source.get(..*at).is_some_and(|before| before.ends_with('$')) => open = true,
            '}' => open = false,
            _ => {}
        }
        *c == ':' && !open
    });
    colons.map(|(at, _)| at).nth(4).and_then(|at| source.get(at + 1..)).unwrap_or_default()
}

/// Whether a resource may be of a type, such as `client/`.
pub(in super::super) fn may_be(pattern: &Pattern, kind: &str) -> bool {
    let rest = rest(pattern);
    let stem = rest.find(['*', '?', '$']).map_or(rest, |at| rest.get(..at).unwrap_or(rest));
    rest.is_empty() || rest.starts_with(kind) || (stem != rest && kind.starts_with(stem))
}

impl Lints {
    pub(super) fn add(&mut self, kind: LintKind, message: impl Into<String>) {
        let lint = Lint { kind, statement: self.statement, message: message.into() };
        if !self.found.contains(&lint) {
            self.found.push(lint);
        }
    }

    pub(super) fn actions(&mut self, statement: &Statement) {
        for pattern in statement.actions.patterns.iter().filter(|pattern| !pattern.is_any()) {
            let name = pattern.source();
            let iot = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("iot:"));
            if iot && !ACTIONS.iter().any(|(known, _)| pattern.matches_folded(known)) {
                self.add(
                    LintKind::UnknownAction,
                    format!("'{name}' is no action of a device; check its spelling."),
                );
            }
        }
        let Some(resources) = &statement.resources else { return };
        if statement.actions.negated || resources.negated {
            return;
        }
        for (action, kind) in ACTIONS.iter().filter(|(_, kind)| !kind.is_empty()) {
            let named = |pattern: &Pattern| pattern.source().eq_ignore_ascii_case(action);
            let listed = statement.actions.patterns.iter().any(named);
            if listed && !resources.patterns.iter().any(|pattern| may_be(pattern, kind)) {
                let message =
                    format!("{action} needs a resource {kind}…; this statement has none.");
                self.add(LintKind::ResourceType, message);
            }
        }
    }

    pub(super) fn resources(&mut self, statement: &Statement, language: Language) {
        for pattern in statement.resources.iter().flat_map(|list| &list.patterns) {
            let found = rest(pattern);
            let topic = found.starts_with("topic/") || found.starts_with("topicfilter/");
            if let Some(c) = found.chars().find(|c| topic && matches!(c, '+' | '#')) {
                let message = format!("'{c}' in {found} is literal in a policy; use *.");
                self.add(LintKind::MqttWildcard, message);
            }
            if language == Language::Without && found.contains("${") {
                let message = "${…} is plain text here; add \"Version\": \"2012-10-17\".";
                self.add(LintKind::OldVersion, message);
            }
            if ["$(*)", "$(?)", "$($)"].iter().any(|escape| found.contains(escape)) {
                self.add(
                    LintKind::Parentheses,
                    format!(
                        "{found} has an escape in parentheses; write ${{*}}, ${{?}} or ${{$}}."
                    ),
                );
            }
        }
    }

    pub(super) fn variables(&mut self, statement: &Statement) {
        for pattern in statement.resources.iter().flat_map(|list| &list.patterns) {
            for key in pattern.variables() {
                self.key(key);
                if matches!(key, Key::Certificate(key) if key.is_list()) {
                    self.add(
                        LintKind::ListInResource,
                        format!("${{{key}}} never has a value in a resource; name one value."),
                    );
                }
                if statement.effect == Effect::Deny {
                    self.deny_with(key);
                }
            }
        }
    }

    pub(super) fn conditions(&mut self, statement: &Statement) {
        for condition in &statement.conditions {
            self.key(&condition.key);
            for key in condition.operands.iter().flat_map(|value| value.pattern.variables()) {
                self.key(key);
                if statement.effect == Effect::Deny && !condition.operator.negated {
                    self.deny_with(key);
                }
            }
        }
        self.open_quantifiers(statement);
    }

    pub(super) fn open_quantifiers(&mut self, statement: &Statement) {
        for condition in &statement.conditions {
            let open = condition.operator.quantifier == Quantifier::All
                && statement.effect == Effect::Allow
                && condition.key != Key::ConnectAttributes;
            if open && !guarded(statement, condition) {
                self.add(
                    LintKind::ForAllValuesGrants,
                    format!(
                        "ForAllValues is met when {} is absent; add \"Null\": {{\"{0}\": \
                         \"false\"}}.",
                        condition.key
                    ),
                );
            }
        }
    }

    pub(super) fn reach(&mut self, statement: &Statement, document: &Document) {
        let Some(resources) = &statement.resources else { return };
        let any = |list: &List| list.patterns.iter().any(Pattern::is_any);
        match statement.effect {
            Effect::Allow => {
                if statement.actions.negated || resources.negated {
                    let message = "Allow with NotAction or NotResource grants everything that is \
                                   not listed; list what is allowed instead.";
                    self.add(LintKind::AllowNot, message);
                } else if every_action(statement) && any(resources) {
                    let message = "This allows every action on every resource; name both.";
                    self.add(LintKind::Everything, message);
                }
                self.client_ids(statement, resources);
            }
            Effect::Deny => {
                let subscribe = has(statement, "iot:Subscribe")
                    && !resources.negated
                    && resources.patterns.iter().any(|p| rest(p).starts_with("topicfilter/"));
                let receive = document
                    .statements
                    .iter()
                    .any(|other| other.effect == Effect::Deny && has(other, "iot:Receive"));
                if subscribe && !receive {
                    let message = "Deny of iot:Subscribe does not stop a broader filter; deny \
                                   iot:Receive on the topics as well.";
                    self.add(LintKind::DenySubscribe, message);
                }
            }
        }
    }

    fn client_ids(&mut self, statement: &Statement, resources: &List) {
        let bound = statement
            .conditions
            .iter()
            .any(|condition| condition.key == Key::IsAttached || condition.key.is_thing());
        for pattern in &resources.patterns {
            let connect = has(statement, "iot:Connect") && !bound;
            if connect && pattern.ends_with_only(":client/", &Key::ClientId) {
                let message = "client/${iot:ClientId} allows every client id, also another \
                               device's; use ${iot:Connection.Thing.ThingName}.";
                self.add(LintKind::ConnectTautology, message);
            }
            let filter = rest(pattern).starts_with("topicfilter/");
            if filter && pattern.variables().contains(&Key::ClientId) {
                let message = "A client id such as + widens this filter; allow iot:Connect only \
                               for known client ids, or use ${iot:Connection.Thing.ThingName}.";
                self.add(LintKind::ClientIdInFilter, message);
            }
        }
    }

    fn key(&mut self, key: &Key) {
        match key {
            // Said with the ARN that it stands in.
            Key::Other(name) if placeholder(&format!("${{{name}}}")).is_some() => {}
            Key::Other(name) => {
                let message = format!("'{name}' is not known to devices, so it has no value.");
                self.add(LintKind::UnknownVariable, message);
            }
            Key::ThingNameAlias => {
                let message = "iot:Thing.ThingName is in none of AWS's lists; write \
                               iot:Connection.Thing.ThingName.";
                self.add(LintKind::ThingNameAlias, message);
            }
            _ => {}
        }
    }

    fn deny_with(&mut self, key: &Key) {
        let message = format!(
            "This Deny does not apply when ${{{key}}} has no value; deny with fixed resources, \
             or allow narrowly instead."
        );
        self.add(LintKind::DenyWithVariable, message);
    }
}

/// Whether the statement also demands that the condition's key exists.
fn guarded(statement: &Statement, condition: &Condition) -> bool {
    statement.conditions.iter().any(|other| {
        other.key == condition.key && other != condition && other.operator.name == "Null"
    })
}
