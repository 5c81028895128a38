//! The claims of an ID token (OpenID Connect Core 1.0, section 2), and AWS's own for sessions
//! (IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity").

use std::collections::BTreeMap;

use super::error::TokenError;
use crate::limits::{
    self, SOURCE_IDENTITY_CHARS, TAG_KEY_CHARS, TAG_VALUE_CHARS, WEB_IDENTITY_AGE_SECONDS,
    WEB_IDENTITY_SKEW_SECONDS, WEB_IDENTITY_SUBJECT_CHARS,
};
use crate::tree::{Members, Tree};

const TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// Claims that are judged here and are no facts about who comes.
const NOT_FACTS: &[&str] = &["iss", "exp", "iat", "nbf", "jti", "nonce", TAGS, SOURCE_IDENTITY];

/// Claims as they were sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claims {
    pub(super) issuer: String,
    subject: String,
    audiences: Vec<String>,
    /// `azp`: the client to which the token was issued.
    authorized_party: Option<String>,
    issued: i64,
    expires: i64,
    not_before: Option<i64>,
    tags: BTreeMap<String, String>,
    source_identity: Option<String>,
    /// The others that are one value or a list of such.
    facts: Vec<(String, Vec<String>)>,
}

/// What a verified token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// The issuer's URL without its scheme.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// The audience that is registered: `azp` when the token has one, else of `aud`.
    pub audience: String,
    /// Condition keys with their values, `ISSUER:aud` and `ISSUER:sub` first.
    pub keys: Vec<(String, Vec<String>)>,
    /// Session tags.
    pub tags: BTreeMap<String, String>,
    /// The session's source identity.
    pub source_identity: Option<String>,
}

impl Claims {
    pub(super) fn read(members: &Members) -> Result<Self, TokenError> {
        let named = |name: &str| members.get(name);
        let audiences = named("aud").and_then(values).filter(|values| !values.is_empty());
        let subject = required(members, "sub")?;
        if subject.chars().count() > WEB_IDENTITY_SUBJECT_CHARS {
            return Err(TokenError::invalid(format!(
                "The token's 'sub' has more than {WEB_IDENTITY_SUBJECT_CHARS} characters"
            )));
        }
        let fact = |(name, value): (&str, &Tree)| Some((name.to_owned(), values(value)?));
        let others = members
            .iter()
            .filter(|(name, _)| !NOT_FACTS.contains(name) && !matches!(*name, "aud" | "sub"));
        Ok(Self {
            issuer: required(members, "iss")?,
            subject,
            audiences: audiences.ok_or_else(|| lacks("aud", "a string or a list of strings"))?,
            authorized_party: optional(members, "azp")?,
            issued: time(members, "iat")?.ok_or_else(|| lacks("iat", "a time"))?,
            expires: time(members, "exp")?.ok_or_else(|| lacks("exp", "a time"))?,
            not_before: time(members, "nbf")?,
            tags: tags(named(TAGS))?,
            source_identity: source_identity(members)?,
            facts: others.filter_map(fact).take(limits::WEB_IDENTITY_FACTS).collect(),
        })
    }

    /// The audience that counts, if it is registered.
    pub(super) fn audience(&self, registered: &[String]) -> Result<String, TokenError> {
        let found = match &self.authorized_party {
            Some(party) => registered.iter().find(|id| *id == party),
            None => self.audiences.iter().find(|audience| registered.contains(audience)),
        };
        found.cloned().ok_or_else(|| {
            TokenError::invalid(
                "Incorrect token audience: it is not among the client IDs of the issuer's provider",
            )
        })
    }

    pub(super) fn check_time(&self, now: i64) -> Result<(), TokenError> {
        let latest = now.saturating_add(WEB_IDENTITY_SKEW_SECONDS);
        if self.expires <= now {
            return Err(TokenError::Expired { now, expired: self.expires });
        }
        if self.not_before.is_some_and(|begin| begin > latest) || self.issued > latest {
            return Err(TokenError::invalid(format!(
                "The token is not yet valid: its 'nbf' or 'iat' is later than {now}, the server's \
                 time"
            )));
        }
        if now.saturating_sub(self.issued) > WEB_IDENTITY_AGE_SECONDS {
            return Err(TokenError::invalid("Token must be redeemed within 24 hours of issuance"));
        }
        Ok(())
    }

