//! Condition operators: their names and how one value of the request meets one of the policy.

use std::cmp::Ordering;

use super::key::Key;
use super::malformed::shown;
use super::network::Network;
use super::pattern::{Match, Pattern, Syntax};
use super::{Context, time};
use crate::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Exact text.
    Text,
    /// Exact text of any case.
    TextAnyCase,
    /// Text with wildcards.
    Like,
    Arn,
    Bool,
    Ip,
    Number(Order),
    Date(Order),
    Null,
}

/// Which orderings of (request, policy) satisfy a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Name, family, whether the operator is the negation of its family's comparison.
pub(super) const OPERATORS: &[(&str, Family, bool)] = &[
    ("StringEquals", Family::Text, false),
    ("StringNotEquals", Family::Text, true),
    ("StringEqualsIgnoreCase", Family::TextAnyCase, false),
    ("StringNotEqualsIgnoreCase", Family::TextAnyCase, true),
    ("StringLike", Family::Like, false),
    ("StringNotLike", Family::Like, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Bool", Family::Bool, false),
    ("IpAddress", Family::Ip, false),
    ("NotIpAddress", Family::Ip, true),
    ("NumericEquals", Family::Number(Order::Equal), false),
    ("NumericNotEquals", Family::Number(Order::Equal), true),
    ("NumericLessThan", Family::Number(Order::Less), false),
    ("NumericLessThanEquals", Family::Number(Order::LessOrEqual), false),
    ("NumericGreaterThan", Family::Number(Order::Greater), false),
    ("NumericGreaterThanEquals", Family::Number(Order::GreaterOrEqual), false),
    ("DateEquals", Family::Date(Order::Equal), false),
    ("DateNotEquals", Family::Date(Order::Equal), true),
    ("DateLessThan", Family::Date(Order::Less), false),
    ("DateLessThanEquals", Family::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Family::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Family::Date(Order::GreaterOrEqual), false),
    ("Null", Family::Null, false),
];

/// One value of a condition, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    /// The value as written, with its variables.
    pub(super) pattern: Pattern,
    value: Value,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// The pattern itself.
    Pattern,
    /// The six parts of an ARN.
    Arn(Vec<Pattern>),
    Bool(bool),
    Network(Network),
    Number(f64),
    Date(Timestamp),
    /// A Bool, address, number or date that holds a variable: read when it has a value.
    Late,
}

impl Operand {
    /// Compiles one value for a family. The error names the rule that the value breaks.
    pub(super) fn compile(family: Family, text: &str, variables: bool) -> Result<Self, String> {
        let wildcards = matches!(family, Family::Like | Family::Arn);
        let pattern = Pattern::compile(text, Syntax { wildcards, variables })?;
        let value = match family {
            Family::Text | Family::TextAnyCase | Family::Like => Value::Pattern,
            Family::Arn if pattern.is_any() => Value::Pattern,
            Family::Arn => match pattern.split_colons(6) {
                parts if parts.len() == 6 => Value::Arn(parts),
                _ => {
                    return Err(format!(
                        "'{}' is not an ARN (arn:aws:iot:region:account:…)",
                        shown(text)
                    ));
                }
            },
            _ if family != Family::Null && !pattern.variables().is_empty() => Value::Late,
            _ => Value::read(family, text)
                .ok_or_else(|| format!("'{}' is not {}", shown(text), wanted(family)))?,
        };
        Ok(Self { pattern, value })
    }

    /// Compares one value of the request.
    pub(super) fn compare(&self, family: Family, subject: &str, context: &Context<'_>) -> Match {
        match &self.value {
            Value::Pattern if family == Family::TextAnyCase => match self.pattern.render(context) {
                Some(text) => (text.to_lowercase() == subject.to_lowercase()).into(),
                None => Match::Unresolved,
            },
            Value::Pattern => self.pattern.compare(subject, context),
            Value::Arn(parts) => compare_arn(parts, subject, context),
            Value::Late => match self.pattern.render(context) {
                Some(text) => Value::read(family, &text)
                    .is_some_and(|value| value.holds(family, subject))
                    .into(),
                None => Match::Unresolved,
            },
            value => value.holds(family, subject).into(),
        }
    }

    /// Whether the condition is `Null` with `true`.
    pub(super) fn is_true(&self) -> bool {
        self.value == Value::Bool(true)
    }

    /// The first variable without a value here.
    pub(super) fn unresolved(&self, context: &Context<'_>) -> Option<&Key> {
        self.pattern.variables().iter().find(|key| key.substitute(context).is_none())
    }
}

impl Value {
    fn read(family: Family, text: &str) -> Option<Self> {
        match family {
            Family::Bool | Family::Null => bool_of(text).map(Self::Bool),
            Family::Ip => Network::parse(text).map(Self::Network),
            Family::Number(_) => number(text).map(Self::Number),
            Family::Date(_) => time::parse(text).map(Self::Date),
            Family::Text | Family::TextAnyCase | Family::Like | Family::Arn => None,
        }
    }

    fn holds(&self, family: Family, subject: &str) -> bool {
        match (self, family) {
            (Self::Bool(wanted), _) => bool_of(subject) == Some(*wanted),
            (Self::Network(network), _) => {
                subject.parse().is_ok_and(|address| network.contains(address))
            }
            (Self::Number(wanted), Family::Number(order)) => number(subject)
                .and_then(|number| number.partial_cmp(wanted))
                .is_some_and(|ordering| order.holds(ordering)),
            (Self::Date(wanted), Family::Date(order)) => {
                time::parse(subject).is_some_and(|date| order.holds(date.cmp(wanted)))
            }
            _ => false,
        }
    }
}

fn wanted(family: Family) -> &'static str {
    match family {
        Family::Bool | Family::Null => "\"true\" or \"false\"",
        Family::Ip => "an IPv4 or IPv6 address or CIDR block, such as 10.0.0.0/8",
        Family::Number(_) => "a number",
        _ => "a date, such as 2030-01-31T12:00:00Z, or seconds since 1970",
    }
}

fn bool_of(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

fn compare_arn(parts: &[Pattern], subject: &str, context: &Context<'_>) -> Match {
    if subject.splitn(6, ':').count() != parts.len() {
        return Match::No;
    }
    let mut answer = Match::Yes;
    for (part, subject) in parts.iter().zip(subject.splitn(6, ':')) {
        match part.compare(subject, context) {
            Match::Yes => {}
            Match::No => return Match::No,
            Match::Unresolved => answer = Match::Unresolved,
        }
    }
    answer
}
