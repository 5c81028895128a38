//! `DeleteOpenIDConnectProvider`; one that is not there is no error.

use super::url;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeleteOpenIDConnectProvider";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let found = url(control, &call.form)?;
    control.store.delete_oidc_provider(found).await?;
    Ok(Element::nothing())
}
