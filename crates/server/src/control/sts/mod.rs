//! Security Token Service: who a caller is, and temporary credentials.

mod assume_role;
mod assume_role_with_web_identity;
mod get_access_key_info;
mod get_caller_identity;
mod get_session_token;
mod role_session;
mod trust;

use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::query::{Element, Offer, Operation, query_operation};
use super::service::is_form;
use crate::session_token::Temporary;
pub(super) use assume_role_with_web_identity::{
    NAME as WITH_WEB_IDENTITY, Proven as WebIdentityProven,
};

/// Bytes of an unsigned request: a token, a session policy and its ARNs, encoded. (ours)
pub(super) const UNSIGNED_BODY_BYTES: usize = 128 * 1024;

/// Whether a request is a form without any signature: one of the operations of STS that need none,
/// or nothing.
pub(super) fn is_unsigned(parts: &Parts) -> bool {
    parts.method == Method::POST
        && parts.uri.path() == "/"
        && parts.uri.query().is_none()
        && !parts.headers.contains_key(AUTHORIZATION)
        && is_form(parts)
}

/// What is offered.
pub(crate) const OFFER: Offer = Offer {
    version: "2011-06-15",
    known: include_str!("known_operations.txt"),
    families: &[OPERATIONS],
};

const OPERATIONS: &[Operation] = &[
    query_operation!(assume_role),
    query_operation!(assume_role_with_web_identity),
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
