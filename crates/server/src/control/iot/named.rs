//! Resources that a request names: by name or by ARN, and principals by ARN.

use std::fmt::Display;

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::ThingName;

use super::members::{Members, invalid};

/// A resource by the member `name` or by the member `arn`; both must mean the same one.
pub(crate) fn name_or_arn<T: PartialEq, E: Display>(
    home: &Home,
    members: &Members<'_>,
    (name, arn): (&str, &str),
    parse: impl FnOnce(&str) -> Result<T, E>,
    pick: impl FnOnce(Target) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let named = members.optional(name, parse)?;
    let Some(text) = members.text(arn)? else { return Ok(named) };
    let pointed = home.target(text).and_then(pick).ok_or_else(|| {
        let shown: String = text.chars().take(128).collect();
        invalid(format!(
            "The member '{arn}' is '{shown}', which is no ARN of its kind in this account and \
             region; give '{name}' instead."
        ))
    })?;
    match named {
        Some(named) if named != pointed => {
            Err(invalid(format!("The members '{name}' and '{arn}' name different resources.")))
        }
        _ => Ok(Some(pointed)),
    }
}

/// The refusal of a request that names nothing.
pub(crate) fn unnamed(name: &str, arn: &str) -> Refusal {
    invalid(format!("One of the members '{name}' and '{arn}' is required."))
}

/// The thing of a request: `thingName` or `thingArn`.
pub(crate) fn thing(home: &Home, members: &Members<'_>) -> Result<ThingName, Refusal> {
    let both = ("thingName", "thingArn");
    let found = name_or_arn(home, members, both, ThingName::parse, |target| match target {
        Target::Thing(name) => Some(name),
        _ => None,
    })?;
    found.ok_or_else(|| unnamed(both.0, both.1))
}

/// A principal: the ARN of a certificate.
pub(crate) fn principal(home: &Home, text: &str) -> Result<CertificateId, Refusal> {
    match home.target(text) {
        Some(Target::Certificate(id)) => Ok(id),
        _ => {
            let shown: String = text.chars().take(128).collect();
            Err(invalid(format!(
                "The principal '{shown}' is not valid: use the ARN of a certificate of this \
                 account and region, such as {}.",
                home.arn("cert", "ID")
            )))
        }
    }
}
