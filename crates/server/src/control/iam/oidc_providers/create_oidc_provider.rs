//! `CreateOpenIDConnectProvider`: an issuer whose tokens roles may trust.

use super::{arn, is_issuer};
use crate::control::Control;
use crate::control::query::invalid;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::OidcProvider;

pub(super) const NAME: &str = "CreateOpenIDConnectProvider";

/// Client ids, or thumbprints, of a provider. AWS: IAM quotas.
const LIST_MAX: usize = 100;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let url =
        form.text("Url", 1..=255)?.ok_or_else(|| invalid("The parameter 'Url' is required."))?;
    let Some((scheme, rest)) = url.split_once("://").filter(|_| is_issuer(url)) else {
        return Err(invalid(
            "The Url must begin with https:// (http:// on loopback) and have no query.",
        ));
    };
    let texts =
        |name| form.list(name, LIST_MAX).map(|list| list.into_iter().map(str::to_owned).collect());
    let (client_ids, thumbprints): (Vec<String>, _) =
        (texts("ClientIDList")?, texts("ThumbprintList")?);
    let url = rest.trim_end_matches('/').to_owned();
    let arn = arn(control, &url);
    let created = (control.clock)();
    let new = OidcProvider { url, scheme: scheme.to_owned(), client_ids, thumbprints, created };
    control.store.create_oidc_provider(new, form.tags()?).await?;
    Ok(Element::new().text("OpenIDConnectProviderArn", &arn))
}
