//! Statements: how one meets a request.

use super::condition::Condition;
use super::pattern::{Match, Pattern};
use super::values::strip_folded;
use super::{Context, Principal, Request};

/// Whether a statement grants or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Grants, unless a Deny applies as well.
    Allow,
    /// Refuses, whatever else applies.
    Deny,
}

/// A list and whether it is that of `NotAction` or `NotResource`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List {
    pub(super) negated: bool,
    pub(super) patterns: Box<[Pattern]>,
}

/// Whom a trust policy's statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principals {
    /// `"*"`
    Anyone,
    /// Kind (`AWS`, `Service` …) and id; an id may be `*`.
    These(Vec<(Box<str>, Box<str>)>),
}

/// A compiled statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<Box<str>>,
    pub(super) effect: Effect,
    pub(super) actions: List,
    /// None in a trust policy.
    pub(super) resources: Option<List>,
    /// None in a device or identity policy.
    pub(super) principals: Option<Principals>,
    pub(super) conditions: Box<[Condition]>,
}

/// How a statement meets a request: the first step at which it fails to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Applies,
    OtherAction,
    OtherPrincipal,
    OtherResource,
    /// No resource matches, and one of them names a variable without a value.
    UnresolvedResource,
    /// The condition at this index does not hold.
    Condition(usize),
}

/// A request's action in both spellings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Action<'a> {
    name: &'a str,
    /// AWS prints the jobs actions with `iot:` and with `iotjobsdata:`; both mean the same.
    alias: Option<&'static str>,
}

const JOB_ACTIONS: &[(&str, &str)] = &[
    ("iot:DescribeJobExecution", "iotjobsdata:DescribeJobExecution"),
    ("iot:GetPendingJobExecutions", "iotjobsdata:GetPendingJobExecutions"),
    ("iot:StartNextPendingJobExecution", "iotjobsdata:StartNextPendingJobExecution"),
    ("iot:UpdateJobExecution", "iotjobsdata:UpdateJobExecution"),
];

impl<'a> Action<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        let alias = JOB_ACTIONS.iter().find_map(|(short, long)| {
            if name.eq_ignore_ascii_case(short) {
                Some(*long)
            } else if name.eq_ignore_ascii_case(long) {
                Some(*short)
            } else {
                None
            }
        });
        Self { name, alias }
    }

    pub(super) fn is_named_by(&self, pattern: &Pattern) -> bool {
        pattern.matches_folded(self.name)
            || self.alias.is_some_and(|alias| pattern.matches_folded(alias))
    }

    /// The action without `iot:`, for messages.
    pub(super) fn short(&self) -> &'a str {
        strip_folded(self.name, "iot:").unwrap_or(self.name)
    }
}

impl List {
    pub(super) fn has_action(&self, action: &Action<'_>) -> bool {
        self.patterns.iter().any(|pattern| action.is_named_by(pattern)) != self.negated
    }

    fn resource(&self, effect: Effect, resource: &str, context: &Context<'_>) -> Match {
        let mut listed = Match::No;
        for pattern in &self.patterns {
            match pattern.compare(resource, context) {
                Match::Yes => return (!self.negated).into(),
                Match::Unresolved => listed = Match::Unresolved,
                Match::No => {}
            }
        }
        match (self.negated, listed) {
            (false, listed) => listed,
            // "Everything except something unknown" must not grant; it may deny.
            (true, Match::Unresolved) if effect == Effect::Allow => Match::Unresolved,
            (true, _) => Match::Yes,
        }
    }
}

impl Principals {
    fn include(&self, context: &Context<'_>) -> bool {
        match self {
            Self::Anyone => true,
            Self::These(these) => these.iter().any(|(kind, id)| {
                let named = |caller: &Principal<'_>| {
                    **kind == *caller.kind && (**id == *"*" || **id == *caller.id)
                };
                context.principals.iter().any(named)
            }),
        }
    }
}

impl Statement {
    /// How this statement meets a request.
    pub(super) fn meet(
        &self,
        action: &Action<'_>,
        request: &Request<'_>,
        context: &Context<'_>,
    ) -> Outcome {
        if !self.actions.has_action(action) {
            return Outcome::OtherAction;
        }
        if self.principals.as_ref().is_some_and(|principals| !principals.include(context)) {
            return Outcome::OtherPrincipal;
        }
        let resource = match &self.resources {
            Some(resources) => resources.resource(self.effect, request.resource, context),
            None => Match::Yes,
        };
        match resource {
            Match::Yes => {}
            Match::No => return Outcome::OtherResource,
            Match::Unresolved => return Outcome::UnresolvedResource,
        }
        match self.conditions.iter().position(|one| !one.holds(self.effect, context)) {
            Some(index) => Outcome::Condition(index),
            None => Outcome::Applies,
        }
    }
}
