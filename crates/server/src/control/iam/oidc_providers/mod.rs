//! OpenID Connect providers.

mod create_oidc_provider;
mod delete_oidc_provider;
mod get_oidc_provider;
mod list_oidc_providers;

use fleetwright_store::OidcProvider;
use http::StatusCode;

use crate::control::Control;
use crate::control::error::Failure;
use crate::control::query::{Form, Operation, invalid_input, query_operation};

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
fn arn(control: &Control, url: &str) -> String {
    format!("arn:aws:iam::{}:oidc-provider/{url}", control.home.account)
}

/// `OpenIDConnectProviderArn`, as a URL without its scheme.
fn url(control: &Control, form: &Form) -> Result<String, Failure> {
    let sent = form.required("OpenIDConnectProviderArn")?;
    let url = sent.strip_prefix(&arn(control, "")).filter(|url| !url.is_empty());
    url.map(str::to_owned).ok_or_else(|| {
        let wanted = arn(control, "HOST/PATH");
        invalid_input(format!("The ARN is not one of a provider of this account: use {wanted}."))
    })
}

async fn find(control: &Control, form: &Form) -> Result<OidcProvider, Failure> {
    let url = url(control, form)?;
    control.store.oidc_provider(&url).await?.ok_or_else(|| {
        let message = format!("OpenIDConnect Provider not found for arn {}", arn(control, &url));
        Failure::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
    })
}
