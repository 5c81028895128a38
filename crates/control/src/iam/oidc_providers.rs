//! OpenID Connect providers.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits;
use fleetwright_store::{OidcChange, OidcProvider, Tagged};

use crate::Control;
use crate::authorize::provider_arn;
use crate::error::ApiError;
use crate::iam::shape;
use crate::operation::operation;
use crate::query::{Call, Element, Form, Operation, Outcome, invalid, invalid_input};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateOpenIDConnectProvider", create_oidc_provider),
    operation!("GetOpenIDConnectProvider", get_oidc_provider),
    operation!("ListOpenIDConnectProviders", list_oidc_providers),
    operation!("DeleteOpenIDConnectProvider", delete_oidc_provider),
    operation!("AddClientIDToOpenIDConnectProvider", add_client_id),
    operation!("RemoveClientIDFromOpenIDConnectProvider", remove_client_id),
    operation!("UpdateOpenIDConnectProviderThumbprint", update_thumbprints),
];

/// Characters of a client id. AWS: shape `clientIDType`.
const CLIENT_ID_CHARS: std::ops::RangeInclusive<usize> = 1..=255;

/// `CreateOpenIDConnectProvider`: an issuer whose tokens roles may trust.
async fn create_oidc_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let url =
        form.text("Url", 1..=255)?.ok_or_else(|| invalid("The parameter 'Url' is required."))?;
    let Some((scheme, rest)) = url.split_once("://").filter(|_| is_issuer(url)) else {
        return Err(invalid(
            "The Url must begin with https:// (http:// on loopback) and have no query.",
        ));
    };
    let client_ids = form.list("ClientIDList", limits::OIDC_CLIENT_IDS)?;
    let client_ids = client_ids.into_iter().map(str::to_owned).collect();
    let thumbprints = thumbprints(form)?;
    let url = rest.trim_end_matches('/').to_owned();
    let arn = provider_arn(control, &url);
    let created = control.now();
    let new = OidcProvider { url, scheme: scheme.to_owned(), client_ids, thumbprints, created };
    let tags = form.tags()?;
    control.store.create_oidc_provider(new, tags.clone()).await?;
    let made = Element::new().text("OpenIDConnectProviderArn", &arn);
    Ok(shape::with_tags(made, &tags))
}

/// `GetOpenIDConnectProvider`.
async fn get_oidc_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = call.provider()?;
    let tags = control.store.tags(&Tagged::OidcProvider(found.clone())).await?;
    let provider = Element::new()
        .text("Url", &found.url)
        .texts("ClientIDList", found.client_ids.iter().map(String::as_str))
        .texts("ThumbprintList", found.thumbprints.iter().map(String::as_str))
        .time("CreateDate", found.created);
    Ok(shape::with_tags(provider, &tags))
}

/// `ListOpenIDConnectProviders`: all of them.
async fn list_oidc_providers(control: &Control, _call: &Authorized<Call>) -> Outcome {
    let found = control.store.oidc_providers().await?;
    let items =
        found.iter().map(|found| Element::new().text("Arn", &provider_arn(control, &found.url)));
    Ok(Element::new().list("OpenIDConnectProviderList", items))
}

/// `DeleteOpenIDConnectProvider`; one that does not exist is no error.
async fn delete_oidc_provider(control: &Control, call: &Authorized<Call>) -> Outcome {
    let arn = call.form.required("OpenIDConnectProviderArn")?;
    if !arn.starts_with(&provider_arn(control, "")) {
        let wanted = provider_arn(control, "HOST/PATH");
        return Err(invalid_input(format!(
            "The ARN is not one of a provider of this account: use {wanted}."
        )));
    }
    if let Ok(found) = call.provider() {
        control.store.delete_oidc_provider(found.url.clone()).await?;
    }
    Ok(Element::nothing())
}

/// `AddClientIDToOpenIDConnectProvider`; one that is there already is no error.
async fn add_client_id(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = client_id(&call.form)?;
    change(control, call, OidcChange::AddClientId(id)).await
}

/// `RemoveClientIDFromOpenIDConnectProvider`; one that is not there is no error.
async fn remove_client_id(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = client_id(&call.form)?;
    change(control, call, OidcChange::RemoveClientId(id)).await
}

/// `UpdateOpenIDConnectProviderThumbprint`: other thumbprints, one at least.
async fn update_thumbprints(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thumbprints = thumbprints(&call.form)?;
    if thumbprints.is_empty() {
        return Err(invalid("The parameter 'ThumbprintList' must have a member."));
    }
    change(control, call, OidcChange::Thumbprints(thumbprints)).await
}

async fn change(control: &Control, call: &Authorized<Call>, change: OidcChange) -> Outcome {
    control.store.change_oidc_provider(call.provider()?.url.clone(), change).await?;
    Ok(Element::nothing())
}

/// `ClientID`.
fn client_id(form: &Form) -> Result<String, ApiError> {
    form.required("ClientID")?;
    Ok(form.text("ClientID", CLIENT_ID_CHARS)?.unwrap_or_default().to_owned())
}

/// `ThumbprintList`: SHA-1 of certificates, in hexadecimal.
fn thumbprints(form: &Form) -> Result<Vec<String>, ApiError> {
    let list = form.list("ThumbprintList", limits::OIDC_THUMBPRINTS)?;
    let fits = |text: &&str| {
        text.len() == limits::OIDC_THUMBPRINT_CHARS && text.bytes().all(|c| c.is_ascii_hexdigit())
    };
    match list.iter().all(fits) {
        true => Ok(list.into_iter().map(str::to_owned).collect()),
        false => Err(invalid(format!(
            "A thumbprint has {} hexadecimal digits: the SHA-1 of a certificate.",
            limits::OIDC_THUMBPRINT_CHARS
        ))),
    }
}

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
