//! Security Token Service: who a caller is, and temporary credentials.

mod assume_role;
mod assume_role_with_web_identity;
mod identity;
mod role_session;
mod trust;

pub(super) use assume_role_with_web_identity::{
    NAME as WITH_WEB_IDENTITY, Proven as WebIdentityProven,
};
use fleetwright_access::session_token::TemporaryCredentials;
use http::Method;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::query::{Element, Offer};
use super::service::is_form;

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
    families: &[
        assume_role::OPERATIONS,
        assume_role_with_web_identity::OPERATIONS,
        identity::OPERATIONS,
    ],
};

/// `Credentials`.
fn credentials(made: &TemporaryCredentials) -> Element {
    Element::new()
        .text("AccessKeyId", &made.access_key_id)
        .text("SecretAccessKey", &made.secret)
        .text("SessionToken", &made.token)
        .time("Expiration", made.expires)
}
