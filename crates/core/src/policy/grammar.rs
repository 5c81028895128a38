//! The grammar: from JSON to compiled statements (AWS: guide, "AWS IoT Core policies"; IAM's
//! grammar of the policy language where that guide points at it).

use super::condition::{Condition, Operator};
use super::document::{Document, Language};
use super::key::Key;
use super::malformed::{MalformedPolicy, shown};
use super::operator::Operand;
use super::pattern::{Pattern, Syntax};
use super::statement::{Effect, List, Principals, Statement};
use crate::limits::{
    FUNCTION_POLICY_BYTES, IDENTITY_POLICY_CHARS, POLICY_DOCUMENT_CHARS, POLICY_DOCUMENT_RAW_CHARS,
};
use crate::tree::{Members, Tree};

type Result<T> = std::result::Result<T, MalformedPolicy>;

/// Whose policy a document is; what differs is size, `Principal` and `Resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Device,
    Identity,
    Trust,
    Resource,
}

/// Reads a document.
pub(super) fn read(text: &str, dialect: Dialect) -> Result<Document> {
    check_size(text, dialect)?;
    let root = Tree::from_json(text.as_bytes())
        .map_err(|error| MalformedPolicy::new("", error.to_string()))?;
    let members = object(&root, "", &["Version", "Id", "Statement"])?;
    let language = match members.get("Version").map(|node| string(node, "Version")) {
        None => Language::Without,
        Some(version) => match version? {
            "2012-10-17" => Language::Variables,
            "2008-10-17" => Language::Without,
            other => {
                return wrong(
                    "Version",
                    format!("'{}' is unknown; write \"2012-10-17\"", shown(other)),
                );
            }
        },
    };
    if let Some(id) = members.get("Id") {
        string(id, "Id")?;
    }
    let reader = Reader { dialect, variables: language == Language::Variables };
    let statements: Box<[Statement]> = match members.get("Statement") {
        Some(Tree::List(nodes)) => nodes
            .iter()
            .enumerate()
            .map(|(index, node)| reader.statement(node, &format!("Statement[{index}]")))
            .collect::<Result<_>>()?,
        Some(node) => Box::new([reader.statement(node, "Statement")?]),
        None => return wrong("", "Statement is missing; a policy needs at least one"),
    };
    if statements.is_empty() {
        return wrong("Statement", "the array is empty; a policy needs at least one statement");
    }
    Ok(Document { language, statements })
}

fn check_size(text: &str, dialect: Dialect) -> Result<()> {
    let limit = match dialect {
        Dialect::Device => POLICY_DOCUMENT_CHARS,
        Dialect::Identity | Dialect::Trust => IDENTITY_POLICY_CHARS,
        Dialect::Resource => FUNCTION_POLICY_BYTES,
    };
    if text.len() > POLICY_DOCUMENT_RAW_CHARS * 4 {
        return wrong("", format!("it is longer than {POLICY_DOCUMENT_RAW_CHARS} characters"));
    }
    let (mut all, mut counted) = (0, 0);
    for c in text.chars() {
        all += 1;
        counted += usize::from(!c.is_whitespace());
    }
    if all > POLICY_DOCUMENT_RAW_CHARS {
        return wrong("", format!("it is longer than {POLICY_DOCUMENT_RAW_CHARS} characters"));
    }
    if counted > limit {
        return wrong(
            "",
            format!(
                "it has {counted} characters without white space, the limit is {limit}; \
                 shorten it with wildcards or split it into several policies"
            ),
        );
    }
    Ok(())
}

struct Reader {
    dialect: Dialect,
    variables: bool,
}

