//! `ListOpenIDConnectProviders`: all of them.

use super::arn;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "ListOpenIDConnectProviders";

pub(super) async fn run(control: &Control, _call: &Call) -> Outcome {
    let found = control.store.oidc_providers().await?;
    let items = found.iter().map(|found| Element::new().text("Arn", &arn(control, &found.url)));
    Ok(Element::new().list("OpenIDConnectProviderList", items))
}
