//! ARNs, and patterns of ARNs, that can name nothing of this installation: another account's or
//! region's, and placeholders of a sample that were never filled in. For lints.

use std::fmt;

use super::AccountScope;

/// Services whose resources are this installation's own; others are never looked for here.
const OURS: [&str; 4] = ["iot", "iam", "lambda", "sts"];

/// Names between `${` and `}` by which deployment tools mark what they fill in.
const DEPLOYMENT: [&str; 7] = ["AWS::", "AWS_", "var.", "local.", "data.", "self:", "opt:"];

/// Words that stand in samples for what their reader has to fill in.
const STAND_INS: [&str; 8] = [
    "YOUR_",
    "YOUR-",
    "ACCOUNT_ID",
    "ACCOUNT-ID",
    "AWS_ACCOUNT",
    "AWS_REGION",
    "REPLACE",
    "CHANGE_ME",
];

/// Why an ARN names nothing here. `Display` is a sentence with the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArnDoubt {
    /// A placeholder was left in.
    Placeholder {
        /// The ARN as written.
        arn: String,
        /// The part of it that is to be filled in.
        part: String,
    },
    /// Another region, account or partition.
    OtherScope {
        /// The ARN as written.
        arn: String,
        /// What it has, such as `account 105500000000`.
        found: String,
        /// Where this installation is.
        scope: AccountScope,
    },
}

impl fmt::Display for ArnDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placeholder { arn, part } => {
                write!(f, "{arn}: '{part}' is a placeholder; write what it stands for, or *.")
            }
            Self::OtherScope { arn, found, scope } => write!(
                f,
                "{arn}: {found} is not of this installation ({}, {}): start it with --account \
                 and --region, or write * in the ARN.",
                scope.region, scope.account
            ),
        }
    }
}

impl ArnDoubt {
    /// Looks at an ARN, which may have wildcards and policy variables. Without a scope only
    /// placeholders are found. `None` for one that may name something here, and for other
    /// services' ARNs.
    pub fn of(arn: &str, scope: Option<&AccountScope>) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let part = |index: usize| parts.get(index).copied().unwrap_or_default();
        let (partition, service, region, account) = (part(1), part(2), part(3), part(4));
        if part(0) != "arn" || partition == "*" {
            return None;
        }
        let stand_in = placeholder(arn)
            .or_else(|| unfilled(region, is_region))
            .or_else(|| unfilled(account, is_account));
        if let Some(part) = stand_in {
            return Some(Self::Placeholder { arn: arn.to_owned(), part: part.to_owned() });
        }
        let scope = scope?;
        let other = |kind: &str, found: &str| {
            let found = format!("{kind} {found}");
            Some(Self::OtherScope { arn: arn.to_owned(), found, scope: scope.clone() })
        };
        if !OURS.contains(&service) {
            return None;
        }
        if is_plain(partition) && partition != "aws" {
            return other("partition", partition);
        }
        if is_plain(region) && region != scope.region.as_str() {
            return other("region", region);
        }
        // Policies of AWS itself are everywhere.
        if is_plain(account) && account != scope.account.as_str() && account != "aws" {
            return other("account", account);
        }
        None
    }
}

/// A placeholder anywhere in a text: `<…>`, `{{…}}`, `$NAME`, `${AWS::…}`, `YOUR_…`.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    between(text, "{{", "}}")
        .or_else(|| between(text, "<", ">"))
        .or_else(|| deployment_variable(text))
        .or_else(|| shell_variable(text))
        .or_else(|| {
            let start = STAND_INS.iter().find_map(|word| text.find(word))?;
            let word = text.get(start..)?;
            let end = word.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'));
            word.get(..end.unwrap_or(word.len()))
        })
}

fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let start = text.find(open)?;
    let length = text.get(start..)?.find(close)?;
    text.get(start..start + length + close.len())
}

fn deployment_variable(text: &str) -> Option<&str> {
    let found = between(text, "${", "}")?;
    let name = found.get(2..found.len() - 1)?;
    let shouted = name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let tools = DEPLOYMENT.iter().any(|start| name.starts_with(start));
    if shouted || tools {
        return Some(found);
    }
    let rest = text.find(found).and_then(|at| text.get(at + found.len()..));
    rest.and_then(deployment_variable)
}

