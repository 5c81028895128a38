//! Security Token Service: who a caller is, and temporary credentials.

mod get_caller_identity;

use super::query::{Offer, Operation, query_operation};

/// What is offered.
pub(crate) const OFFER: Offer = Offer {
    version: "2011-06-15",
    known: include_str!("known_operations.txt"),
    families: &[OPERATIONS],
};

const OPERATIONS: &[Operation] = &[query_operation!(get_caller_identity)];
