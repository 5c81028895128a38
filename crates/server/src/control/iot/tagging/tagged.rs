//! Which resource does an ARN name?

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::error::Refusal;
use fleetwright_store::Tagged;

use crate::control::iot::members::invalid;

/// The resource of an ARN.
///
/// # Errors
/// Not of this account and region, or of a kind that has no tags.
pub(super) fn tagged(home: &Home, arn: &str) -> Result<Tagged, Refusal> {
    match home.target(arn) {
        Some(Target::Template(name)) => Ok(Tagged::Template(name)),
        Some(Target::Policy(name)) => Ok(Tagged::Policy(name)),
        Some(Target::ThingType(name)) => Ok(Tagged::ThingType(name)),
        Some(Target::ThingGroup(name)) => Ok(Tagged::ThingGroup(name)),
        Some(Target::BillingGroup(name)) => Ok(Tagged::BillingGroup(name)),
        Some(Target::CaCertificate(id)) => Ok(Tagged::CaCertificate(id)),
        Some(Target::RoleAlias(name)) => Ok(Tagged::RoleAlias(name)),
        Some(Target::Authorizer(name)) => Ok(Tagged::Authorizer(name)),
        Some(Target::CertificateProvider(name)) => Ok(Tagged::CertificateProvider(name)),
        Some(Target::DomainConfiguration(name, id)) => Ok(Tagged::DomainConfiguration(name, id)),
        Some(Target::Certificate(_) | Target::Thing(_)) | None => {
            let shown: String = arn.chars().take(128).collect();
            Err(invalid(format!(
                "The resource '{shown}' has no tags: use the ARN of a resource of this account \
                 and region that can be tagged, such as {}.",
                home.arn("thinggroup", "NAME")
            )))
        }
    }
}
