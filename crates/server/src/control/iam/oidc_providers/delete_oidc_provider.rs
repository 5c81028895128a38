//! `DeleteOpenIDConnectProvider`; one that is not there is no error.

use super::arn as provider_arn;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome, invalid_input};

pub(super) const NAME: &str = "DeleteOpenIDConnectProvider";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
