//! `GetAccessKeyInfo`: the account of an access key.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome, invalid};

pub(super) const NAME: &str = "GetAccessKeyInfo";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.form.required("AccessKeyId")?;
    if control.store.access_key(id).await?.is_none() {
        return Err(invalid("The specified access key ID is not one of this account."));
    }
    Ok(Element::new().text("Account", control.home.account.as_str()))
}