/// `$NAME` of a shell. Topics such as `$aws/…` are in small letters.
fn shell_variable(text: &str) -> Option<&str> {
    let at = text.find('$')?;
    let rest = text.get(at + 1..)?;
    let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
    if end > 1 { text.get(at..at + 1 + end) } else { shell_variable(rest) }
}

/// A region or account that is neither left out nor open, and not of its form.
fn unfilled(text: &str, is_form: fn(&str) -> bool) -> Option<&str> {
    (is_plain(text) && !is_form(text)).then_some(text)
}

/// Whether a part of an ARN is there, and neither wildcard nor variable.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

fn is_region(text: &str) -> bool {
    text.contains('-')
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_account(text: &str) -> bool {
    text == "aws" || (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{AccountId, Region};

    fn scope() -> AccountScope {
        AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        }
    }

    fn doubt(arn: &str) -> Option<String> {
        ArnDoubt::of(arn, Some(&scope())).map(|doubt| match doubt {
            ArnDoubt::Placeholder { part, .. } => part,
            ArnDoubt::OtherScope { found, .. } => found,
        })
    }

    #[test]
    fn arns_of_elsewhere_are_found() {
        for (arn, found) in [
            ("arn:aws:iot:eu-west-2:105500000000:client/*", "region eu-west-2"),
            ("arn:aws:iot:us-east-1:105500000000:client/*", "account 105500000000"),
            ("arn:aws:iam::999999999999:role/prov", "account 999999999999"),
            ("arn:aws-cn:iot:us-east-1:123456789012:topic/a", "partition aws-cn"),
            ("arn:aws:lambda:eu-central-1:123456789012:function:f", "region eu-central-1"),
        ] {
            assert_eq!(doubt(arn).as_deref(), Some(found), "{arn}");
        }
    }

    #[test]
    fn placeholders_are_found_without_a_scope_too() {
        for (arn, found) in [
            ("arn:aws:iot:$REGION:$ACCOUNT:topic/a", "$REGION"),
            ("arn:aws:iot:<aws-region>:<aws-account-id>:topic/a", "<aws-region>"),
            ("arn:aws:iot:us-east-1:ACCOUNT_ID:topic/a", "ACCOUNT_ID"),
            ("arn:aws:iot:us-east-1:account:topic/a", "account"),
            ("arn:aws:iot:region:123456789012:topic/a", "region"),
            ("arn:aws:iot:us-east-1:1234567890:topic/a", "1234567890"),
            ("arn:aws:iot:${AWS::Region}:${AWS::AccountId}:topic/a", "${AWS::Region}"),
            ("arn:aws:iot:us-east-1:${ACCOUNT}:topic/a", "${ACCOUNT}"),
            ("arn:aws:iot:us-east-1:123456789012:client/{{ThingName}}", "{{ThingName}}"),
            ("arn:aws:iot:us-east-1:123456789012:topic/YOUR_TOPIC/a", "YOUR_TOPIC"),
            ("arn:aws:iot:us-east-1:123456789012:topic/${iot:ClientId}/$DEVICE", "$DEVICE"),
            ("arn:aws:s3:::<bucket>/*", "<bucket>"),
        ] {
            assert_eq!(doubt(arn).as_deref(), Some(found), "{arn}");
            assert!(ArnDoubt::of(arn, None).is_some(), "{arn}");
        }
    }

    #[test]
    fn arns_that_may_be_here_are_left_alone() {
        for arn in [
            "*",
            "arn:aws:iot:*:*:topic/a",
            "arn:aws:iot:us-east-1:123456789012:topic/$aws/things/a/shadow/*",
            "arn:aws:iot:us-east-1:123456789012:client/${iot:Connection.Thing.ThingName}",
            "arn:aws:iot:eu-*:*:topic/a",
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "arn:aws:s3:::a-bucket/*",
            "arn:aws:dynamodb:eu-west-1:105500000000:table/t",
        ] {
            assert_eq!(doubt(arn), None, "{arn}");
        }
    }
}
