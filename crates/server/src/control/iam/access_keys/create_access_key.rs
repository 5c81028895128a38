//! `CreateAccessKey`: the secret is shown once.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use crate::credentials::{fresh_id, fresh_secret, sealed_key};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::UserName;

pub(super) const NAME: &str = "CreateAccessKey";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let found = call.user_or_self()?;
    let user = UserName::parse(&found.name).map_err(Refusal::internal)?;
    let (id, secret, now) = (fresh_id("AKIA")?, fresh_secret()?, (control.clock)());
    let key = sealed_key(&control.sealing, id, &secret, &user, now).map_err(Refusal::internal)?;
    control.store.create_access_key(found.clone(), key.clone()).await?;
    let key = Element::new()
        .text("UserName", user.as_str())
        .text("AccessKeyId", &key.id)
        .text("Status", "Active")
        .text("SecretAccessKey", &secret)
        .time("CreateDate", now);
    Ok(Element::new().nested("AccessKey", key))
}
