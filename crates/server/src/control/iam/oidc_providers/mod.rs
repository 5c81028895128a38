//! OpenID Connect providers.

mod create_oidc_provider;
mod delete_oidc_provider;
mod get_oidc_provider;
mod list_oidc_providers;

use crate::control::Control;
use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(create_oidc_provider),
    query_operation!(delete_oidc_provider),
    query_operation!(get_oidc_provider),
    query_operation!(list_oidc_providers),
];

/// Whether a URL can be an issuer: https, or http on loopback, without query and fragment.
fn is_issuer(url: &str) -> bool {
    let plain = !url.contains(['?', '#', '@', ' ']) && url.is_ascii();
    let host = |rest: &str| rest.split(['/', ':']).next().is_some_and(|host| !host.is_empty());
    plain
        && match url.split_once("://") {
            Some(("https", rest)) => host(rest),
            Some(("http", rest)) => {
                matches!(rest.split(['/', ':']).next(), Some("localhost" | "127.0.0.1"))
            }
            _ => false,
        }
}

/// The ARN of a provider.
pub(in crate::control) fn arn(control: &Control, url: &str) -> String {
    format!("arn:aws:iam::{}:oidc-provider/{url}", control.home.account)
}
