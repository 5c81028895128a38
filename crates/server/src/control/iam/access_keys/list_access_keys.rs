//! `ListAccessKeys`: without their secrets; two at most, one page.

use super::word;
use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::iam::{absent, read};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::IdentityName;

pub(super) const NAME: &str = "ListAccessKeys";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let user = read::user_or_self(call)?;
    let name = IdentityName::User(user);
    let found = control.store.identity(&name).await?.ok_or_else(|| absent(&name))?;
    let keys = control.store.access_keys_of(&found.name).await?;
    let items = keys.iter().map(|key| {
        Element::new()
            .text("UserName", &key.user)
            .text("AccessKeyId", &key.id)
            .text("Status", word(key.status))
            .time("CreateDate", key.created)
    });
    Ok(end(Element::new().list("AccessKeyMetadata", items), None))
}
