//! How a function is named: by name, partial or full ARN, with or without a qualifier.

use std::fmt;

use crate::arn::AccountScope;
use crate::limits::FUNCTION_REFERENCE_CHARS;
use crate::names::{AliasName, FunctionName};
use crate::text;

/// A version of a function: what changes, or a snapshot that never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// `$LATEST`
    Latest,
    /// A published version, from 1.
    Published(u32),
}

/// A text is no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidVersion {
    text: String,
}

/// What may stand behind a function's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Qualifier {
    /// `$LATEST` or the number of a published version.
    Version(Version),
    /// An alias.
    Alias(AliasName),
}

/// A function as a request or an ARN names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionRef {
    /// The function.
    pub name: FunctionName,
    /// Which of its versions or aliases; `None` means what is unqualified.
    pub qualifier: Option<Qualifier>,
}

/// Why a text names no function of this scope. Its `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidFunctionRef {
    /// It has none of the forms.
    Malformed(String),
    /// It is an ARN of another region or account.
    Elsewhere(String),
}

impl Version {
    /// Reads `$LATEST` or a number from 1.
    ///
    /// # Errors
    /// [`InvalidVersion`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            _ if text == "$LATEST" => Ok(Self::Latest),
            Ok(number) if digits && number > 0 => Ok(Self::Published(number)),
            _ => Err(InvalidVersion { text: text::shown(text).to_owned() }),
        }
    }
}

impl Qualifier {
    /// Reads a version or the name of an alias.
    ///
    /// # Errors
    /// When it is neither; digits are always a version.
    pub fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let alias = || AliasName::parse(text).map(Self::Alias);
        Version::parse(text).map(Self::Version).or_else(|error| alias().map_err(|_| error))
    }

    /// The alias, if it is one.
    pub fn alias(&self) -> Option<&AliasName> {
        match self {
            Self::Version(_) => None,
            Self::Alias(name) => Some(name),
        }
    }
}

impl FunctionRef {
    /// Reads every form that AWS takes: `NAME`, `function:NAME`, `ACCOUNT:function:NAME`,
    /// `REGION:ACCOUNT:function:NAME` and the full ARN, each with or without `:QUALIFIER`.
    ///
    /// # Errors
    /// [`InvalidFunctionRef`].
    pub fn parse(scope: &AccountScope, text: &str) -> Result<Self, InvalidFunctionRef> {
        let shown = || text::shown_arn(text).to_owned();
        if text.len() > FUNCTION_REFERENCE_CHARS {
            return Err(InvalidFunctionRef::Malformed(shown()));
        }
        let whole = text.strip_prefix("arn:aws:lambda:");
        let parts: Vec<&str> = whole.unwrap_or(text).split(':').collect();
        let (region, account, rest) = match parts.as_slice() {
            [region, account, "function", rest @ ..] => (Some(*region), Some(*account), rest),
            _ if whole.is_some() => return Err(InvalidFunctionRef::Malformed(shown())),
            [account, "function", rest @ ..] => (None, Some(*account), rest),
            ["function", rest @ ..] if !rest.is_empty() => (None, None, rest),
            rest => (None, None, rest),
        };
        let read = || {
            let (name, qualifier) = match rest {
                [name] => (name, None),
                [name, qualifier] => (name, Some(Qualifier::parse(qualifier).ok()?)),
                _ => return None,
            };
            Some(Self { name: FunctionName::parse(name).ok()?, qualifier })
        };
        let read = read().ok_or_else(|| InvalidFunctionRef::Malformed(shown()))?;
        let own = region.is_none_or(|region| region == scope.region.as_str())
            && account.is_none_or(|account| account == scope.account.as_str());
        if own { Ok(read) } else { Err(InvalidFunctionRef::Elsewhere(shown())) }
    }

    /// Its ARN; with the qualifier, if it has one.
    pub fn arn(&self, scope: &AccountScope) -> String {
        let arn = scope.function_arn(&self.name);
        match &self.qualifier {
            Some(qualifier) => format!("{arn}:{qualifier}"),
            None => arn,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("$LATEST"),
            Self::Published(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => version.fmt(f),
            Self::Alias(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for InvalidVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not valid here: a version is $LATEST or a number from 1, an alias 1 to 128 \
             characters of [a-zA-Z0-9_-], not digits alone",
            self.text
        )
    }
}

impl std::error::Error for InvalidVersion {}

impl fmt::Display for InvalidFunctionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(
                f,
                "'{text}' names no function: use a name of 1 to {} characters of [a-zA-Z0-9_-], \
                 ACCOUNT:function:NAME or the full ARN, with or without :VERSION or :ALIAS",
                FunctionName::MAX_LEN
            ),
            Self::Elsewhere(text) => write!(
                f,
                "'{text}' is a function of another region or account; there are only those of \
                 this one here"
            ),
        }
    }
}

impl std::error::Error for InvalidFunctionRef {}
