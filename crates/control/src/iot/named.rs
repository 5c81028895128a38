//! Resources that a request names: by name or by ARN, and principals by ARN.

use std::fmt::Display;

use fleetwright_core::arn::{AccountScope, Target};
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{AccountId, ThingName};
use fleetwright_core::text::shown_arn;

use crate::rest::members::{Members, invalid};

/// Characters of a role's ARN. AWS: shape `RoleArn`.
const ROLE_ARN_CHARS: std::ops::RangeInclusive<usize> = 20..=2048;

/// A resource by the member `name` or by the member `arn`; both must mean the same one.
pub(crate) fn name_or_arn<T: PartialEq, E: Display>(
    scope: &AccountScope,
    members: &Members<'_>,
    (name, arn): (&str, &str),
    parse: impl FnOnce(&str) -> Result<T, E>,
    pick: impl FnOnce(Target) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let named = members.optional(name, parse)?;
    let Some(text) = members.text(arn)? else { return Ok(named) };
    let pointed = scope.target(text).and_then(pick).ok_or_else(|| {
        let shown = shown_arn(text);
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
pub(crate) fn thing(scope: &AccountScope, members: &Members<'_>) -> Result<ThingName, Refusal> {
    let both = ("thingName", "thingArn");
    let found = name_or_arn(scope, members, both, ThingName::parse, |target| match target {
        Target::Thing(name) => Some(name),
        _ => None,
    })?;
    found.ok_or_else(|| unnamed(both.0, both.1))
}

/// A principal: the ARN of a certificate.
pub(crate) fn principal(scope: &AccountScope, text: &str) -> Result<CertificateId, Refusal> {
    match scope.target(text) {
        Some(Target::Certificate(id)) => Ok(id),
        _ => {
            let shown = shown_arn(text);
            Err(invalid(format!(
                "The principal '{shown}' is not valid: use the ARN of a certificate of this \
                 account and region, such as {}.",
                scope.arn("cert", "ID")
            )))
        }
    }
}

/// Whether a text is the ARN of a role, which need not exist.
pub(crate) fn is_role_arn(text: &str) -> bool {
    let parts = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let valid = parts.is_some_and(|(account, path)| {
        AccountId::parse(account).is_ok()
            && !path.is_empty()
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    });
    valid && ROLE_ARN_CHARS.contains(&text.len())
}

#[cfg(test)]
mod tests {
    use fleetwright_core::authorization::Need;
    use fleetwright_core::names::{AccountId, Region};
    use proptest::prelude::*;

    use super::*;

    fn scope() -> AccountScope {
        AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        }
    }

    fn arn(target: &Target) -> String {
        let scope = scope();
        match target {
            Target::Certificate(id) => scope.arn("cert", id),
            Target::CaCertificate(id) => scope.arn("cacert", id),
            Target::Thing(name) => scope.arn("thing", name),
            Target::ThingGroup(name) => scope.arn("thinggroup", name),
            Target::ThingType(name) => scope.arn("thingtype", name),
            Target::BillingGroup(name) => scope.arn("billinggroup", name),
            Target::Policy(name) => scope.arn("policy", name),
            Target::Template(name) => scope.arn("provisioningtemplate", name),
            Target::Job(id) => scope.arn("job", id),
            Target::JobTemplate(id) => scope.arn("jobtemplate", id),
            Target::RoleAlias(name) => scope.arn("rolealias", name),
            Target::Authorizer(name) => scope.arn("authorizer", name),
            Target::CertificateProvider(name) => scope.arn("certificateprovider", name),
            Target::DomainConfiguration(name, id) => {
                scope.arn("domainconfiguration", format!("{name}/{id}"))
            }
        }
    }

    proptest! {
        /// Permissions are asked for the ARN as the request writes it, and the operation acts on what
        /// it reads of that ARN: there is no other way to write the ARN of a resource.
        #[test]
        fn an_arn_that_is_acted_on_is_the_one_that_was_authorized(
            kind in "(cert|cacert|thing|thinggroup|thingtype|billinggroup|policy|rolealias|\
                provisioningtemplate|authorizer|certificateprovider|domainconfiguration|\
                job|jobtemplate)",
            name in "([0-9a-fA-F]{64}|[ -~]{1,12}(/[a-z0-9]{5})?)",
            before in "(arn:aws:iot:us-east-1:123456789012:|[ -~]{0,8})",
        ) {
            let text = format!("{before}{kind}/{name}");
            if let Some(target) = scope().target(&text) {
                prop_assert_eq!(arn(&target), Need::new("iot:Any", text).resource);
            }
        }
    }
}
