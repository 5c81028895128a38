//! Identity and Access Management: users, roles, groups, their policies and keys.

mod absent;
mod access_keys;
mod groups;
mod identities;
mod inline_policies;
mod lint;
mod oidc_providers;
mod page;
mod policies;
mod policy_attachments;
mod policy_list;
mod read;
mod resources;
mod roles;
mod shape;
mod tagging;
mod users;

use super::query::Offer;

/// What is offered.
pub(crate) const OFFER: Offer = Offer {
    version: "2010-05-08",
    known: include_str!("known_operations.txt"),
    families: &[
        absent::OPERATIONS,
        access_keys::OPERATIONS,
        groups::OPERATIONS,
        identities::OPERATIONS,
        inline_policies::OPERATIONS,
        oidc_providers::OPERATIONS,
        policies::OPERATIONS,
        policy_attachments::OPERATIONS,
        policy_list::OPERATIONS,
        roles::OPERATIONS,
        tagging::OPERATIONS,
        users::OPERATIONS,
    ],
};
