//! `UpdateAccessKey`: whether it signs.

use super::of_user;
use crate::control::Control;
use crate::control::query::invalid;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::AccessKeyStatus;

pub(super) const NAME: &str = "UpdateAccessKey";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let mut key = of_user(control, call).await?;
    key.status = match call.form.required("Status")? {
        "Active" => AccessKeyStatus::Active,
        "Inactive" => AccessKeyStatus::Inactive,
        _ => return Err(invalid("The parameter 'Status' must be Active or Inactive.")),
    };
    control.store.put_access_key(key).await?;
    Ok(Element::nothing())
}
