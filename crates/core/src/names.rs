//! Names as the registry knows them, parsed once: pattern and length are AWS's
//! (`botocore` service model `iot/2015-05-28`, scalar shapes).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;

/// Why a text is not a name of the wanted kind. Its `Display` names the value, the rule and the
/// bound, and is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    kind: &'static str,
    value: String,
    rule: &'static str,
    max: usize,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = text::shown(&self.value);
        let more = if self.value.chars().nth(64).is_some() { "…" } else { "" };
        write!(
            f,
            "{} '{shown}{more}' is not valid: it must be 1 to {} characters of {}",
            self.kind, self.max, self.rule
        )
    }
}

impl std::error::Error for InvalidName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal, $rule:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters that a name of this kind may have.
            pub const MAX_LEN: usize = $max;

            /// Reads a name; refuses one that is empty, too long, or has a character outside
            /// the kind's pattern.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let allowed: fn(char) -> bool = $allowed;
                let length = text.chars().count();
                if length == 0 || length > $max || !text.chars().all(allowed) {
                    return Err(InvalidName {
                        kind: $kind,
                        value: text.to_owned(),
                        rule: $rule,
                        max: $max,
                    });
                }
                Ok(Self(text.into()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }
    };
}

fn registry_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-')
}

name!(
    /// Name of a thing: `[a-zA-Z0-9:_-]{1,128}`.
    ThingName, "thing name", 128, "[a-zA-Z0-9:_-]", registry_char
);
name!(
    /// Name of a shadow that is not the classic one: `[$a-zA-Z0-9:_-]{1,64}`.
    ShadowName, "shadow name", 64, "[$a-zA-Z0-9:_-]", |c| registry_char(c) || c == '$'
);
name!(
    /// Id of a job: `[a-zA-Z0-9_-]{1,64}`.
    JobId, "job id", 64, "[a-zA-Z0-9_-]", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);
name!(
    /// Id of a job template: `[a-zA-Z0-9_-]{1,64}`.
    JobTemplateId, "job template id", 64, "[a-zA-Z0-9_-]",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);
name!(
    /// Name of a thing type: `[a-zA-Z0-9:_-]{1,128}`.
    ThingTypeName, "thing type name", 128, "[a-zA-Z0-9:_-]", registry_char
);
name!(
    /// Name of a thing group, static or dynamic: `[a-zA-Z0-9:_-]{1,128}`.
    ThingGroupName, "thing group name", 128, "[a-zA-Z0-9:_-]", registry_char
);
name!(
    /// Name of a billing group: `[a-zA-Z0-9:_-]{1,128}`.
    BillingGroupName, "billing group name", 128, "[a-zA-Z0-9:_-]", registry_char
);
name!(
    /// Name of a provisioning template: `[0-9A-Za-z_-]{1,36}`.
    TemplateName, "provisioning template name", 36, "[0-9A-Za-z_-]",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
);
name!(
    /// Name of an IoT policy: `[\w+=,.@-]{1,128}`.
    PolicyName, "policy name", 128, "[a-zA-Z0-9_+=,.@-]",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
);
name!(
    /// Name of a thing attribute: `[a-zA-Z0-9_.,@/:#-]{1,128}`.
    AttributeName, "attribute name", 128, "[a-zA-Z0-9_.,@/:#-]",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ',' | '@' | '/' | ':' | '#' | '-')
);

/// Whether a text may be the value of a thing attribute: at most 800 characters of
/// `[a-zA-Z0-9_.,@/:#=\[\]-]`, the empty text included. Spaces are not allowed.
pub fn check_attribute_value(name: &str, value: &str) -> Result<(), InvalidAttributeValue> {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '.' | ',' | '@' | '/' | ':' | '#' | '=' | '[' | ']' | '-')
    };
    if value.chars().count() <= crate::limits::ATTRIBUTE_VALUE_CHARS && value.chars().all(allowed) {
        Ok(())
    } else {
        Err(InvalidAttributeValue { name: name.to_owned() })
    }
}