impl Reader {
    fn statement(&self, node: &Tree, path: &str) -> Result<Statement> {
        let known: &[&str] = match self.dialect {
            Dialect::Trust => &["Sid", "Effect", "Principal", "Action", "NotAction", "Condition"],
            Dialect::Device | Dialect::Identity => {
                &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]
            }
            Dialect::Resource => &[
                "Sid",
                "Effect",
                "Principal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        };
        let members = object(node, path, known)?;
        let sid = members.get("Sid").map(|sid| string(sid, &format!("{path}.Sid")));
        Ok(Statement {
            sid: sid.transpose()?.map(Into::into),
            effect: effect(members, path)?,
            actions: self.list(members, path, "Action", "NotAction", Self::action)?,
            resources: match self.dialect {
                Dialect::Trust => None,
                _ => Some(self.list(members, path, "Resource", "NotResource", Self::resource)?),
            },
            principals: match self.dialect {
                Dialect::Trust | Dialect::Resource => Some(principals(members, path)?),
                _ => None,
            },
            conditions: match members.get("Condition") {
                Some(node) => self.conditions(node, &format!("{path}.Condition"))?,
                None => Box::default(),
            },
        })
    }

    /// Reads `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two.
    fn list(
        &self,
        members: &Members,
        path: &str,
        plain: &str,
        not: &str,
        compile: fn(&Self, &str) -> std::result::Result<Pattern, String>,
    ) -> Result<List> {
        let (name, node, negated) = match (members.get(plain), members.get(not)) {
            (Some(node), None) => (plain, node, false),
            (None, Some(node)) => (not, node, true),
            (Some(_), Some(_)) => {
                return wrong(path, format!("it has both {plain} and {not}; keep one of them"));
            }
            (None, None) => return wrong(path, format!("{plain} is missing")),
        };
        let path = format!("{path}.{name}");
        let texts = strings(node, &path, false)?;
        if texts.is_empty() {
            return wrong(&path, "the array is empty; list at least one");
        }
        let patterns = texts.iter().map(|text| {
            compile(self, text).map_err(|reason| MalformedPolicy::new(path.clone(), reason))
        });
        Ok(List { negated, patterns: patterns.collect::<Result<_>>()? })
    }

    fn action(&self, text: &str) -> std::result::Result<Pattern, String> {
        let form = || {
            format!(
                "'{}' is not an action; write service:Name, such as iot:Publish or iot:Get*, or *",
                shown(text)
            )
        };
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if text != "*" {
            let (service, name) = text.split_once(':').ok_or_else(form)?;
            let named = name.chars().all(|c| word(c) || matches!(c, '*' | '?'));
            if service.is_empty() || !service.chars().all(word) || name.is_empty() || !named {
                return Err(form());
            }
        }
        Pattern::compile(text, Syntax { wildcards: true, variables: false })
    }

    fn resource(&self, text: &str) -> std::result::Result<Pattern, String> {
        if !text.starts_with("arn:") && !text.starts_with('*') {
            return Err(format!(
                "'{}' is not a resource; write a full ARN, such as \
                 arn:aws:iot:us-east-1:123456789012:topic/a, or *",
                shown(text)
            ));
        }
        Pattern::compile(text, Syntax { wildcards: true, variables: self.variables })
    }

    fn conditions(&self, node: &Tree, path: &str) -> Result<Box<[Condition]>> {
        let mut conditions = Vec::new();
        for (name, keys) in map(node, path)?.iter() {
            let path = format!("{path}.{name}");
            let operator = Operator::parse(name)
                .map_err(|reason| MalformedPolicy::new(path.clone(), reason))?;
            for (key, values) in map(keys, &path)?.iter() {
                let path = format!("{path}.{key}");
                if key.is_empty() {
                    return wrong(
                        &path,
                        "a condition key is empty; name one, such as iot:ClientId",
                    );
                }
                let operands = strings(values, &path, true)?.into_iter().map(|text| {
                    Operand::compile(operator.family, text, self.variables)
                        .map_err(|reason| MalformedPolicy::new(path.clone(), reason))
                });
                let operands = operands.collect::<Result<_>>()?;
                conditions.push(Condition { operator, key: Key::parse(key), operands });
            }
        }
        Ok(conditions.into())
    }
}

fn effect(members: &Members, path: &str) -> Result<Effect> {
    let Some(node) = members.get("Effect") else {
        return wrong(path, "Effect is missing; write \"Allow\" or \"Deny\"");
    };
    let path = format!("{path}.Effect");
    match string(node, &path)? {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => wrong(
            &path,
            format!("'{}' is neither \"Allow\" nor \"Deny\" (exact case)", shown(other)),
        ),
    }
}

fn principals(members: &Members, path: &str) -> Result<Principals> {
    let Some(node) = members.get("Principal") else {
        return wrong(path, "Principal is missing; it says whom the statement is about");
    };
    let path = format!("{path}.Principal");
    if let Tree::Text(text) = node {
        return match text.as_str() {
            "*" => Ok(Principals::Anyone),
            _ => wrong(&path, "write {\"Service\": …}, {\"AWS\": …} or \"*\""),
        };
    }
    let mut these = Vec::new();
    for (kind, ids) in map(node, &path)?.iter() {
        if !matches!(kind, "AWS" | "Service" | "Federated" | "CanonicalUser") {
            return wrong(
                &path,
                format!(
                    "'{}' is unknown; use AWS, Service, Federated or CanonicalUser",
                    shown(kind)
                ),
            );
        }
        for id in strings(ids, &format!("{path}.{kind}"), false)? {
            these.push((kind.into(), id.into()));
        }
    }
    match these.is_empty() {
        true => wrong(&path, "it names nobody"),
        false => Ok(Principals::These(these)),
    }
}

fn wrong<T>(path: &str, reason: impl Into<String>) -> Result<T> {
    Err(MalformedPolicy::new(path, reason))
}

fn map<'n>(node: &'n Tree, path: &str) -> Result<&'n Members> {
    match node {
        Tree::Map(members) => Ok(members),
        other => wrong(path, format!("it must be an object, not {}", other.kind())),
    }
}

/// An object's members, all of them known.
fn object<'n>(node: &'n Tree, path: &str, known: &[&str]) -> Result<&'n Members> {
    let members = map(node, path)?;
    let Some((name, _)) = members.iter().find(|(name, _)| !known.contains(name)) else {
        return Ok(members);
    };
    let near = known.iter().find(|known| known.eq_ignore_ascii_case(name));
    let reason = match (name, near) {
        (_, Some(near)) => format!("'{}' is unknown; did you mean {near}?", shown(name)),
        ("Principal" | "NotPrincipal", _) => {
            format!("{name} is not allowed here; the policy applies to whatever it is attached to")
        }
        ("Resource" | "NotResource", _) => format!("{name} is not allowed in a trust policy"),
        _ => format!("'{}' is unknown; allowed are {}", shown(name), known.join(", ")),
    };
    wrong(path, reason)
}

fn string<'n>(node: &'n Tree, path: &str) -> Result<&'n str> {
    match node {
        Tree::Text(text) => Ok(text),
        other => wrong(path, format!("it must be a string, not {}", other.kind())),
    }
}

/// One string or an array of strings; with `scalars`, numbers and booleans count as strings.
fn strings<'n>(node: &'n Tree, path: &str, scalars: bool) -> Result<Vec<&'n str>> {
    let one = |node: &'n Tree, path: &str| match node {
        Tree::Number(text) if scalars => Ok(text.as_str()),
        Tree::Bool(yes) if scalars => Ok(if *yes { "true" } else { "false" }),
        node => string(node, path),
    };
    match node {
        Tree::List(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| one(item, &format!("{path}[{index}]")))
            .collect(),
        node => Ok(vec![one(node, path)?]),
    }
}
