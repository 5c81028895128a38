//! Conditions: an operator, a key, and the values that the policy lists for it.

use std::fmt;

use super::key::Key;
use super::malformed::shown;
use super::operator::{Family, OPERATORS, Operand};
use super::pattern::Match;
use super::{Context, Effect};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// No prefix: any value of the request may satisfy; negated, none may match.
    Plain,
    /// `ForAllValues:`; true for an absent key.
    All,
    /// `ForAnyValue:`; false for an absent key.
    Any,
}

/// The name of an operator with its prefix and suffix, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    pub(super) family: Family,
    pub(super) negated: bool,
    pub(super) quantifier: Quantifier,
    pub(super) if_exists: bool,
}

impl Operator {
    /// Reads an operator's name. The error names the rule.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (quantifier, base) = match text.split_once(':') {
            Some(("ForAllValues", base)) => (Quantifier::All, base),
            Some(("ForAnyValue", base)) => (Quantifier::Any, base),
            _ => (Quantifier::Plain, text),
        };
        let (base, if_exists) = match base.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (base, false),
        };
        let known = OPERATORS.iter().find(|(name, ..)| *name == base);
        let Some((name, family, negated)) = known else {
            let near = OPERATORS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(base));
            let way_out = match near {
                Some((name, ..)) => format!("did you mean {name}?"),
                None => "use StringEquals, StringLike, ArnLike, Bool, IpAddress, Null or another \
                         of IAM's operators"
                    .to_owned(),
            };
            return Err(format!("'{}' is no condition operator; {way_out}", shown(text)));
        };
        if *family == Family::Null && (if_exists || quantifier != Quantifier::Plain) {
            return Err("Null takes neither IfExists nor a set prefix; write \"Null\"".to_owned());
        }
        Ok(Self { name, family: *family, negated: *negated, quantifier, if_exists })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.quantifier {
            Quantifier::Plain => "",
            Quantifier::All => "ForAllValues:",
            Quantifier::Any => "ForAnyValue:",
        })?;
        write!(f, "{}{}", self.name, if self.if_exists { "IfExists" } else { "" })
    }
}

/// One key of a statement's `Condition`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) key: Key,
    pub(super) operands: Vec<Operand>,
}

impl Condition {
    /// Whether the condition is met, in a statement of this effect.
    pub(super) fn holds(&self, effect: Effect, context: &Context<'_>) -> bool {
        let Operator { family, negated, quantifier, if_exists, .. } = self.operator;
        let values = self.key.values(context);
        let values = values.as_slice();
        if family == Family::Null {
            return self.operands.iter().any(|wanted| wanted.is_true() == values.is_empty());
        }
        if values.is_empty() {
            return match quantifier {
                Quantifier::All => true,
                Quantifier::Any => if_exists,
                Quantifier::Plain => if_exists || negated,
            };
        }
        let holds = |value: &str| match self.listed(value, context) {
            Match::Yes => !negated,
            Match::No => negated,
            // "Not equal to something unknown" must not grant; it may deny.
            Match::Unresolved => negated && effect == Effect::Deny,
        };
        match quantifier {
            Quantifier::All => values.iter().all(|value| holds(value)),
            Quantifier::Plain if negated => values.iter().all(|value| holds(value)),
            Quantifier::Any | Quantifier::Plain => values.iter().any(|value| holds(value)),
        }
    }

    /// Whether the policy lists a value of the request.
    fn listed(&self, value: &str, context: &Context<'_>) -> Match {
        let mut answer = Match::No;
        for operand in &self.operands {
            match operand.compare(self.operator.family, value, context) {
                Match::Yes => return Match::Yes,
                Match::Unresolved => answer = Match::Unresolved,
                Match::No => {}
            }
        }
        answer
    }

    /// The first variable among the values that has no value here.
    pub(super) fn unresolved(&self, context: &Context<'_>) -> Option<&Key> {
        self.operands.iter().find_map(|operand| operand.unresolved(context))
    }
}

impl fmt::Display for Condition {
    /// As in `ForAllValues:StringEquals iot:ConnectAttributes `PersistentConnect``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<&str> = self.operands.iter().map(|value| value.pattern.source()).collect();
        write!(f, "{} {} [{}]", self.operator, self.key, values.join(", "))
    }
}
