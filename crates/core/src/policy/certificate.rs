//! Certificate variables (AWS: guide, "X.509 certificate AWS IoT Core policy variables").

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::Context;
use super::values::{Values, strip_folded};
use crate::certificate::CertificateFacts;

/// Longest certificate value that is substituted, characters (AWS).
const VALUE_CHARS: usize = 1024;
/// Values of one attribute that exist for policies (AWS).
const VALUES: usize = 5;

const ATTRIBUTES: &[&str] = &[
    "DistinguishedNameQualifier",
    "Country",
    "Organization",
    "OrganizationalUnit",
    "State",
    "CommonName",
    "SerialNumber",
    "Title",
    "Surname",
    "GivenName",
    "Initials",
    "Pseudonym",
    "GenerationQualifier",
];
const ALTERNATIVES: &[&str] =
    &["RFC822Name", "DNSName", "DirectoryName", "UniformResourceIdentifier", "IPAddress"];

/// Where a certificate attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Subject,
    Issuer,
    SubjectAlternative,
    IssuerAlternative,
}

/// The alternative names come first: their prefixes extend the others'.
const PARTS: &[(&str, Part, &[&str])] = &[
    ("iot:Certificate.Subject.AlternativeName.", Part::SubjectAlternative, ALTERNATIVES),
    ("iot:Certificate.Issuer.AlternativeName.", Part::IssuerAlternative, ALTERNATIVES),
    ("iot:Certificate.Subject.", Part::Subject, ATTRIBUTES),
    ("iot:Certificate.Issuer.", Part::Issuer, ATTRIBUTES),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    /// The value at this index from 0; `.1` is index 1, the second value.
    At(usize),
    /// `.List`
    All,
}

/// One certificate variable, such as `iot:Certificate.Subject.CommonName.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CertificateKey {
    prefix: &'static str,
    part: Part,
    attribute: &'static str,
    pick: Pick,
}

impl CertificateKey {
    /// Reads a variable's name; `None` when AWS knows none of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (prefix, part, attributes, rest) =
            PARTS.iter().find_map(|(prefix, part, attributes)| {
                Some((*prefix, *part, *attributes, strip_folded(name, prefix)?))
            })?;
        let (attribute, suffix) = match rest.split_once('.') {
            Some((attribute, suffix)) => (attribute, Some(suffix)),
            None => (rest, None),
        };
        let attribute = attributes.iter().find(|known| known.eq_ignore_ascii_case(attribute))?;
        let pick = match suffix {
            None => Pick::At(0),
            Some(list) if list.eq_ignore_ascii_case("List") => Pick::All,
            // `.1` is the second value; there is no `.0`.
            Some(digits) if digits.starts_with('0') => return None,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                Pick::At(digits.parse().ok()?)
            }
            Some(_) => return None,
        };
        Some(Self { prefix, part, attribute, pick })
    }

    /// Whether it stands for all values, which no variable in a resource can.
    pub(super) fn is_list(&self) -> bool {
        self.pick == Pick::All
    }

    fn raw<'a>(&self, facts: &'a CertificateFacts) -> &'a [String] {
        let values = of(facts, self.part).get(self.attribute).map_or(&[][..], Vec::as_slice);
        values.get(..VALUES).unwrap_or(values)
    }

    /// The value as it is before AWS's checks; for hints.
    pub(super) fn written<'a>(&self, facts: &'a CertificateFacts) -> Option<&'a str> {
        match self.pick {
            Pick::At(index) => self.raw(facts).get(index).map(String::as_str),
            Pick::All => None,
        }
    }

    /// The substituted text. AWS: values that hold one of `* $ + ? #` or are longer than 1024
    /// characters are not substituted.
    pub(super) fn substitute<'a>(&self, facts: &'a CertificateFacts) -> Option<Cow<'a, str>> {
        self.written(facts).filter(|value| refused_character(value).is_none()).and_then(short)
    }

    /// The values that a condition sees: data, so wildcard characters do no harm.
    pub(super) fn values<'a>(&self, facts: &'a CertificateFacts) -> Values<'a> {
        match self.pick {
            Pick::At(_) => self.written(facts).map(escape).into(),
            Pick::All => Values::Many(self.raw(facts).iter().map(|value| escape(value)).collect()),
        }
    }
}

impl fmt::Display for CertificateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.attribute)?;
        match self.pick {
            Pick::At(0) => Ok(()),
            Pick::At(index) => write!(f, ".{index}"),
            Pick::All => f.write_str(".List"),
        }
    }
}

/// The first character for which AWS refuses to substitute a certificate's value.
pub(super) fn refused_character(value: &str) -> Option<char> {
    value.chars().find(|c| matches!(c, '*' | '$' | '+' | '?' | '#'))
}

fn short(value: &str) -> Option<Cow<'_, str>> {
    (value.chars().count() <= VALUE_CHARS).then(|| escape(value))
}

/// AWS compares certificate values with `, " \ + = < > ;` behind a backslash.
fn escape(value: &str) -> Cow<'_, str> {
    let special = |c: char| matches!(c, ',' | '"' | '\\' | '+' | '=' | '<' | '>' | ';');
    if !value.contains(special) {
        return Cow::Borrowed(value);
    }
    let mut escaped = String::with_capacity(value.len() + 8);
    for c in value.chars() {
        if special(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    Cow::Owned(escaped)
}

fn of(facts: &CertificateFacts, part: Part) -> &BTreeMap<&'static str, Vec<String>> {
    match part {
        Part::Subject => &facts.subject,
        Part::Issuer => &facts.issuer,
        Part::SubjectAlternative => &facts.subject_alternative,
        Part::IssuerAlternative => &facts.issuer_alternative,
    }
}

/// The names of the certificate variables that hold a value.
pub(super) fn available_keys<'a>(context: &Context<'a>) -> Vec<Cow<'a, str>> {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    if context.certificate_id.is_some() {
        names.push("iot:CertificateId".into());
    }
    let Some(facts) = context.certificate else { return names };
    names.push("iot:Certificate.SerialNumber".into());
    for (prefix, part, attributes) in PARTS {
        for attribute in *attributes {
            let key = CertificateKey { prefix, part: *part, attribute, pick: Pick::At(0) };
            let held = 0..key.raw(facts).len();
            names.extend(
                held.map(|index| {
                    CertificateKey { pick: Pick::At(index), ..key }.to_string().into()
                }),
            );
        }
    }
    names
}
