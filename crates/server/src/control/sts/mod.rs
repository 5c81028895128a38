//! Security Token Service: who a caller is, and temporary credentials.

mod assume_role;
mod get_access_key_info;
mod get_caller_identity;
mod get_session_token;
mod role_session;

use super::query::{Element, Offer, Operation, query_operation};
use crate::session_token::Temporary;

/// What is offered.
pub(crate) const OFFER: Offer = Offer {
    version: "2011-06-15",
    known: include_str!("known_operations.txt"),
    families: &[OPERATIONS],
};

const OPERATIONS: &[Operation] = &[
    query_operation!(assume_role),
    query_operation!(get_access_key_info),
    query_operation!(get_caller_identity),
    query_operation!(get_session_token),
];

/// `Credentials`.
fn credentials(made: &Temporary) -> Element {
    Element::new()
        .text("AccessKeyId", &made.access_key_id)
        .text("SecretAccessKey", &made.secret)
        .text("SessionToken", &made.token)
        .time("Expiration", made.expires)
}
