//! Identity and Access Management: users, roles, their policies and keys.

use super::query::Offer;

/// What is offered.
pub(crate) const OFFER: Offer =
    Offer { version: "2010-05-08", known: include_str!("known_operations.txt"), families: &[] };