    /// What they prove once the signature is verified.
    pub(super) fn identity(&self, issuer: &str, audience: String) -> WebIdentity {
        let mut keys = vec![
            (
                format!("{issuer}:aud"),
                match &self.authorized_party {
                    Some(party) => vec![party.clone()],
                    None => self.audiences.clone(),
                },
            ),
            (format!("{issuer}:sub"), vec![self.subject.clone()]),
            (format!("{issuer}:oaud"), self.audiences.clone()),
        ];
        keys.extend(self.facts.iter().map(|(name, all)| (format!("{issuer}:{name}"), all.clone())));
        WebIdentity {
            issuer: issuer.to_owned(),
            subject: self.subject.clone(),
            audience,
            keys,
            tags: self.tags.clone(),
            source_identity: self.source_identity.clone(),
        }
    }
}

fn lacks(name: &str, form: &str) -> TokenError {
    TokenError::invalid(format!("The token's claim '{name}' must be {form}"))
}

fn optional(members: &Members, name: &str) -> Result<Option<String>, TokenError> {
    match members.get(name) {
        None => Ok(None),
        Some(Tree::Text(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(lacks(name, "a string that is not empty")),
    }
}

fn required(members: &Members, name: &str) -> Result<String, TokenError> {
    optional(members, name)?.ok_or_else(|| lacks(name, "there"))
}

/// One value, or a list of them, as texts.
fn values(value: &Tree) -> Option<Vec<String>> {
    let one = |value: &Tree| match value {
        Tree::Text(text) | Tree::Number(text) => Some(text.clone()),
        Tree::Bool(yes) => Some(yes.to_string()),
        _ => None,
    };
    match value {
        Tree::List(items) => items.iter().map(one).collect(),
        value => Some(vec![one(value)?]),
    }
}

/// Seconds since 1970; RFC 7519 allows fractions.
fn time(members: &Members, name: &str) -> Result<Option<i64>, TokenError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    let whole = match value {
        Tree::Number(text) => text.split('.').next().and_then(|whole| whole.parse().ok()),
        _ => None,
    };
    whole.map(Some).ok_or_else(|| lacks(name, "a number of seconds since 1970"))
}

/// `{"principal_tags": {KEY: [VALUE]}}`; keys that pass on to further sessions are not offered, as
/// such sessions are refused or begin anew.
fn tags(claim: Option<&Tree>) -> Result<BTreeMap<String, String>, TokenError> {
    let fault =
        || lacks(TAGS, "{\"principal_tags\": {KEY: [VALUE]}} within the bounds of session tags");
    let Some(claim) = claim else { return Ok(BTreeMap::new()) };
    let Tree::Map(members) = claim else { return Err(fault()) };
    let Some(Tree::Map(pairs)) = members.get("principal_tags") else { return Err(fault()) };
    let mut tags = BTreeMap::new();
    for (key, value) in pairs.iter() {
        let value = match values(value).as_deref() {
            Some([one]) => one.clone(),
            _ => return Err(fault()),
        };
        let fit = (1..=TAG_KEY_CHARS).contains(&key.chars().count())
            && value.chars().count() <= TAG_VALUE_CHARS;
        if !fit || tags.len() >= limits::TAGS {
            return Err(fault());
        }
        tags.insert(key.to_owned(), value);
    }
    Ok(tags)
}

fn source_identity(members: &Members) -> Result<Option<String>, TokenError> {
    let found = optional(members, SOURCE_IDENTITY)?;
    let word = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let fits = |text: &String| {
        (2..=SOURCE_IDENTITY_CHARS).contains(&text.chars().count()) && text.chars().all(word)
    };
    match found {
        Some(text) if !fits(&text) => {
            Err(lacks(SOURCE_IDENTITY, "2 to 64 characters of [\\w+=,.@-]"))
        }
        found => Ok(found),
    }
}
