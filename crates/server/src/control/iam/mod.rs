//! Identity and Access Management: users, roles, groups, their policies and keys.

mod access_keys;
mod attachments;
mod groups;
mod inline_policies;
mod oidc_providers;
mod page;
mod policies;
pub(in crate::control) mod read;
mod roles;
mod shape;
mod users;

pub(super) use oidc_providers::arn as provider_arn;
pub(super) use read::no_policy;

use fleetwright_store::IdentityName;
use http::StatusCode;

use super::error::Failure;
use super::query::Offer;

/// What is offered.
pub(crate) const OFFER: Offer = Offer {
    version: "2010-05-08",
    known: include_str!("known_operations.txt"),
    families: &[
        access_keys::OPERATIONS,
        attachments::OPERATIONS,
        groups::OPERATIONS,
        inline_policies::OPERATIONS,
        oidc_providers::OPERATIONS,
        policies::OPERATIONS,
        roles::OPERATIONS,
        users::OPERATIONS,
    ],
};

/// A user, role or group does not exist.
pub(super) fn absent(name: &IdentityName) -> Failure {
    let (kind, name) = (name.kind().word(), name.as_str());
    let message = format!("The {kind} with name {name} cannot be found.");
    Failure::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}