/// A thing attribute's value is too long or has a character outside the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAttributeValue {
    name: String,
}

impl fmt::Display for InvalidAttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "value of attribute '{}' is not valid: it must be at most {} characters of \
             [a-zA-Z0-9_.,@/:#=[]-] (no spaces)",
            self.name,
            crate::limits::ATTRIBUTE_VALUE_CHARS
        )
    }
}

impl std::error::Error for InvalidAttributeValue {}

/// The twelve digits of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountId(Box<str>);

impl AccountId {
    /// Reads twelve decimal digits.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidName {
                kind: "account id",
                value: text.into(),
                rule: "[0-9], exactly 12",
                max: 12,
            })
        }
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

name!(
    /// A region, such as `us-east-1`: `[a-z0-9-]{1,32}`.
    Region, "region", 32, "[a-z0-9-]",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
);

fn configuration_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ',' | '@' | '-')
}

name!(
    /// Name of a role alias: `[\w=,@-]{1,128}`.
    RoleAliasName, "role alias", 128, "[a-zA-Z0-9_=,@-]", configuration_char
);
name!(
    /// Name of an authorizer: `[\w=,@-]{1,128}`.
    AuthorizerName, "authorizer name", 128, "[a-zA-Z0-9_=,@-]", configuration_char
);
name!(
    /// Name of a certificate provider: `[\w=,@-]{1,128}`.
    CertificateProviderName, "certificate provider name", 128, "[a-zA-Z0-9_=,@-]",
    configuration_char
);
name!(
    /// Name of a domain configuration: `[\w.-]{1,128}`.
    DomainConfigurationName, "domain configuration name", 128, "[a-zA-Z0-9_.-]",
    |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
);

fn iam_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}

name!(
    /// Name of an IAM user: `[\w+=,.@-]{1,64}`. Two names that differ in case only are one.
    UserName, "user name", 64, "[a-zA-Z0-9_+=,.@-]", iam_char
);
name!(
    /// Name of an IAM role: `[\w+=,.@-]{1,64}`. Two names that differ in case only are one.
    RoleName, "role name", 64, "[a-zA-Z0-9_+=,.@-]", iam_char
);
name!(
    /// Name of an IAM group: `[\w+=,.@-]{1,128}`. Two names that differ in case only are one.
    GroupName, "group name", 128, "[a-zA-Z0-9_+=,.@-]", iam_char
);

name!(
    /// Name of a Lambda function: `[a-zA-Z0-9_-]{1,64}`.
    FunctionName, "function name", 64, "[a-zA-Z0-9_-]", function_char
);
name!(
    /// Id of a statement of a function's policy: `[a-zA-Z0-9_-]{1,100}`.
    StatementId, "statement id", 100, "[a-zA-Z0-9_-]", function_char
);

fn function_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Name of an alias of a Lambda function: `[a-zA-Z0-9_-]{1,128}`, not digits alone, which are a
/// version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(Box<str>);

impl AliasName {
    /// Reads an alias's name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let valid = (1..=128).contains(&text.len()) && text.chars().all(function_char);
        if valid && !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self(text.into()));
        }
        let rule = "[a-zA-Z0-9_-], not digits alone";
        Err(InvalidName { kind: "alias", value: text.into(), rule, max: 128 })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The path of an IAM user, role, group or policy: `/`, or `/…/` of visible ASCII, at most 512
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IamPath(Box<str>);

impl IamPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let inner = text.len() > 2 && text.starts_with('/') && text.ends_with('/');
        let visible = text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        if (text == "/" || inner) && visible && text.len() <= 512 {
            return Ok(Self(text.into()));
        }
        Err(InvalidName {
            kind: "path",
            value: text.into(),
            rule: "visible ASCII that begin and end with '/'",
            max: 512,
        })
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for IamPath {
    fn default() -> Self {
        Self("/".into())
    }
}

impl fmt::Display for IamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
